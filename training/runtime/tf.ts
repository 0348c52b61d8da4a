// The one place that loads TensorFlow. Everything in training/ imports `tf` from here.
import { createRequire } from 'node:module';
import type * as TensorFlow from '@tensorflow/tfjs-node-gpu';
import { loadKernels } from './kernels.js';

// TensorFlow reads these when its library loads. Two threads inside an operation give the same sums in the same
// order on every run of a machine; level 2 drops its start-up notices.
process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
process.env.TF_NUM_INTRAOP_THREADS ??= '2';
process.env.TF_NUM_INTEROP_THREADS ??= '1';

const require = createRequire(import.meta.url);

// tfjs-node calls util.isNullOrUndefined, which Node 23 removed.
const util = require('node:util') as { isNullOrUndefined?: (value: unknown) => boolean };
util.isNullOrUndefined ??= (value) => value === null || value === undefined;

export const tf = require('@tensorflow/tfjs-node-gpu') as typeof TensorFlow;

/** Whether the kernels of runtime/native are there. */
export const nativeKernels = loadKernels();

/** What computes, e.g. for a run's log. */
export const runtimeDescription = `tfjs-node-gpu 4.22.0, ${tf.getBackend()} backend, ${nativeKernels ? 'native kernels' : 'no native kernels'}`;

/** Runs a kernel of the native backend that tfjs-core has no function for. */
export function runKernel(
  name: string,
  attributes: readonly Attribute[],
  inputs: readonly TensorFlow.Tensor[],
): TensorFlow.Tensor {
  const backend = tf.backend() as unknown as NativeBackend;
  return backend.executeSingleOutput(name, attributes, inputs);
}

interface NativeBackend {
  executeSingleOutput(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly TensorFlow.Tensor[],
  ): TensorFlow.Tensor;
  executeMultipleOutputs(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly TensorFlow.Tensor[],
    count: number,
  ): TensorFlow.Tensor[];
  binding: Record<string, number>;
}

/** N tensors. */
export type Tensors<N extends number, List extends TensorFlow.Tensor[] = []> = List['length'] extends N
  ? List
  : Tensors<N, [...List, TensorFlow.Tensor]>;

/** Runs a kernel with several outputs. */
export function runKernelMulti<N extends number>(
  name: string,
  attributes: readonly Attribute[],
  inputs: readonly TensorFlow.Tensor[],
  outputs: N,
): Tensors<N> {
  const backend = tf.backend() as unknown as NativeBackend;
  return backend.executeMultipleOutputs(name, attributes, inputs, outputs) as Tensors<N>;
}

/** TensorFlow's type codes. */
const attributeTypes = (tf.backend() as unknown as NativeBackend).binding;

const code = (name: string): number => attributeTypes[name] ?? 0;

/** One attribute of a kernel. */
export interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

export const floatType = (name: string): Attribute => ({
  name,
  type: code('TF_ATTR_TYPE'),
  value: code('TF_FLOAT'),
});
export const intType = (name: string): Attribute => ({
  name,
  type: code('TF_ATTR_TYPE'),
  value: code('TF_INT32'),
});
export const floatAttribute = (name: string, value: number): Attribute => ({
  name,
  type: code('TF_ATTR_FLOAT'),
  value,
});
export const boolAttribute = (name: string, value: boolean): Attribute => ({
  name,
  type: code('TF_ATTR_BOOL'),
  value,
});
export const stringAttribute = (name: string, value: string): Attribute => ({
  name,
  type: code('TF_ATTR_STRING'),
  value,
});
