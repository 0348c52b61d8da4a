// What a tile looks like in numbers: means, dark and green shares, and how its variance spreads over lengths.
import type { RgbImage } from 'skyfix/geometry';
import { bandPower } from './spectrum.js';

export interface TileStatistics {
  readonly rgb: readonly [number, number, number];
  readonly luminance: number;
  /** Share of pixels whose brightest channel is under a fifth. */
  readonly dark: number;
  /** Share of pixels that are more green than anything else. */
  readonly green: number;
  /** Variance of the luminance: all, in waves of 30 to 60 m, and in waves under 2 m. */
  readonly variance: number;
  readonly coarse: number;
  readonly fine: number;
}

export function luminanceOf(r: number, g: number, b: number): number {
  return 0.299 * r + 0.587 * g + 0.114 * b;
}

/** Statistics of a square tile of sideM metres whose side is a power of two. */
export function tileStatistics({ data, widthPx }: RgbImage, sideM: number): TileStatistics {
  const count = widthPx * widthPx;
  const grey = new Float64Array(count);
  const sums: [number, number, number] = [0, 0, 0];
  let [dark, green] = [0, 0];
  for (let k = 0; k < count; k++) {
    const r = data[k * 3] as number;
    const g = data[k * 3 + 1] as number;
    const b = data[k * 3 + 2] as number;
    sums[0] += r;
    sums[1] += g;
    sums[2] += b;
    grey[k] = luminanceOf(r, g, b);
    const most = Math.max(r, g, b);
    if (most < 51) dark++;
    if (g === most && most - Math.min(r, g, b) > GREEN_SATURATION * most) green++;
  }
  const rgb = sums.map((sum) => sum / count) as [number, number, number];
  const mean = luminanceOf(...rgb);
  const waves = bandPower(grey, widthPx, [sideM / 60, sideM / 30, sideM / 2]);
  return {
    rgb,
    luminance: mean,
    dark: dark / count,
    green: green / count,
    variance: waves.total,
    coarse: waves.bands[0] as number,
    fine: waves.above,
  };
}

/** Below this share of the value a colour counts as grey. */
const GREEN_SATURATION = 0.15;
