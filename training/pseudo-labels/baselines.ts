// The rules that the dynamic threshold is compared with (figure 6, and UCVGL: Li, Qian, Xia, CVPR 2024). None has a state.

import type { CandidateScores } from './candidate-scores.js';
import type { UniqueOption } from './selection.js';
import { pairsWhere, type Selection, type SelectionMoment, type SelectionStrategy } from './selection.js';

export interface ThresholdOptions extends UniqueOption {
  readonly threshold: number;
}

function stateless(
  name: SelectionStrategy['name'],
  select: (scores: CandidateScores, when: SelectionMoment) => Selection,
): SelectionStrategy {
  return { name, select, toArrays: () => ({}), load: () => {} };
}

/** c_i ≥ threshold. */
export function fixedStrategy({ threshold, ...options }: ThresholdOptions): SelectionStrategy {
  return stateless('fixed', (scores) => ({
    pairs: pairsWhere(scores, (tile) => (scores.confidence[tile] ?? 0) >= threshold, options),
    threshold,
  }));
}

/** top1 − top2 ≥ threshold: the tile prefers one view clearly. */
export function marginStrategy({ threshold, ...options }: ThresholdOptions): SelectionStrategy {
  return stateless('margin', (scores) => ({
    pairs: pairsWhere(
      scores,
      (tile) => (scores.top1[tile] ?? 0) - (scores.top2[tile] ?? 0) >= threshold,
      options,
    ),
    threshold,
  }));
}

/**
 * Mutual nearest neighbours with top1 − top2 ≥ threshold·(1 + cos(π·e/E))/2: strict at first, everything mutual at the
 * end. As in the authors' code the difference is that of the ground image's scores over the tiles, and mutual pairs never
 * share a view.
 */
export function ucvglStrategy({ threshold }: Pick<ThresholdOptions, 'threshold'>): SelectionStrategy {
  return stateless('ucvgl', (scores, { epochShare }) => {
    const now = (threshold * (1 + Math.cos(Math.PI * epochShare))) / 2;
    const margin = (tile: number): number =>
      (scores.top1[tile] ?? 0) - (scores.viewTop2[scores.best[tile] ?? -1] ?? 0);
    return {
      pairs: pairsWhere(scores, (tile) => scores.mutual[tile] === 1 && margin(tile) >= now),
      threshold: now,
    };
  });
}
