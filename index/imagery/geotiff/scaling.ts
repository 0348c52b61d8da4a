// Samples of other kinds than 8-bit become 8-bit by one rule a picture, which is told: what the user gave, what the file
// declares, or what its values are seen to fill.
import { refused } from '../port/index.js';
import type { Layout } from './layout.js';

/** `low` becomes 0 and `high` 255, linearly. */
export interface SampleRange {
  readonly low: number;
  readonly high: number;
}

/** Seen in samples taken all over a picture, or several. */
export interface Statistics {
  readonly count: number;
  readonly least: number;
  readonly most: number;
  /** 2 % and 98 % of the samples lie below these. */
  readonly low: number;
  readonly high: number;
  /** 99.9 % lie below this. */
  readonly nearlyAll: number;
}

export interface Scaling {
  readonly range: SampleRange;
  /** A sentence for people; undefined for 8-bit samples as they are. */
  readonly told?: string;
  readonly warning?: string;
}

export function statisticsOf(values: number[]): Statistics {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return {
    count: sorted.length,
    least: sorted[0] ?? 0,
    most: sorted[sorted.length - 1] ?? 0,
    low: at(0.02),
    high: at(0.98),
    nearlyAll: at(0.999),
  };
}

/** True where the range of a layout's samples follows from what its values are. */
export function needsStatistics(layout: Layout, declaredMost: number | undefined): boolean {
  return declaredRange(layout, declaredMost) === undefined;
}

/** Throws IMAGERY_INVALID, with the values seen and the command that rewrites the file, where no rule fits. */
export function scalingOf(
  layout: Layout,
  declaredMost: number | undefined,
  given: SampleRange | undefined,
  seen: Statistics | undefined,
): Scaling {
  const kind = `${layout.type}${layout.bits} samples`;
  const becomes = ({ low, high }: SampleRange) => `${low} to ${high} become 0 to 255`;
  if (given) return { range: given, told: `${kind}: ${becomes(given)}, as given` };
  const declared = declaredRange(layout, declaredMost);
  if (declared) {
    return declared.high === 255
      ? { range: declared }
      : { range: declared, told: `${kind}: ${becomes(declared)}` };
  }
  const range = seen && filledRange(layout, seen);
  const values = seen
    ? `${shown(seen.least)} to ${shown(seen.most)}, 96 % of them ${shown(seen.low)} to ${shown(seen.high)}`
    : '';
  if (!range || !seen) {
    throw refused(
      layout.path,
      `its ${kind} are ${values || 'of no known range'}: give --range LOW HIGH, which become black and white`,
      `-ot Byte -scale ${shown(seen?.low ?? 0)} ${shown(seen?.high ?? 1)} 0 255`,
    );
  }
  const told = `${kind} of ${values}: ${becomes(range)} (--range LOW HIGH sets others)`;
  const dark = seen.count > 0 && seen.high - range.low < 0.4 * (range.high - range.low);
  const warning =
    `${layout.path} will be dark: its values hardly reach ${range.high}; ` +
    `--range ${shown(seen.low)} ${shown(seen.high)} would use them all.`;
  return dark ? { range, told, warning } : { range, told };
}

function declaredRange({ type, bits }: Layout, declaredMost: number | undefined): SampleRange | undefined {
  if (type !== 'uint' || bits > 16) return undefined;
  const full = 2 ** bits - 1;
  if (bits < 16) return { low: 0, high: full };
  return declaredMost !== undefined && declaredMost > 1 && declaredMost < full
    ? { low: 0, high: declaredMost }
    : undefined;
}

/** Whole numbers fill so many bits from 0; floats 0 to 1 or 0 to 255. */
function filledRange(
  { type }: Layout,
  { count, least, nearlyAll, most }: Statistics,
): SampleRange | undefined {
  if (count === 0) return { low: 0, high: type === 'float' ? 1 : 65535 };
  if (least < 0) return undefined;
  if (type === 'float') {
    if (most <= 1) return { low: 0, high: 1 };
    return most <= 255 ? { low: 0, high: 255 } : undefined;
  }
  if (nearlyAll > 65535) return undefined;
  const bits = Math.max(8, Math.ceil(Math.log2(nearlyAll + 1)));
  return { low: 0, high: 2 ** bits - 1 };
}

const shown = (value: number) => String(Number(value.toPrecision(6)));

/** A function from samples to 0..255, not yet rounded where it is no table. */
export function byteScale({ low, high }: SampleRange, { type, bits }: Layout): (value: number) => number {
  if (low === 0 && high === 255) return (value) => value;
  const scale = (value: number) => ((value - low) / (high - low)) * 255;
  if (type !== 'uint' || bits > 16) return scale;
  const table = Uint8ClampedArray.from({ length: 2 ** bits }, (_, value) => scale(value));
  return (value) => table[value] as number;
}
