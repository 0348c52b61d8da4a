// From trained parameters to the files that serving loads: ONNX graphs, safetensors, bundles.

export { readSafetensors, writeSafetensors } from '../weights/index.js';
export { type BundleContent, initBundle, writeBundle } from './bundle.js';
export { contentOf, type EncoderContent } from './encoder-content.js';
export { exportEncoderOnnx } from './encoder-onnx.js';
export { exportGeneratorOnnx } from './generator-onnx.js';
export { exportGridOnnx, type GridOnnxOptions } from './grid-onnx.js';
export { type GridWeights, gridArrays, readGridWeights } from './grid-weights.js';
export { readTrunk, trunkOf } from './load-trunk.js';
export { loadPretrainedEncoder, loadPretrainedGenerator } from './pretrained.js';
export { type PretrainedOptions, pretrainedBundle } from './pretrained-bundle.js';
export { fromTorchLayout, ownLayout, torchLayout, toTorchLayout } from './torch-layout.js';
export { exportTrunkOnnx } from './trunk-onnx.js';
export {
  cycleGanNaming,
  ENCODER_NAMING,
  type EncoderNames,
  type Naming,
  ownName,
  torchvisionName,
} from './weight-names.js';
