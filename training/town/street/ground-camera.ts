// The ground camera of a world: its exposure, colours, lens, what hides the ground below it, and how it keeps a panorama.
import { sharp } from 'skyfix/imaging';
import { hash3 } from 'skyfix/random';

/** What stands between the camera and the ground below it. */
export type Nadir =
  | { readonly kind: 'clear' }
  /** A black or blurred cap, as stitched panoramas have below the tripod; from so many degrees below the horizon. */
  | { readonly kind: 'black'; readonly belowDeg: number }
  | { readonly kind: 'smeared' | 'disc'; readonly belowDeg: number }
  /** The roof of the car that carries the camera, so far below it. */
  | { readonly kind: 'car'; readonly aboveRoofM: number; readonly rgb: readonly [number, number, number] };

/** What a panorama was taken with. Gains are factors, `gamma` an exponent of the response. */
export interface GroundCamera {
  readonly gains: readonly [number, number, number];
  readonly gamma: number;
  /** Strength of the curve that darkens shadows and brightens lights, 0 none. */
  readonly contrast: number;
  readonly saturation: number;
  /** How much darker the rows far from the horizon are, 0 none. */
  readonly vignetting: number;
  /** How far the camera's exposure follows the mean of the picture, 0 fixed … 1 always middle grey. */
  readonly autoExposure: number;
  /** Standard deviation of the blur, pixels. */
  readonly blurPx: number;
  /** Standard deviation of the pixels' noise, grey levels. */
  readonly noise: number;
  readonly nadir: Nadir;
}

/** Grey level that automatic exposure aims for. */
const AIM = 122;

/** What the camera makes of a rendered view, [width/2*width*3]. */
export async function expose(
  view: Uint8Array,
  width: number,
  camera: GroundCamera,
  seed: number,
): Promise<Uint8Array> {
  const rows = width / 2;
  const seen = camera.blurPx < 0.3 ? view : await blur(view, width, camera.blurPx);
  coverNadir(seen, width, camera.nadir, seed);
  const mean = meanOf(seen);
  const auto = (AIM / Math.max(mean, 10)) ** camera.autoExposure;
  const curves = camera.gains.map((gain) =>
    Float32Array.from({ length: 256 }, (_, value) => {
      const t = Math.min((value * gain * auto) / 255, 1.6) ** camera.gamma;
      const curved = t + camera.contrast * (t - 0.45) * t * (1 - Math.min(t, 1)) * 2;
      // Lights roll off instead of ending at once.
      return 255 * (curved > 0.8 ? 0.8 + 0.2 * Math.tanh((curved - 0.8) / 0.2) : curved);
    }),
  );
  const [red, green, blue] = curves as [Float32Array, Float32Array, Float32Array];
  const out = new Uint8Array(seen.length);
  const { saturation } = camera;
  for (let v = 0; v < rows; v++) {
    const off = Math.abs((v + 0.5) / rows - 0.5) * 2;
    const lens = 1 - camera.vignetting * off * off;
    for (let u = 0; u < width; u++) {
      const at = (v * width + u) * 3;
      const r = red[seen[at] as number] as number;
      const g = green[seen[at + 1] as number] as number;
      const b = blue[seen[at + 2] as number] as number;
      const grey = 0.3 * r + 0.59 * g + 0.11 * b;
      const noise = camera.noise * 3.46 * (hash3(u, v, seed) - 0.5);
      out[at] = clip((grey + (r - grey) * saturation) * lens + noise);
      out[at + 1] = clip((grey + (g - grey) * saturation) * lens + noise);
      out[at + 2] = clip((grey + (b - grey) * saturation) * lens + noise);
    }
  }
  if (camera.nadir.kind === 'black') blacken(out, width, camera.nadir.belowDeg);
  return out;
}

async function blur(view: Uint8Array, width: number, sigma: number): Promise<Uint8Array> {
  const source = { raw: { width, height: width / 2, channels: 3 as const } };
  return new Uint8Array(await sharp(view, source).blur(sigma).raw().toBuffer());
}

function meanOf(pixels: Uint8Array): number {
  let sum = 0;
  let count = 0;
  for (let k = 0; k < pixels.length; k += 37) {
    sum += pixels[k] as number;
    count++;
  }
  return sum / count;
}

/** First row whose middle is below a depression. */
const rowBelow = (rows: number, belowDeg: number): number =>
  Math.max(0, Math.ceil(rows * (0.5 + belowDeg / 180) - 0.5));

function blacken(pixels: Uint8Array, width: number, belowDeg: number): void {
  pixels.fill(0, rowBelow(width / 2, belowDeg) * width * 3);
}

/** Draws what hides the ground into the view, in place; a black cap comes after the exposure. */
function coverNadir(view: Uint8Array, width: number, nadir: Nadir, seed: number): void {
  const rows = width / 2;
  if (nadir.kind === 'clear' || nadir.kind === 'black') return;
  if (nadir.kind !== 'car') {
    const first = Math.min(rowBelow(rows, nadir.belowDeg), rows - 1);
    for (let v = first; v < rows; v++) {
      for (let u = 0; u < width; u++) {
        const at = (v * width + u) * 3;
        const from = (first * width + u) * 3;
        for (let c = 0; c < 3; c++)
          view[at + c] = nadir.kind === 'disc' ? 205 - 20 * c : (view[from + c] as number);
      }
    }
    return;
  }
  for (let u = 0; u < width; u++) {
    const ahead = Math.cos(((u + 0.5) / width - 0.5) * 2 * Math.PI);
    const beside = Math.sin(((u + 0.5) / width - 0.5) * 2 * Math.PI);
    // A roof of 1.5 m by 2.8 m with round corners.
    const reachM = ((ahead / 1.4) ** 4 + (beside / 0.75) ** 4) ** -0.25;
    const edge = (Math.atan2(nadir.aboveRoofM, reachM) * 180) / Math.PI;
    for (let v = rowBelow(rows, edge); v < rows; v++) {
      const at = (v * width + u) * 3;
      const depth = (v / rows - 0.5) * 180 - edge;
      const shine =
        0.55 + 0.5 * Math.exp(-depth / 6) + 0.08 * hash3(u >> 3, v >> 2, seed) - (depth < 1.5 ? 0.4 : 0);
      for (let c = 0; c < 3; c++) view[at + c] = clip((nadir.rgb[c] as number) * shine);
    }
  }
}

const clip = (value: number): number => (value < 0 ? 0 : Math.min(value, 255));
