// What the stages know of an encoder: images in, descriptors out.
import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import type { ParameterStore } from './parameter-store.js';
import type { StochasticDepth } from './trunk.js';

export interface Encoder {
  /** What training changes. */
  readonly params: ParameterStore;
  /** Side S of the square images, pixels. */
  readonly inputSize: number;
  /** D */
  readonly dimensions: number;
  /** [B, S, S, 3] in [0, 1] → [B, D], unit length; with stochastic depth in training, without at evaluation. */
  apply(x: Tensor4D, depth?: StochasticDepth): Tensor2D;
  /** Frees its parameters, those too that training does not change. */
  dispose(): void;
}
