// How good probabilities are: reliability, expected calibration error, risk against coverage, the area under the ROC curve.

/** A probability that was said, and whether it came true. */
export interface Forecast {
  readonly probability: number;
  readonly right: boolean;
}

/** One bin of a reliability diagram. */
export interface ReliabilityBin {
  /** Mean of the probabilities in it. */
  readonly said: number;
  /** Share of them that came true. */
  readonly came: number;
  readonly count: number;
}

/** Bins of equal width over [0, 1], empty ones left out; a probability on a border belongs to the lower bin, 0 to the first. */
export function reliability(forecasts: readonly Forecast[], bins = 10): ReliabilityBin[] {
  const sums = Array.from({ length: bins }, () => ({ said: 0, came: 0, count: 0 }));
  for (const { probability, right } of forecasts) {
    const bin = sums[Math.min(bins - 1, Math.max(0, Math.ceil(probability * bins) - 1))];
    if (!bin) continue;
    bin.said += probability;
    bin.came += Number(right);
    bin.count++;
  }
  return sums
    .filter(({ count }) => count > 0)
    .map(({ said, came, count }) => ({ said: said / count, came: came / count, count }));
}

/**
 * Expected calibration error: sum over the bins of (share of the forecasts) |came - said| (Guo et al. 2017, "On Calibration of
 * Modern Neural Networks", equation 3). NaN for none.
 */
export function expectedCalibrationError(forecasts: readonly Forecast[], bins = 10): number {
  if (forecasts.length === 0) return Number.NaN;
  return reliability(forecasts, bins).reduce(
    (sum, { said, came, count }) => sum + (count / forecasts.length) * Math.abs(came - said),
    0,
  );
}

/**
 * The chance that one of the positive values is above one of the negative ones, ties counting half (Mann-Whitney U over the
 * number of pairs). NaN where one side is empty.
 */
export function areaUnderRoc(positive: readonly number[], negative: readonly number[]): number {
  if (positive.length === 0 || negative.length === 0) return Number.NaN;
  const sorted = [...negative].sort((a, b) => a - b);
  let wins = 0;
  for (const value of positive)
    wins += (countBelow(sorted, value, false) + countBelow(sorted, value, true)) / 2;
  return wins / (positive.length * negative.length);
}

/** How many of ascending values lie below one; with `orEqual` those that equal it too. */
function countBelow(ascending: readonly number[], value: number, orEqual: boolean): number {
  let [from, to] = [0, ascending.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    const at = ascending[middle] as number;
    if (at < value || (orEqual && at === value)) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** Answering only the surest share of the questions: how many of those answers are wrong. */
export interface RiskPoint {
  /** (0, 1] */
  readonly coverage: number;
  /** Share of the answers given that are wrong. */
  readonly risk: number;
  /** The lowest probability that is still answered. */
  readonly threshold: number;
}

/** One point for each distinct probability, from the surest answers alone to all of them. */
export function riskCoverage(forecasts: readonly Forecast[]): RiskPoint[] {
  const sorted = [...forecasts].sort((a, b) => b.probability - a.probability);
  const points: RiskPoint[] = [];
  let wrong = 0;
  for (const [k, { probability, right }] of sorted.entries()) {
    if (!right) wrong++;
    // Equal probabilities are answered together.
    if (sorted[k + 1]?.probability === probability) continue;
    points.push({ coverage: (k + 1) / sorted.length, risk: wrong / (k + 1), threshold: probability });
  }
  return points;
}

/** The risk where at least so large a share is answered; NaN for no forecasts. */
export function riskAt(curve: readonly RiskPoint[], coverage: number): number {
  return curve.find((point) => point.coverage >= coverage - 1e-9)?.risk ?? Number.NaN;
}
