// A strategy from a run's configuration.
import { fixedStrategy, marginStrategy, ucvglStrategy } from './baselines.js';
import { type DynamicThresholdOptions, dynamicStrategy } from './dynamic-threshold.js';
import type { SelectionStrategy, UniqueOption } from './selection.js';

/**
 * Defaults of the thresholds: 0.8 on the top score lies in the middle of the paper's usual confidences (0.7 to 0.9); 0.035 is
 * UCVGL's own t, and also stands for the plain margin.
 */
export type StrategyOptions =
  | ({ readonly name: 'dynamic' } & DynamicThresholdOptions)
  | ({ readonly name: 'fixed' | 'margin'; readonly threshold?: number } & UniqueOption)
  | { readonly name: 'ucvgl'; readonly threshold?: number };

export function createStrategy(options: StrategyOptions): SelectionStrategy {
  switch (options.name) {
    case 'dynamic':
      return dynamicStrategy(options);
    case 'fixed':
      return fixedStrategy({ ...options, threshold: options.threshold ?? 0.8 });
    case 'margin':
      return marginStrategy({ ...options, threshold: options.threshold ?? 0.035 });
    case 'ucvgl':
      return ucvglStrategy({ threshold: options.threshold ?? 0.035 });
  }
}
