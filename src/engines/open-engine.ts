// The one place that knows which engine opens a network; a further one is a new entry here.
import { atPrecision, type EngineChoice, type EngineKind } from './choice.js';
import type { EngineOptions, InferenceEngine } from './engine.js';
import { openOnnxEngine } from './onnx-engine.js';
import { type Candidate, type Opener, openFastest } from './open-fastest.js';
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
  const { typicalShape } = options;
  const candidates = candidatesFor(choice, path, options.quantisedPath);
  if (candidates.length === 1 || typicalShape === undefined) return open(choice, path, options);
  return openFastest(candidates, { ...options, typicalShape }, open);
}

/**
 * The choice and its alternatives; where any precision will do and the network is there in 8 bits, each also so. bf16 is then
 * held against f32 too.
 */
function candidatesFor(choice: EngineChoice, path: string, quantisedPath?: string): readonly Candidate[] {
  const { alternatives = [], anyPrecision = false } = choice;
  const given = [choice, ...alternatives];
  if (!anyPrecision || quantisedPath === undefined) return given.map((each) => ({ choice: each, path }));
  const plain = given.filter(({ precision }) => precision === 'bf16').map((each) => atPrecision(each, 'f32'));
  return [
    ...[...given, ...plain].map((each) => ({ choice: each, path })),
    ...given.map((each) => ({ choice: atPrecision(each, 'int8'), path: quantisedPath })),
  ];
}

const open: Opener = (choice, path, options) => OPENERS[choice.kind](path, options, choice);
