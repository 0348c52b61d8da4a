// Describe: the one way from a BEV to descriptors: views, looks, batches.
export { averageLooks, meanDescriptor } from './average-looks.js';
export { Describer, type SeenViews } from './describer.js';
export { type Look, type LookCorner, lookCorners, lookOffsets, type Offset } from './looks.js';
export { type NetworkOptions, type Networks, openNetworks } from './networks.js';
export { wholeGraph, wholeNetworkFile } from './whole-network.js';
