// From trained parameters to the files that serving loads: ONNX graphs, safetensors, bundles.
export { type BundleContent, initBundle, writeBundle } from './bundle.js';
export { exportEncoderOnnx } from './encoder-onnx.js';
export { exportGeneratorOnnx } from './generator-onnx.js';
export { loadPretrainedEncoder, loadPretrainedGenerator } from './pretrained.js';
export { type PretrainedOptions, pretrainedBundle } from './pretrained-bundle.js';
export { readSafetensors, writeSafetensors } from './safetensors.js';
export { fromTorchLayout, toTorchLayout } from './torch-layout.js';
export {
  cycleGanNaming,
  ENCODER_NAMING,
  type EncoderNames,
  type Naming,
  ownName,
  torchvisionName,
} from './weight-names.js';
