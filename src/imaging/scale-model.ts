// How far an image is shrunk before it is projected: what it has more than a BEV can use is not decoded.
import {
  type CameraModel,
  isPinhole,
  type PinholeCamera,
  type SphereWindow,
  scaledPinhole,
} from '../geometry/index.js';

/** The model of the image shrunk to what a full circle of `targetWidthPx` columns has; itself where it has no more. */
export function scaledModel(model: CameraModel, targetWidthPx: number | undefined): CameraModel {
  if (targetWidthPx === undefined) return model;
  return isPinhole(model) ? scaledPhoto(model, targetWidthPx) : scaledWindow(model, targetWidthPx);
}

/** In its middle, where it is coarsest, a photo keeps as many pixels to a degree as a circle has. */
function scaledPhoto(camera: PinholeCamera, targetWidthPx: number): PinholeCamera {
  const scale = targetWidthPx / (2 * Math.PI) / camera.focalPx;
  if (scale >= 1) return camera;
  const side = (px: number) => Math.max(1, Math.round(px * scale));
  return scaledPinhole(camera, side(camera.widthPx), side(camera.heightPx));
}

/** Rows may be that much finer than columns before they are shrunk by more. */
const MOST_STRETCH = 1.05;

/** The window of the image shrunk on both sides to what `targetWidthPx` columns around and half as many rows can use. */
function scaledWindow(window: SphereWindow, targetWidthPx: number): SphereWindow {
  const across = Math.min(1, targetWidthPx / window.fullWidthPx);
  const most = targetWidthPx / 2;
  const down = window.fullHeightPx * across > most * MOST_STRETCH ? most / window.fullHeightPx : across;
  if (across === 1 && down === 1) return window;
  const widthPx = Math.max(1, Math.round(window.widthPx * across));
  const heightPx = Math.max(1, Math.round(window.heightPx * down));
  const [scaleX, scaleY] = [widthPx / window.widthPx, heightPx / window.heightPx];
  return {
    fullWidthPx: window.fullWidthPx * scaleX,
    fullHeightPx: window.fullHeightPx * scaleY,
    leftPx: window.leftPx * scaleX,
    topPx: window.topPx * scaleY,
    widthPx,
    heightPx,
  };
}
