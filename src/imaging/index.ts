// Imaging: bytes of an uploaded file in, pixels and what its metadata says out; and pixels to tensors and PNG.
export { PROJECTION_MODES, type ProjectionMode } from './camera-model.js';
export { coherenceOf } from './coherence.js';
export {
  type DecodedPanorama,
  type DecodedPhoto,
  type DecodeOptions,
  decodePanorama,
  decodePhoto,
  type PanoramaMetadata,
  type PhotoMetadata,
  type PhotoOptions,
  readPanoramaMetadata,
} from './decode.js';
export { encodeWebp } from './encode-webp.js';
export { DEFAULT_MAX_PIXELS, decodeImage, encodePng, resizeImage } from './pixels.js';
export type { HeadingSource } from './pose.js';
export { checkJpeg, decodeRgba, type RgbaImage, splitAlpha } from './rgba.js';
export { type Sharp, sharp } from './sharp.js';
export {
  bevToNchw,
  cropSquares,
  nchwToRgb,
  rgbToNchw,
  signedToUnit,
  stackTensors,
  type ValueRange,
} from './tensors.js';
export { type BevTexture, bevTexture, requireTexture } from './texture.js';
export { turnSquare } from './turn.js';
