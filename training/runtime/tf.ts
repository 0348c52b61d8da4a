// The one place that loads TensorFlow, at the first use of `tf`: a command that only reads files never loads it, and
// one that trains can configure it first (settings.ts).
import { createRequire } from 'node:module';
import type * as TensorFlow from '@tensorflow/tfjs-node-gpu';
import { SkyfixError } from 'skyfix/errors';
import { hasBf16Instruction, loadKernels } from './kernels.js';
import { describe, type RuntimeSettings, settleRuntime } from './settings.js';

interface Runtime {
  readonly tf: typeof TensorFlow;
  readonly settings: RuntimeSettings;
  readonly backend: NativeBackend;
  /** Whether the kernels of runtime/native are there. */
  readonly kernels: boolean;
  /** Whether they have matrix products in bf16. */
  readonly bf16: boolean;
  readonly description: string;
}

let loaded: Runtime | undefined;

function load(): Runtime {
  const settings = settleRuntime();
  const require = createRequire(import.meta.url);
  // tfjs-node calls util.isNullOrUndefined, which Node 23 removed.
  const util = require('node:util') as { isNullOrUndefined?: (value: unknown) => boolean };
  util.isNullOrUndefined ??= (value) => value === null || value === undefined;
  const kernels = settings.device === 'cpu' && loadKernels(); // before TensorFlow's threads are there
  const module = require('@tensorflow/tfjs-node-gpu') as typeof TensorFlow;
  const backend = module.backend() as unknown as NativeBackend;
  if (settings.device === 'cuda' && !backend.isUsingGpuDevice) {
    throw new SkyfixError(
      'TRAINING_CONFIG_INVALID',
      'runtime.device is cuda, but TensorFlow finds no GPU: "npm run setup:training -- --cuda" ' +
        'installs its CUDA build; a driver must be there.',
    );
  }
  const by = kernels ? 'native kernels' : 'no native kernels';
  const description = `tfjs-node-gpu ${module.version.tfjs}, ${describe(settings)}, ${by}`;
  return { tf: module, settings, backend, kernels, bf16: kernels && hasBf16Instruction(), description };
}

function runtime(): Runtime {
  loaded ??= load();
  return loaded;
}

/** TensorFlow.js; its library is loaded by the first look at it. */
export const tf = new Proxy({} as typeof TensorFlow, {
  get: (_, name) => Reflect.get(runtime().tf, name),
});

/** Whether the kernels of runtime/native are there; without them layers are composed of TensorFlow's operations. */
export const hasKernels = (): boolean => runtime().kernels;

/** Whether the kernels have matrix products in bf16. */
export const hasBf16Kernels = (): boolean => runtime().bf16;

/** The math that TensorFlow was loaded with. */
export const usedMath = (): RuntimeSettings['math'] => runtime().settings.math;

/** The device that TensorFlow was loaded for. */
export const usedDevice = (): RuntimeSettings['device'] => runtime().settings.device;

/** What computes, e.g. for a run's log. */
export const runtimeText = (): string => runtime().description;

interface NativeBackend {
  readonly isUsingGpuDevice: boolean;
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
  /** Tensors that lie in the same memory. */
  refCount(dataId: object): number;
  /** TensorFlow's type codes. */
  readonly binding: Readonly<Record<string, number>>;
}

/** Runs a kernel of the native backend that tfjs-core has no function for. */
export function runKernel(
  name: string,
  attributes: readonly Attribute[],
  inputs: readonly TensorFlow.Tensor[],
): TensorFlow.Tensor {
  return runtime().backend.executeSingleOutput(name, attributes, inputs);
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
  return runtime().backend.executeMultipleOutputs(name, attributes, inputs, outputs) as Tensors<N>;
}

/**
 * Runs a kernel that changes its first inputs where they lie and has no output. They get memory of their own before, where
 * they share it with a clone or with another variable. A reshape of one of them changes with it: none may be kept.
 */
export function runKernelInPlace(
  name: string,
  changed: readonly TensorFlow.Variable[],
  others: readonly TensorFlow.Tensor[],
): void {
  const { backend } = runtime();
  for (const variable of changed) {
    if (backend.refCount(variable.dataId) > 1) tf.tidy(() => variable.assign(variable.mul(1)));
  }
  backend.executeMultipleOutputs(name, [], [...changed, ...others], 0);
}

/** One attribute of a kernel. */
export interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

const code = (name: string): number => runtime().backend.binding[name] ?? 0;

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
