// The port every inference engine implements. Tensors are dense float32, row-major, with the batch first.
import type { LifeEvents, PartState } from '../threads/index.js';
import type { EngineTiming, Precision } from './choice.js';

export interface Tensor {
  readonly data: Float32Array;
  /** e.g. [B, 3, 256, 256] */
  readonly shape: readonly number[];
}

/**
 * One loaded network. Whatever computes (a thread, a library's own, another process), an engine that loses it opens it
 * again by itself; meanwhile its state is "recovering".
 */
export interface InferenceEngine {
  /** What computes, e.g. "onnxruntime-node 1.30.0 cpu". */
  readonly description: string;
  readonly precision: Precision;
  /** Where engines were timed to choose this one: what each took. */
  readonly timings?: readonly EngineTiming[];
  readonly state: PartState;
  /**
   * Runs one batch and never blocks the event loop. Rejects with INTERNAL when the shape does not fit the network or the
   * engine is closed, with RECOVERING while it is not there; the next run may work. What it computes is not judged: NaN
   * comes back as NaN.
   */
  run(input: Tensor): Promise<Tensor>;
  /** Lets the running and waiting batches finish. */
  close(): Promise<void>;
}

export interface EngineOptions extends LifeEvents {
  /** Compute threads of its own. */
  readonly threads: number;
  /** The shape that a request runs: what engines are timed on, where there is a choice. */
  readonly typicalShape?: readonly number[] | undefined;
  /** The same network in 8 bits: what else may be opened where any precision will do. */
  readonly quantisedPath?: string | undefined;
}
