// The words of the geometry room. Angles are degrees, lengths metres; azimuths run clockwise from true north.

/**
 * Which part of a full equirectangular sphere an image shows, in pixels of the full sphere (GPano's model).
 * Column 0 of the full sphere looks backwards, its centre column along the heading; row 0 is the zenith.
 * A full panorama has left = top = 0 and width, height equal to the full ones. A CVUSA strip 1232x224 that
 * covers 65.45 degrees vertically has fullWidthPx 1232, fullHeightPx 224*180/65.45 and its horizon in row 131;
 * so the full sizes and offsets may be fractional.
 */
export interface SphereWindow {
  readonly fullWidthPx: number;
  readonly fullHeightPx: number;
  readonly leftPx: number;
  readonly topPx: number;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** A perspective image, in pixels of it: a ray that leaves the axis at an angle a meets it focalPx * tan(a) from its centre. */
export interface PinholeCamera {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly focalPx: number;
  /** Where the axis meets the image, edge coordinates (pixel centres at +1/2). */
  readonly centreXPx: number;
  readonly centreYPx: number;
}

/** How an image's pixels are directions: equirectangular, or by a pinhole. */
export type CameraModel = SphereWindow | PinholeCamera;

/** What an equirectangular image shows where its file does not say. All rows lie between zenith and nadir (fieldOfViewFault). */
export interface FieldOfView {
  /** Angle of the columns, centred on the heading; over 0, at most 360, which it is where absent. */
  readonly horizontalDeg?: number;
  /** Angle of the rows; over 0, at most 180. */
  readonly verticalDeg: number;
  /**
   * Where the horizon lies: share of the rows above it, so 0.5 (where absent) is the middle row; may lie outside of
   * the image.
   */
  readonly horizonShare?: number;
}

/** Where the camera looks: heading clockwise from true north, pitch up positive, roll right side down positive. */
export interface CameraPose {
  readonly headingDeg: number;
  readonly pitchDeg: number;
  readonly rollDeg: number;
}

/** A square north-up ground image: sizePx * gsdM metres wide, seen from cameraHeightM above the ground. */
export interface BevGeometry {
  readonly sizePx: number;
  /** Ground sampling distance, metres per pixel. */
  readonly gsdM: number;
  readonly cameraHeightM: number;
}

/** WGS 84, degrees. */
export interface LonLat {
  readonly lon: number;
  readonly lat: number;
}

/** 8-bit RGB, row-major, interleaved: data.length === widthPx * heightPx * 3. */
export interface RgbImage {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly data: Uint8Array;
}

/** A BEV: pixels that the panorama does not show are black in the image and 0 in the mask (1 elsewhere). */
export interface Bev {
  readonly image: RgbImage;
  /** [sizePx * sizePx], 0 or 1. */
  readonly mask: Uint8Array;
}
