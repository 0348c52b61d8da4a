// Files of weights: safetensors, which is read and written here, PyTorch's checkpoints, and the trunks that others published.
export {
  cachedTrunk,
  fetchTrunk,
  PUBLISHED_TRUNKS,
  trunkAttribution,
  trunkNotice,
  trunkPath,
} from './published-trunks.js';
export { readSafetensors, writeSafetensors } from './safetensors.js';
export { readTorchCheckpoint } from './torch-checkpoint.js';
