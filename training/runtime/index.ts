// The runtime: its settings first, then TensorFlow.
export { configureRuntime, type RuntimeSettings } from './settings.js';
export {
  boolAttribute,
  describeRuntime,
  floatAttribute,
  floatType,
  hasBf16Kernels,
  hasKernels,
  intType,
  runKernel,
  runKernelMulti,
  stringAttribute,
  type Tensors,
  tf,
  usedDevice,
  usedMath,
} from './tf.js';
