// Regions: what a process serves, opened, leased and swapped while it serves.
export { type PartLives, REGION_PARTS, type RegionHealth, type RegionPart } from './health.js';
export type { LoadedRegion } from './loaded-region.js';
export { NetworkPool } from './network-pool.js';
export {
  RegionService,
  type RegionServiceOptions,
  type ReloadOutcome,
} from './region-service.js';
export type { RegionLease } from './region-slot.js';
export type { RegionBasemap, RegionMap, RegionSummary } from './region-summary.js';
