// What stage 3 can be told; the configuration's stage3 and selfTraining with everything resolved to numbers.
import type { SelfTrainingConfig, Stage3Config } from '../../config/index.js';
import type { StrategyOptions } from '../../pseudo-labels/index.js';

export interface SelfTrainingOptions {
  readonly strategy: StrategyOptions;
  readonly warmupShare: number;
  readonly every: number;
  /** Unlabelled tiles and views that an update looks at, at most. */
  readonly sample: number;
  readonly candidates: 'views' | 'all';
  readonly mix?: SelfTrainingConfig['mix'];
}

export interface EncoderOptions extends Omit<Stage3Config, 'steps' | 'epochs' | 'validateEvery'> {
  readonly seed: number;
  readonly steps: number;
  /** Rate of stochastic depth in the last block. */
  readonly dropPath: number;
  /** Absent: labelled pairs alone. */
  readonly selfTraining?: SelfTrainingOptions;
  readonly loader: { readonly threads: number };
}
