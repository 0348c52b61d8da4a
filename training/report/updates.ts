// Pseudo-label updates over a run: what was selected, and how much of it was right.
import type { RunResult, SelfTrainingUpdate } from '../runs/index.js';

/** Percent of the selected pairs that are right; undefined where the truth is unknown or nothing was selected. */
export function precision({ selected, correct }: SelfTrainingUpdate): number | undefined {
  return correct === null || selected === 0 ? undefined : (100 * correct) / selected;
}

/** Precision of every update of a run, in order. */
export function precisionOf({ selfTraining }: RunResult): (number | undefined)[] {
  return (selfTraining ?? []).map(precision);
}

/** Precision of one update: 0 is the first, -1 the last. */
export function precisionAt(result: RunResult, index: number): number | undefined {
  return precisionOf(result).at(index);
}
