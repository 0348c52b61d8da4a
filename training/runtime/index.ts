// The runtime: its settings first, then TensorFlow.
export { configureRuntime, type RuntimeSettings } from './settings.js';
export { describeRuntime, tf } from './tf.js';
