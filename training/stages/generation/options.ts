// What stage 1 can be told; the configuration's stage1 with everything resolved to numbers.
import type { Stage1Config } from '../../config/index.js';

export interface GenerationOptions extends Omit<Stage1Config, 'steps' | 'epochs' | 'input' | 'pairs'> {
  readonly seed: number;
  readonly steps: number;
  readonly loader: { readonly threads: number };
}
