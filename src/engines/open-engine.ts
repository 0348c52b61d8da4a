// The one place that knows which engines there are; a second one is a new entry here.
import type { EngineOptions, InferenceEngine } from './engine.js';
import { openOnnxEngine } from './onnx-engine.js';

const ENGINES = { onnxruntime: openOnnxEngine } satisfies Record<
  string,
  (path: string, options: EngineOptions) => Promise<InferenceEngine>
>;

export type EngineKind = keyof typeof ENGINES;
export const ENGINE_KINDS = Object.keys(ENGINES) as readonly EngineKind[];

/** Loads an ONNX network with the engine of that name. Throws BUNDLE_CORRUPT where it cannot be loaded. */
export function openEngine(kind: EngineKind, path: string, options: EngineOptions): Promise<InferenceEngine> {
  return ENGINES[kind](path, options);
}
