// The networks at serving time: bundles, and the engine that runs them.
export { BUNDLE_SCHEMA, type BundleGeometry, type BundleManifest } from './bundle-manifest.js';
export type { InferenceEngine, Tensor } from './engine.js';
export {
  ONNX_OPSET,
  type OnnxAttribute,
  type OnnxDimension,
  OnnxGraph,
  type OnnxSummary,
  readOnnx,
} from './onnx-graph.js';
