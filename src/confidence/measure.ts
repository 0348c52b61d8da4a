// Figures of answers whose truth is known, from what was said of them.
import {
  areaUnderRoc,
  type CalibrationFacts,
  expectedCalibrationError,
  type Forecast,
  type ReliabilityBin,
  type RiskPoint,
  reliability,
  riskAt,
  riskCoverage,
} from '../calibration/index.js';
import type { Verified } from './validate.js';

/** The figures, and the curves that they are read from. */
export interface ConfidenceFigures extends Omit<CalibrationFacts, 'inside' | 'outside' | 'madeUp'> {
  /** Share of the first answers inside that are right. */
  readonly right: number;
  readonly reliability: readonly ReliabilityBin[];
  readonly riskCoverage: readonly RiskPoint[];
}

/** Calibration, risk and circles of the answers inside; inside against outside by the probability of the region. */
export function measure(verified: readonly Verified[]): ConfidenceFigures {
  const inside = verified.filter((one) => one.inside);
  const outside = verified.filter((one) => !one.inside);
  const forecasts: Forecast[] = inside;
  const probabilities = (right: boolean) =>
    inside.filter((one) => one.right === right).map(({ probability }) => probability);
  const curve = riskCoverage(forecasts);
  const insideOf = (some: readonly Verified[]) => some.map(({ insideProbability }) => insideProbability);
  const held = (circle: 'p68' | 'p95') => shareOf(inside, (one) => one.held?.[circle] ?? false);
  return {
    ece: expectedCalibrationError(forecasts),
    // Where nothing is wrong, nothing can be mistaken for right.
    aurocRight: orOne(areaUnderRoc(probabilities(true), probabilities(false))),
    aurocInside: outside.length === 0 ? null : areaUnderRoc(insideOf(inside), insideOf(outside)),
    riskAt80: riskAt(curve, 0.8),
    held: { p68: held('p68'), p95: held('p95') },
    right: shareOf(inside, (one) => one.right),
    reliability: reliability(forecasts),
    riskCoverage: curve,
  };
}

const orOne = (value: number) => (Number.isNaN(value) ? 1 : value);

function shareOf<T>(some: readonly T[], is: (one: T) => boolean): number {
  return some.filter(is).length / some.length;
}
