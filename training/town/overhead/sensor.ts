// The overhead sensor of a world: its response to colour, its air, its sharpness, its resolution, its strips.

import { sharp } from 'skyfix/imaging';
import { hash3, makeRng, type Rng } from 'skyfix/random';

/** What a world's imagery was taken and kept with. */
export interface OverheadSensor {
  /** Factor of each channel. */
  readonly gains: readonly [number, number, number];
  /** Light of the air in each channel, grey levels added to black. */
  readonly haze: readonly [number, number, number];
  /** Exponent of the response, 1 linear in grey levels; above 1 dark. */
  readonly gamma: number;
  /** Slope around middle grey. */
  readonly contrast: number;
  /** 0 grey … 1 as it is … above. */
  readonly saturation: number;
  /** Standard deviation of the blur, metres on the ground. */
  readonly blurM: number;
  /** Strength of the edges' overshoot that a sharpening leaves, 0 none. */
  readonly sharpening: number;
  /** Standard deviation of the pixels' noise, grey levels. */
  readonly noise: number;
  /** Ground resolution of the file, metres a pixel; never finer than the scene. */
  readonly pixelM: number;
  readonly jpegQuality: number;
  /** Widths of the flight strips and how much their brightness and tint differ (standard deviations of logarithms). */
  readonly strips: {
    readonly widthM: number;
    readonly angleDeg: number;
    readonly brightness: number;
    readonly tint: number;
  };
}

/** A picture with its resolution. */
export interface GroundPicture {
  readonly sizePx: number;
  readonly pixelM: number;
  /** [sizePx*sizePx*3] RGB, row 0 northernmost. */
  readonly data: Uint8Array;
}

/** What the sensor makes of a square of sideM metres, [n*n*3]. */
export async function sense(
  image: Uint8Array,
  n: number,
  sideM: number,
  sensor: OverheadSensor,
  seed: number,
): Promise<GroundPicture> {
  const raw = { raw: { width: n, height: n, channels: 3 as const } };
  const blurPx = (sensor.blurM * n) / sideM;
  let optics = sharp(image, raw);
  if (blurPx >= 0.3) optics = optics.blur(blurPx);
  if (sensor.sharpening > 0)
    optics = optics.sharpen({ sigma: 0.8 + blurPx / 2, m1: sensor.sharpening, m2: sensor.sharpening * 2 });
  const blurred = await optics.raw().toBuffer();
  const coloured = respond(blurred, n, sideM, sensor, seed);
  const sizePx = Math.round((n * (sideM / n)) / sensor.pixelM);
  if (sizePx >= n) return { sizePx: n, pixelM: sideM / n, data: coloured };
  const small = await sharp(coloured, raw).resize(sizePx, sizePx, { kernel: 'cubic' }).raw().toBuffer();
  return { sizePx, pixelM: sideM / sizePx, data: new Uint8Array(small) };
}

/** Colour of every pixel: strip, saturation, gains, gamma, contrast, haze, noise. */
function respond(
  image: Uint8Array,
  n: number,
  sideM: number,
  sensor: OverheadSensor,
  seed: number,
): Uint8Array {
  const out = new Uint8Array(image.length);
  const strips = drawStrips(sensor, sideM, makeRng(seed, 71));
  const { saturation } = sensor;
  const angle = (sensor.strips.angleDeg * Math.PI) / 180;
  const cos = Math.cos(angle) / sensor.strips.widthM;
  const sin = Math.sin(angle) / sensor.strips.widthM;
  const metre = sideM / n;
  for (let y = 0; y < n; y++) {
    for (let x = 0; x < n; x++) {
      const at = (y * n + x) * 3;
      const place = (x * cos + y * sin) * metre + strips.count / 2;
      const curves = strips.curves[Math.floor(place) % strips.count] as readonly Uint8Array[];
      const r = image[at] as number;
      const g = image[at + 1] as number;
      const b = image[at + 2] as number;
      const grey = 0.3 * r + 0.59 * g + 0.11 * b;
      const noise = sensor.noise * 3.46 * (hash3(x, y, seed) - 0.5);
      out[at] = clip(((curves[0] as Uint8Array)[clip(grey + (r - grey) * saturation) | 0] as number) + noise);
      out[at + 1] = clip(
        ((curves[1] as Uint8Array)[clip(grey + (g - grey) * saturation) | 0] as number) + noise,
      );
      out[at + 2] = clip(
        ((curves[2] as Uint8Array)[clip(grey + (b - grey) * saturation) | 0] as number) + noise,
      );
    }
  }
  return out;
}

/** Response curves of each strip, one a channel: grey level to grey level. */
function drawStrips(sensor: OverheadSensor, sideM: number, rng: Rng) {
  const count = 2 * (Math.ceil((sideM * 1.5) / sensor.strips.widthM) + 2);
  const curves = Array.from({ length: count }, () => {
    const brightness = Math.exp(rng.normal() * sensor.strips.brightness);
    return sensor.gains.map((gain, c) => {
      const own = gain * brightness * Math.exp(rng.normal() * sensor.strips.tint);
      return Uint8Array.from({ length: 256 }, (_, value) => {
        const t = ((value * own) / 255) ** sensor.gamma;
        const curved = 0.5 + (t - 0.5) * sensor.contrast;
        const haze = sensor.haze[c] as number;
        return Math.round(Math.min(Math.max(haze + (255 - haze) * curved, 0), 255));
      });
    });
  });
  return { count, curves };
}

const clip = (value: number): number => (value < 0 ? 0 : Math.min(value, 255));
