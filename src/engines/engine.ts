// The port every inference engine implements. Tensors are dense, row-major, with the batch first, and float32 but for the inputs
// of those networks that take bytes.
import type { LifeEvents, PartState } from '../threads/index.js';
import type { EngineTiming, Precision } from './choice.js';

export interface Tensor {
  readonly data: Float32Array;
  /** e.g. [B, 3, 256, 256] */
  readonly shape: readonly number[];
}

/** What a network takes whose input is uint8, e.g. pixels [B, 256, 256, 3]. */
export interface ByteTensor {
  readonly data: Uint8Array;
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
  run(input: Tensor | ByteTensor): Promise<Tensor>;
  /**
   * As run, and the second output behind the first. Absent where the network has none, and of engines that would compute it
   * in every run, asked for or not.
   */
  readonly runBoth?: (input: Tensor | ByteTensor) => Promise<readonly [Tensor, Tensor]>;
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
  /** The network's input is uint8. */
  readonly takesBytes?: boolean | undefined;
  /** The network has a second output, which some runs ask for. */
  readonly secondOutput?: boolean | undefined;
}
