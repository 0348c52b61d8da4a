// What values a tensor takes over some pictures, and from it the range that 8 bits stand for.

/** On each side of 0. */
export const BINS = 2048;
/** Levels of 8 bits; a tensor that is never negative has all of them above 0. */
const LEVELS = 256;

/** The extremes of a tensor, from a first look at all pictures. */
export interface Extremes {
  readonly low: number;
  readonly high: number;
}

/** How often a tensor's values lie where: `counts` has BINS below and BINS above 0, each `reach / BINS` wide. */
export interface Histogram {
  readonly reach: number;
  readonly counts: Float64Array;
}

/** Where 8 bits begin and end; 0 lies within. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** How ranges are chosen: the middle so many % of the values, or by their entropy. */
export type RangeMethod = number | 'entropy';

export function emptyHistogram({ low, high }: Extremes): Histogram {
  return { reach: Math.max(-low, high), counts: new Float64Array(2 * BINS) };
}

/** Counts values in. */
export function count({ reach, counts }: Histogram, values: Float32Array): void {
  if (reach === 0) return;
  const scale = BINS / reach;
  for (let i = 0; i < values.length; i++) {
    const bin = Math.floor((values[i] as number) * scale) + BINS;
    const within = bin < 0 ? 0 : bin >= 2 * BINS ? 2 * BINS - 1 : bin;
    counts[within] = (counts[within] as number) + 1;
  }
}

export const rangeOf = (histogram: Histogram, extremes: Extremes, method: RangeMethod): Range =>
  method === 'entropy' ? entropyRange(histogram, extremes) : percentileRange(histogram, extremes, method);

/** The middle `percentile` % of the values. */
function percentileRange(histogram: Histogram, { low, high }: Extremes, percentile: number): Range {
  const { counts, reach } = histogram;
  const total = counts.reduce((sum, n) => sum + n, 0);
  const tail = (total * (1 - percentile / 100)) / (low < 0 && high > 0 ? 2 : 1);
  const edge = (bin: number) => ((bin - BINS) * reach) / BINS;
  let [below, above] = [0, 0];
  let first = 0;
  for (; first < counts.length; first++) {
    below += counts[first] as number;
    if (below > tail) break;
  }
  let last = counts.length - 1;
  for (; last >= 0; last--) {
    above += counts[last] as number;
    if (above > tail) break;
  }
  return {
    low: low < 0 ? Math.max(low, Math.min(0, edge(first))) : 0,
    high: high > 0 ? Math.min(high, Math.max(0, edge(last + 1))) : 0,
  };
}

/**
 * The range whose 8-bit form tells least apart from the values: the reach t that makes the Kullback-Leibler divergence of the
 * distribution of |x|, cut at t, from its rounded form least (Migacz, "8-bit inference with TensorRT", 2017).
 */
function entropyRange(histogram: Histogram, { low, high }: Extremes): Range {
  const levels = low < 0 ? LEVELS / 2 : LEVELS;
  const sizes = new Float64Array(BINS);
  for (let i = 0; i < BINS; i++) {
    sizes[i] = (histogram.counts[BINS + i] as number) + (histogram.counts[BINS - 1 - i] as number);
  }
  // What a ReLU has cut to 0 is 0 under every range and says nothing about them.
  sizes[0] = sizes[1] as number;
  let best = BINS;
  let least = Number.POSITIVE_INFINITY;
  for (let bins = levels; bins <= BINS; bins += levels / 8) {
    const divergence = divergenceAt(sizes, bins, levels);
    if (divergence < least) [best, least] = [bins, divergence];
  }
  const cut = (best * histogram.reach) / BINS;
  return { low: low < 0 ? Math.max(low, -cut) : 0, high: Math.min(Math.max(high, 0), cut) };
}

/** Of the first `bins`, with what lies beyond in the last, from the same in `levels` steps. */
function divergenceAt(sizes: Float64Array, bins: number, levels: number): number {
  let beyond = 0;
  let total = 0;
  for (let i = 0; i < BINS; i++) {
    total += sizes[i] as number;
    if (i >= bins) beyond += sizes[i] as number;
  }
  if (total === 0) return 0;
  const width = bins / levels;
  const rounded = new Float64Array(bins);
  let roundedTotal = 0;
  for (let level = 0; level < levels; level++) {
    const [from, to] = [Math.round(level * width), Math.round((level + 1) * width)];
    let sum = 0;
    let filled = 0;
    for (let i = from; i < to; i++) {
      sum += sizes[i] as number;
      if ((sizes[i] as number) > 0) filled++;
    }
    for (let i = from; i < to; i++) if ((sizes[i] as number) > 0) rounded[i] = sum / filled;
    roundedTotal += sum;
  }
  let divergence = 0;
  for (let i = 0; i < bins; i++) {
    const p = ((sizes[i] as number) + (i === bins - 1 ? beyond : 0)) / total;
    if (p === 0) continue;
    // What is cut away has no place in the rounded form where its last bin is empty.
    const q = Math.max((rounded[i] as number) / Math.max(roundedTotal, 1), 1e-12);
    divergence += p * Math.log(p / q);
  }
  return divergence;
}
