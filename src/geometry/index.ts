// Geometry: from panorama angles to ground pixels and from metres to degrees. Pure functions, no input or output.
export { areaDownsample, type BevTableOwner, projectAveraged, projectBev } from './bev.js';
export { BevTableCache, DEFAULT_TABLE_BYTES } from './bev-cache.js';
export {
  type BevTable,
  bevTableBytes,
  buildBevTable,
  headingShifts,
  panoramaPointOfGround,
} from './bev-table.js';
export { bilinear, bilinearWeights } from './bilinear.js';
export {
  type Bounds,
  boundsOf,
  distanceM,
  insideBbox,
  insideRadius,
  localOffsetM,
  offsetLonLat,
  wrapLonDeg,
} from './geodesy.js';
export {
  fieldOfViewOf,
  isPinhole,
  lowestCornerDeg,
  photoPointOfGround,
  pinholeOfFocal,
  pinholeOfFov,
  scaledPinhole,
  WIDEST_PERSPECTIVE_DEG,
} from './pinhole.js';
export { cameraAxes, normalisedDeg, poseOfAxes, turnBetweenDeg, type Vector } from './rotation.js';
export {
  fieldOfViewFault,
  fullSphere,
  isFullCircle,
  LEVEL_NORTH,
  sphereWindowFromVerticalFov,
  sphereWindowOf,
} from './sphere.js';
export type {
  Bev,
  BevGeometry,
  CameraModel,
  CameraPose,
  FieldOfView,
  LonLat,
  PinholeCamera,
  RgbImage,
  SphereWindow,
} from './types.js';
