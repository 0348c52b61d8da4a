// The runtime: its settings first, then TensorFlow.
export { configureRuntime, type RuntimeSettings } from './settings.js';
export {
  boolAttribute,
  floatAttribute,
  floatType,
  hasBf16Kernels,
  hasKernels,
  intType,
  runKernel,
  runKernelInPlace,
  runKernelMulti,
  runtimeText,
  stringAttribute,
  type Tensors,
  tf,
  usedDevice,
  usedMath,
} from './tf.js';
