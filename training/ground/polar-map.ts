// Images in polar coordinates: a row a distance or an angle below the horizon, a column an azimuth.
import type { RgbImage } from 'skyfix/geometry';

/** Columns of a map as it is made, 2 degrees each; column k is about the azimuth of 2k + 1 degrees. */
const AZIMUTHS = 180;
/** Luminance, red against green, yellow against blue. */
const CHANNELS = 3;
/** Differences of less than so many grey levels are as good as none. */
const NOISE_LEVELS = 6;
/** In deviations: one bright spot must not decide over its row. */
const LARGEST = 2.5;

/** [channels, rows, columns]; each row of mean 0 over what it shows, and 0 where nothing is seen. */
export interface PolarMap {
  readonly channels: number;
  readonly rows: number;
  readonly columns: number;
  readonly data: Float32Array;
  /** [rows]: 1 for a row of which anything is seen. */
  readonly seen: Uint8Array;
}

/** Edge coordinates in an image: pixel centres at +1/2. */
interface Point {
  u: number;
  v: number;
}

/**
 * Averages samples over cells and brings each row to mean 0 and, unless it is plain, to a deviation of about 1. `place` says
 * where a row (between whole numbers too) at an azimuth, radians clockwise from north, lies in the image.
 */
export function polarMap(
  rows: number,
  source: { readonly image: RgbImage; readonly wraps: boolean },
  samples: { readonly rows: number; readonly columns: number },
  place: (row: number, azimuth: number, at: Point) => void,
): PolarMap {
  const data = new Float32Array(CHANNELS * rows * AZIMUTHS);
  const known = new Uint8Array(AZIMUTHS);
  const seen = new Uint8Array(rows);
  const colour = new Float64Array(3);
  const at: Point = { u: 0, v: 0 };
  const all = samples.rows * samples.columns;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < AZIMUTHS; column++) {
      let [red, green, blue, count] = [0, 0, 0, 0];
      for (let i = 0; i < samples.rows; i++) {
        for (let j = 0; j < samples.columns; j++) {
          const azimuth = ((column + (j + 0.5) / samples.columns) * 2 * Math.PI) / AZIMUTHS;
          place(row + (i + 0.5) / samples.rows - 0.5, azimuth, at);
          if (!sampleInto(colour, source.image, at, source.wraps)) continue;
          red += colour[0] as number;
          green += colour[1] as number;
          blue += colour[2] as number;
          count++;
        }
      }
      known[column] = 2 * count >= all ? 1 : 0;
      if (!known[column]) continue;
      const cell = row * AZIMUTHS + column;
      data[cell] = (red + green + blue) / (3 * count);
      data[cell + rows * AZIMUTHS] = (red - green) / count;
      data[cell + 2 * rows * AZIMUTHS] = ((red + green) / 2 - blue) / count;
    }
    seen[row] = known.includes(1) ? 1 : 0;
    for (let c = 0; c < CHANNELS; c++) {
      const start = (c * rows + row) * AZIMUTHS;
      normalise(data.subarray(start, start + AZIMUTHS), known);
    }
  }
  return { channels: CHANNELS, rows, columns: AZIMUTHS, data, seen };
}

/** The same with `factor` columns averaged to one. */
export function withFewerColumns({ columns, data, ...rest }: PolarMap, factor: number): PolarMap {
  const out = new Float32Array(data.length / factor);
  for (let k = 0; k < out.length; k++) {
    let sum = 0;
    for (let j = 0; j < factor; j++) sum += data[k * factor + j] as number;
    out[k] = sum / factor;
  }
  return { ...rest, columns: columns / factor, data: out };
}

/** Bilinear; false outside of the image. */
function sampleInto(out: Float64Array, image: RgbImage, { u, v }: Point, wraps: boolean): boolean {
  const { data, widthPx, heightPx } = image;
  if (v < 0 || v > heightPx || (!wraps && (u < 0 || u > widthPx))) return false;
  const y = Math.min(heightPx - 1, Math.max(0, v - 0.5));
  const x = wraps ? u - 0.5 : Math.min(widthPx - 1, Math.max(0, u - 0.5));
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [fx, fy] = [x - left, y - top];
  const a = (left + widthPx) % widthPx;
  const b = wraps ? (left + 1 + widthPx) % widthPx : Math.min(widthPx - 1, left + 1);
  const [first, second] = [top * widthPx, Math.min(heightPx - 1, top + 1) * widthPx];
  for (let c = 0; c < 3; c++) {
    const upper =
      (data[(first + a) * 3 + c] as number) * (1 - fx) + (data[(first + b) * 3 + c] as number) * fx;
    const lower =
      (data[(second + a) * 3 + c] as number) * (1 - fx) + (data[(second + b) * 3 + c] as number) * fx;
    out[c] = upper * (1 - fy) + lower * fy;
  }
  return true;
}

function normalise(values: Float32Array, known: Uint8Array): void {
  let [sum, squares, count] = [0, 0, 0];
  for (let k = 0; k < values.length; k++) {
    if (!known[k]) continue;
    const value = values[k] as number;
    sum += value;
    squares += value * value;
    count++;
  }
  if (count === 0) return;
  const mean = sum / count;
  const scale = Math.sqrt(Math.max(0, squares / count - mean * mean) + NOISE_LEVELS ** 2);
  for (let k = 0; k < values.length; k++) {
    if (known[k]) values[k] = Math.max(-LARGEST, Math.min(LARGEST, ((values[k] as number) - mean) / scale));
  }
}
