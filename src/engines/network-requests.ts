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

/** `both`: the second output is wanted, too. */
export type NetworkInput = (Tensor | ByteTensor) & { readonly both?: boolean };

export interface NetworkRequests {
  run(input: NetworkInput): {
    readonly output: Tensor;
    /** Where it was wanted. */
    readonly second?: Tensor;
    /** The input's memory, given back for the next run of the same size. */
    readonly spent: ArrayBuffer;
  };
}

type OwnTensor = Tensor & { readonly data: Float32Array<ArrayBuffer> };

/** An answer whose memory goes to the owner without a copy. */
export function answered(input: NetworkInput, output: OwnTensor, second?: OwnTensor) {
  const spent = input.data.buffer as ArrayBuffer;
  if (!second) return moved({ output, spent }, [output.data.buffer, spent]);
  return moved({ output, second, spent }, [output.data.buffer, second.data.buffer, spent]);
}
