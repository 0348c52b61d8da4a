// Inference engine on onnxruntime-node: the CPU, or a GPU through its CUDA or WebGPU provider.
import { createRequire } from 'node:module';
import type { EngineChoice, EngineKind } from './choice.js';
import type { EngineOptions, InferenceEngine } from './engine.js';
import type { OnnxProvider, OnnxSetup } from './network-requests.js';
import { openThreadEngine } from './thread-engine.js';

export const ONNXRUNTIME_VERSION = (
  createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string }
).version;

/** The provider that computes. */
export const onnxProviderOf = (kind: EngineKind): OnnxProvider =>
  kind === 'cuda' || kind === 'webgpu' ? kind : 'cpu';

/** onnxruntime on the CPU: what every installation has. */
export const DEFAULT_ENGINE: EngineChoice = onnxChoice('onnxruntime');

export function onnxChoice(kind: EngineKind, notes: readonly string[] = []): EngineChoice {
  const description = `onnxruntime-node ${ONNXRUNTIME_VERSION} ${onnxProviderOf(kind)}`;
  return { kind, precision: 'f32', description, notes };
}

/**
 * Loads an ONNX network with one float32 input and output. Throws BUNDLE_CORRUPT where onnxruntime cannot load it, and
 * ENGINE_UNAVAILABLE where the GPU that was asked for is not to be had.
 */
export function openOnnxEngine(
  path: string,
  options: EngineOptions,
  choice = DEFAULT_ENGINE,
): Promise<InferenceEngine> {
  const setup: OnnxSetup = { path, threads: options.threads, provider: onnxProviderOf(choice.kind) };
  const script = new URL('./onnx-worker.js', import.meta.url);
  // A session copies out what a run asks for.
  return openThreadEngine({ script, choice, setup, givesBoth: options.secondOutput ?? false }, options);
}
