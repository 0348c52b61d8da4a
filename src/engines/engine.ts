// The port every inference engine implements. Tensors are dense float32, row-major, with the batch first.

export interface Tensor {
  readonly data: Float32Array;
  /** e.g. [B, 3, 256, 256] */
  readonly shape: readonly number[];
}

/** One loaded network. run() never blocks the event loop. */
export interface InferenceEngine {
  /** What computes, e.g. "onnxruntime-node 1.30.0 cpu". */
  readonly description: string;
  /** Runs one batch; rejects when the shape does not fit the network or the engine is closed. */
  run(input: Tensor): Promise<Tensor>;
  close(): Promise<void>;
}
