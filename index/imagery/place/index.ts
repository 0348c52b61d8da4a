// Where pictures lie: transforms from pixels to the ground, coordinate systems, and both together.
export {
  type Affine,
  type AffineProblem,
  affineOfTags,
  affineOfWorldFile,
  applyAffine,
  invertAffine,
  movedPx,
} from './affine.js';
export {
  type CrsOptions,
  givenProjection,
  type Projection,
  projectionOfCode,
  projectionOfWkt,
} from './crs.js';
export { type Placement, placementOf } from './placement.js';
