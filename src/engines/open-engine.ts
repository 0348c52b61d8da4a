// The one place that knows which engine opens a network; a further one is a new entry here.
import type { EngineChoice, EngineKind } from './choice.js';
import type { EngineOptions, InferenceEngine } from './engine.js';
import { openOnnxEngine } from './onnx-engine.js';
import { type Opener, openFastest } from './open-fastest.js';
import { openOpenVinoEngine } from './openvino-engine.js';

const OPENERS: Record<
  EngineKind,
  (path: string, options: EngineOptions, choice: EngineChoice) => Promise<InferenceEngine>
> = {
  onnxruntime: openOnnxEngine,
  cuda: openOnnxEngine,
  webgpu: openOnnxEngine,
  openvino: openOpenVinoEngine,
};

/**
 * Loads an ONNX network with the engine that was chosen; where there are alternatives and a typical shape, with the one of
 * them that is the fastest. Throws BUNDLE_CORRUPT where it cannot be loaded.
 */
export function openEngine(
  choice: EngineChoice,
  path: string,
  options: EngineOptions,
): Promise<InferenceEngine> {
  const { alternatives = [] } = choice;
  const { typicalShape } = options;
  if (alternatives.length === 0 || typicalShape === undefined) return open(choice, path, options);
  return openFastest([choice, ...alternatives], path, { ...options, typicalShape }, open);
}

const open: Opener = (choice, path, options) => OPENERS[choice.kind](path, options, choice);
