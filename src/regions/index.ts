// Regions: what a process serves, opened, leased and swapped while it serves.
export type { LoadedRegion } from './loaded-region.js';
export { NetworkPool } from './network-pool.js';
export { type RegionDescription, RegionService, type RegionServiceOptions } from './region-service.js';
export type { RegionLease } from './region-slot.js';
