// What the onnxruntime engine asks its thread.
import type { Tensor } from './engine.js';

export interface OnnxSetup {
  readonly path: string;
  readonly threads: number;
}

export interface OnnxRequests {
  run(input: Tensor): Tensor;
}
