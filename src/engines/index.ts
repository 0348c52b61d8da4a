// Engines: the port that every inference engine implements, and its adapters.
export type { InferenceEngine, Tensor } from './engine.js';
export { openOnnxEngine } from './onnx-engine.js';
export { ENGINE_KINDS, type EngineKind, type EngineOptions, openEngine } from './open-engine.js';
