// Pictures as other sensors would have taken them: what makes a head look at the ground instead of at one camera's colours.
import type { RgbImage } from 'skyfix/geometry';
import { sharp } from 'skyfix/imaging';
import type { Rng } from 'skyfix/random';

/** One overhead sensor with its processing. */
export interface OverheadSensor {
  readonly gamma: number;
  /** Of red, green and blue. */
  readonly gains: readonly [number, number, number];
  /** 0: grey, 1: as it is. */
  readonly saturation: number;
  /** Standard deviation of the blur, pixels; 0: none. */
  readonly blurPx: number;
  /** Of the JPEG that it is stored as, 1 to 100. */
  readonly jpegQuality: number;
}

/** A sensor whose colours, sharpness and compression lie in the range of aerial and satellite imagery in use. */
export function randomSensor(rng: Rng): OverheadSensor {
  const gain = () => 2 ** rng.range(-0.35, 0.35);
  return {
    gamma: 2 ** rng.range(-0.6, 0.6),
    gains: [gain(), gain(), gain()],
    saturation: rng.range(0.4, 1.4),
    blurPx: rng.chance(0.5) ? rng.range(0.4, 1.6) : 0,
    jpegQuality: rng.int(35, 95),
  };
}

/** The picture as the sensor gives it. What was exactly black, and so not seen, stays so. */
export async function throughSensor(image: RgbImage, sensor: OverheadSensor): Promise<RgbImage> {
  const { widthPx, heightPx, data } = image;
  const coloured = coloursOf(data, sensor);
  let pipeline = sharp(coloured, { raw: { width: widthPx, height: heightPx, channels: 3 } });
  if (sensor.blurPx >= 0.3) pipeline = pipeline.blur(sensor.blurPx);
  const jpeg = await pipeline.jpeg({ quality: sensor.jpegQuality }).toBuffer();
  const decoded = new Uint8Array(await sharp(jpeg).removeAlpha().raw().toBuffer());
  for (let k = 0; k < data.length; k += 3) {
    const black = data[k] === 0 && data[k + 1] === 0 && data[k + 2] === 0;
    if (black) decoded.fill(0, k, k + 3);
    else if (decoded[k] === 0 && decoded[k + 1] === 0 && decoded[k + 2] === 0) decoded.fill(1, k, k + 3);
  }
  return { widthPx, heightPx, data: decoded };
}

function coloursOf(data: Uint8Array, { gamma, gains, saturation }: OverheadSensor): Uint8Array {
  const curves = gains.map((gain) =>
    Float32Array.from({ length: 256 }, (_, value) => 255 * Math.min(1, gain * (value / 255) ** gamma)),
  ) as unknown as readonly [Float32Array, Float32Array, Float32Array];
  const out = new Uint8ClampedArray(data.length);
  for (let k = 0; k < data.length; k += 3) {
    const r = curves[0][data[k] as number] as number;
    const g = curves[1][data[k + 1] as number] as number;
    const b = curves[2][data[k + 2] as number] as number;
    const grey = 0.299 * r + 0.587 * g + 0.114 * b;
    out[k] = grey + (r - grey) * saturation;
    out[k + 1] = grey + (g - grey) * saturation;
    out[k + 2] = grey + (b - grey) * saturation;
  }
  return new Uint8Array(out.buffer);
}

/** A picture around the camera whose middle was not seen: a disc of radiusPx is black, as below a tripod or a masked car. */
export function withNadirHole({ widthPx, heightPx, data }: RgbImage, radiusPx: number): RgbImage {
  const out = Uint8Array.from(data);
  const [cx, cy] = [(widthPx - 1) / 2, (heightPx - 1) / 2];
  for (let row = 0; row < heightPx; row++) {
    for (let column = 0; column < widthPx; column++) {
      if ((row - cy) ** 2 + (column - cx) ** 2 > radiusPx ** 2) continue;
      const k = (row * widthPx + column) * 3;
      out.fill(0, k, k + 3);
    }
  }
  return { widthPx, heightPx, data: out };
}
