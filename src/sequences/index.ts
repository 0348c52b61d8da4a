// Sequences: panoramas taken one after another along a way, and the way that explains all of them together.
export { type Chain, type Decoded, decodeChain } from './chain.js';
export { type Step, stepLogDensity } from './movement.js';
export { type Moment, momentOf, secondsBetween, TIME_PATTERN } from './times.js';
export { type Frame, type FrameCandidate, type Track, type TrackPoint, trackOf } from './track.js';
export {
  type FrameFeature,
  type FrameProperties,
  type LocatedFrame,
  type TrackFeatures,
  trackFeatures,
  type WayFeature,
  type WayProperties,
} from './track-features.js';
