// The dynamic threshold of Algorithm 1: the peak of the confidences' histogram, smoothed by a moving average whose
// memory fades.
import type { NamedArray } from '../networks/index.js';
import { pairsWhere, type SelectionStrategy, type UniqueOption } from './selection.js';

export interface LambdaOptions {
  /** T */
  readonly totalIterations: number;
  /** γ */
  readonly gamma?: number;
  /** λ_0 */
  readonly initial?: number;
  /**
   * T_d / T. By default 1/50, so that λ falls over a run as figure 5 draws it; 1 is the literal formula, whose λ hardly
   * moves (from λ_0 to γ·λ_0).
   */
  readonly decayShare?: number;
}

/** Equation (7) as a function of t, the iterations since the warm-up's end: λ_t = λ_0·γ^(t/T_d). */
export function lambdaSchedule(options: LambdaOptions): (t: number) => number {
  const { totalIterations, gamma = 0.9, initial = 0.5, decayShare = 1 / 50 } = options;
  return (t) => initial * gamma ** (t / (totalIterations * decayShare));
}

/**
 * Step 2: confidences in `bins` equal bins over [0, 1], the last one closed; δ̂ is the right end of the fullest bin,
 * of the higher one of two equally full bins. Undefined without confidences.
 */
export function histogramPeak(confidence: Float32Array, bins = 10): number | undefined {
  if (confidence.length === 0) return undefined;
  const counts = new Uint32Array(bins);
  for (const c of confidence) {
    const bin = Math.min(bins - 1, Math.floor(c * bins));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return (counts.lastIndexOf(Math.max(...counts)) + 1) / bins;
}

export interface DynamicThresholdOptions
  extends UniqueOption,
    Pick<LambdaOptions, 'gamma' | 'initial' | 'decayShare'> {
  /** K */
  readonly bins?: number;
  /** δ̂ is never higher, so that a converged model, whose confidences all lie in the last bin, still selects. */
  readonly cap?: number;
}

/**
 * Algorithm 1, equation (6): δ_t = λ_t·δ_{t−1} + (1 − λ_t)·δ̂, the first δ is the first δ̂; selected are the tiles with
 * c_i ≥ δ_t. δ is kept in float32, as a checkpoint keeps it. An update without a single tile changes nothing.
 */
export function dynamicStrategy(options: DynamicThresholdOptions = {}): SelectionStrategy {
  const { bins = 10, cap = 0.95 } = options;
  let delta: number | undefined;
  return {
    name: 'dynamic',
    select(scores, { iterationsSinceWarmup, totalIterations }) {
      const lambda = lambdaSchedule({ ...options, totalIterations })(iterationsSinceWarmup);
      const peak = histogramPeak(scores.confidence, bins);
      if (peak !== undefined) {
        const candidate = Math.min(cap, peak);
        delta = Math.fround(delta === undefined ? candidate : lambda * delta + (1 - lambda) * candidate);
      }
      const threshold = delta ?? Math.fround(cap);
      const pairs = pairsWhere(scores, (tile) => (scores.confidence[tile] ?? 0) >= threshold, options);
      return { pairs, threshold, lambda };
    },
    toArrays() {
      return { delta: { shape: [2], data: Float32Array.of(delta === undefined ? 0 : 1, delta ?? 0) } };
    },
    load(arrays: Readonly<Record<string, NamedArray>>) {
      const state = arrays.delta?.data;
      if (state?.length !== 2) throw new Error('The checkpoint holds no threshold.');
      delta = state[0] === 1 ? state[1] : undefined;
    },
  };
}
