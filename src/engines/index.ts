// Engines: the port that every inference engine implements, its adapters, and the choice between them.
export {
  ENGINE_KINDS,
  type EngineChoice,
  type EngineKind,
  type EngineSettings,
  type EngineTiming,
  inFloatOf,
  type Precision,
} from './choice.js';
export { chooseEngine, type Machine } from './choose-engine.js';
export type { ByteTensor, EngineOptions, InferenceEngine, Tensor } from './engine.js';
export { DEFAULT_ENGINE, openOnnxEngine } from './onnx-engine.js';
export { openEngine } from './open-engine.js';
export { type Candidate, openFastest } from './open-fastest.js';
export { openOpenVinoEngine } from './openvino-engine.js';
export { findOpenVino, OPENVINO_VERSION, openvinoFolders } from './openvino-library.js';
export { LENGTH_TOLERANCE, restoreLength, unitLengthFault } from './unit-length.js';
