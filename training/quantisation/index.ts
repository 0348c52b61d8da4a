// Quantisation: a trained network computed in 8 bits, without training (static, from pictures that it is shown).
export type { RangeMethod } from './histogram.js';
export { openSession, runSession } from './observe.js';
export {
  METHODS,
  type QuantisedNetwork,
  type QuantiseOptions,
  quantiseNetwork,
  type Score,
} from './quantise-network.js';
export { WEIGHT_BITS, type WeightBits } from './rounding.js';
