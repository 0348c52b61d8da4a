// Engines: the port that every inference engine implements, and its adapters.
export type { EngineOptions, InferenceEngine, Tensor } from './engine.js';
export { openOnnxEngine } from './onnx-engine.js';
export { ENGINE_KINDS, type EngineKind, openEngine } from './open-engine.js';
export { LENGTH_TOLERANCE, unitLengthFault } from './unit-length.js';
