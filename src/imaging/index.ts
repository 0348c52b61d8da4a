// Imaging: bytes of an uploaded file in, pixels and what its metadata says out; and pixels to tensors and PNG.
export {
  DEFAULT_MAX_PIXELS,
  type DecodedPanorama,
  type DecodeOptions,
  decodePanorama,
  type HeadingSource,
  type PanoramaMetadata,
  readPanoramaMetadata,
} from './decode.js';
export { decodeImage, encodePng, resizeImage } from './pixels.js';
export { checkJpeg, decodeRgba, type RgbaImage, splitAlpha } from './rgba.js';
export {
  bevToNchw,
  cropSquares,
  nchwToRgb,
  rgbToNchw,
  signedToUnit,
  stackTensors,
  type ValueRange,
} from './tensors.js';
