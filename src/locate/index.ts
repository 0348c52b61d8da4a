// Locate: an upload and a loaded region in, places out; and the regions that a process serves.
export { locate } from './locate.js';
export { NetworkPool } from './network-pool.js';
export { type RegionDescription, RegionService, type RegionServiceOptions } from './region-service.js';
export type { RegionLease } from './region-slot.js';
export {
  type LoadedRegion,
  type LocateAnswer,
  type LocateOptions,
  type Place,
  type Prior,
  STAGES,
  type Stage,
} from './types.js';
