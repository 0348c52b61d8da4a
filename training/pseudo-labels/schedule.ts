// When pseudo-labels are updated.
import type { SelectionMoment } from './selection.js';

export interface SelfTrainingSchedule {
  /** T */
  readonly totalIterations: number;
  /** Share of the iterations without pseudo-labels. */
  readonly warmupShare?: number;
  /** Iterations from one update to the next. */
  readonly every?: number;
}

/** The update that is due before this iteration's step; undefined where none is. The first one ends the warm-up. */
export function momentOf(iteration: number, schedule: SelfTrainingSchedule): SelectionMoment | undefined {
  const { totalIterations, warmupShare = 0.2, every = 50 } = schedule;
  const iterationsSinceWarmup = iteration - Math.ceil(totalIterations * warmupShare);
  if (iterationsSinceWarmup < 0 || iterationsSinceWarmup % every !== 0) return undefined;
  return { iteration, iterationsSinceWarmup, totalIterations, epochShare: iteration / totalIterations };
}
