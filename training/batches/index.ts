// Batches: which rows make a batch, how they are cut out and changed, and threads that do so ahead of the steps.
export { type ColourJitter, type Dihedral, NO_JITTER, writeCrop } from './augment.js';
export { BatchLoader } from './batch-loader.js';
export { type Crop, computeCrop } from './crop.js';
export { EpochSampler } from './epoch-sampler.js';
export { minedNeighbours } from './mined-neighbours.js';
export { mixedBatch, type Neighbours } from './sampling.js';
