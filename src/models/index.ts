// Models: a verified bundle on disk becomes two running networks behind one port.
export { type Bundle, checkManifest, type LoadOptions, loadBundle } from './bundle.js';
export { type BundleConfig, checkBundleConfig } from './bundle-config.js';
export {
  BUNDLE_INPUTS,
  BUNDLE_SCHEMA,
  type BundleGeometry,
  type BundleInput,
  type BundleManifest,
} from './bundle-manifest.js';
export { FIELD_OF_VIEW_SCHEMA, geometryFault } from './bundle-schema.js';
export type { InferenceEngine, Tensor } from './engine.js';
export { type ImportedBundle, type ImportOptions, importBundle } from './import-bundle.js';
export type { NetworkReport } from './network-contract.js';
export {
  bevGeometryOf,
  describeBev,
  type Networks,
  openNetworks,
  panoramaWidthOf,
  windowsOf,
} from './networks.js';
export { openOnnxEngine } from './onnx-engine.js';
export {
  ONNX_OPSET,
  type OnnxAttribute,
  type OnnxDimension,
  OnnxGraph,
  type OnnxSummary,
  readOnnx,
} from './onnx-graph.js';
export { ENGINE_KINDS, type EngineKind, type EngineOptions, openEngine } from './open-engine.js';
export { explainSchemaErrors } from './schema-errors.js';
export { type ViewWindow, viewSizePx, viewWindows, windowOffsetsM } from './view-windows.js';
