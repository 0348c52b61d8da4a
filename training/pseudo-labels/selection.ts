// What every rule for choosing pseudo-labels has in common.
import type { NamedArray } from '../networks/index.js';
import type { CandidateScores } from './candidate-scores.js';

/** An unlabelled tile and the generated view that is taken for its own. Numbers count within what was scored. */
export interface PseudoPair {
  readonly tile: number;
  readonly view: number;
  /** In [0, 1]. */
  readonly confidence: number;
}

export interface Selection {
  /** By tile number. */
  readonly pairs: readonly PseudoPair[];
  /** What the rule compared with: a confidence, or a difference of similarities. */
  readonly threshold: number;
  /** λ_t of the moving average, where the rule has one. */
  readonly lambda?: number;
}

/** When an update happens. */
export interface SelectionMoment {
  readonly iteration: number;
  /** t of equation (7): 0 at the first update. */
  readonly iterationsSinceWarmup: number;
  /** T */
  readonly totalIterations: number;
  /** e/E: the share of the training that is done, in [0, 1]. */
  readonly epochShare: number;
}

export interface SelectionStrategy {
  readonly name: 'dynamic' | 'fixed' | 'margin' | 'ucvgl';
  /** One update: chooses pairs, and moves the rule's own state where it has one. */
  select(scores: CandidateScores, when: SelectionMoment): Selection;
  /** The state for a checkpoint. */
  toArrays(): Record<string, NamedArray>;
  /** Restores what toArrays wrote, to the bit. */
  load(arrays: Readonly<Record<string, NamedArray>>): void;
}

export interface UniqueOption {
  /**
   * A view serves only its most similar tile (the lower number of two equal ones). Off by default: Algorithm 1 and the
   * thresholds on a score choose tile by tile, so a view may serve several. UCVGL's rule has it built in.
   */
  readonly unique?: boolean;
}

/** The pairs of the tiles that pass, each with its best view. Tiles without any candidate view are left out. */
export function pairsWhere(
  scores: CandidateScores,
  passes: (tile: number) => boolean,
  { unique = false }: UniqueOption = {},
): PseudoPair[] {
  const { best, top1, confidence } = scores;
  const pairs: PseudoPair[] = [];
  best.forEach((view, tile) => {
    if (view >= 0 && passes(tile)) pairs.push({ tile, view, confidence: confidence[tile] ?? 0 });
  });
  if (!unique) return pairs;
  const served = new Map<number, PseudoPair>();
  for (const pair of pairs) {
    const other = served.get(pair.view);
    if (!other || (top1[pair.tile] ?? 0) > (top1[other.tile] ?? 0)) served.set(pair.view, pair);
  }
  return pairs.filter((pair) => served.get(pair.view) === pair);
}

export interface PrecisionFigures {
  readonly selected: number;
  /** Pairs whose truth is known. */
  readonly known: number;
  readonly correct: number;
  /** correct / known; null where nothing is known. */
  readonly precision: number | null;
}

/** How many of the chosen pairs are right, for the log. `truth` answers undefined where nobody knows. */
export function precision(
  selection: Selection,
  truth: (pair: PseudoPair) => boolean | undefined,
): PrecisionFigures {
  const answers = selection.pairs.map(truth).filter((answer) => answer !== undefined);
  const correct = answers.filter(Boolean).length;
  return {
    selected: selection.pairs.length,
    known: answers.length,
    correct,
    precision: answers.length === 0 ? null : correct / answers.length,
  };
}
