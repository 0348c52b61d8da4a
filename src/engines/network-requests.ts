// What an engine asks the thread that its network lives in.
import { moved } from '../threads/index.js';
import type { Precision } from './choice.js';
import type { ByteTensor, Tensor } from './engine.js';

/** A thread opens with the network's file, its compute threads, and what its own kind of engine needs beside. */
export interface NetworkSetup {
  readonly path: string;
  /** 0 lets the library choose. */
  readonly threads: number;
}

export type OnnxProvider = 'cpu' | 'cuda' | 'webgpu';

export interface OnnxSetup extends NetworkSetup {
  readonly provider: OnnxProvider;
}

export interface OpenVinoSetup extends NetworkSetup {
  /** The C library. */
  readonly library: string;
  readonly precision: Precision;
  readonly compiledDir?: string | undefined;
}

export interface NetworkRequests {
  run(input: Tensor | ByteTensor): {
    readonly output: Tensor;
    /** The input's memory, given back for the next run of the same size. */
    readonly spent: ArrayBuffer;
  };
}

/** An answer whose memory goes to the owner without a copy. */
export function answered(
  input: Tensor | ByteTensor,
  output: Tensor & { readonly data: Float32Array<ArrayBuffer> },
) {
  const spent = input.data.buffer as ArrayBuffer;
  return moved({ output, spent }, [output.data.buffer, spent]);
}
