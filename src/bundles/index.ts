// Bundles: the versioned artefact that training makes and serving loads, verified; and bundles made of networks from elsewhere.
export { type CheckedNetworks, checkNetworks } from './check-bundle.js';
export type { NetworkReport } from './check-network.js';
export { type BundleConfig, checkBundleConfig } from './config.js';
export {
  BATCH_TOLERANCE,
  encoderContract,
  generatorContract,
  MOST_AT_ONCE,
  MOST_VIEWS_AT_ONCE,
  type NetworkContract,
} from './contract.js';
export { type DescriptorMap, descriptorMapOf } from './descriptor-map.js';
export {
  bevGeometryOf,
  bevPerViewPx,
  cameraHeightsOf,
  looksPerSide,
  panoramaWidthOf,
  viewSizePx,
} from './geometry.js';
export { type ImportedBundle, type ImportedNetwork, type ImportOptions, importBundle } from './import.js';
export { type Bundle, checkManifest, type LoadOptions, loadBundle } from './load.js';
export {
  BUNDLE_INPUTS,
  BUNDLE_LOOKS,
  BUNDLE_SCHEMA,
  type BundleGeometry,
  type BundleInput,
  type BundleLooks,
  type BundleManifest,
  type BundleQuantisation,
  type Fidelity,
  NETWORK_FILES,
  type NetworkFile,
  QUANTISED_FILES,
  type QuantisedNetworkRecord,
} from './manifest.js';
export { FIELD_OF_VIEW_SCHEMA, geometryFault } from './schema.js';
