// A picture that comes along with an answer.
import type { LonLat } from '../geometry/index.js';

export const PICTURES = ['bev', 'view', 'tile'] as const;
export type PictureName = (typeof PICTURES)[number];

/** A square picture of the ground, north up. */
export interface Picture {
  readonly mediaType: string;
  /** The file, base64. Transparent where nothing is known of the ground. */
  readonly data: string;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly metresPerPixel: number;
  /** Side of the ground that it shows. */
  readonly groundM: number;
  /** Which way its upper edge lies, degrees clockwise from true north. */
  readonly upDeg: 0;
  /** What lies in its middle, where it is imagery or an answer says where that is. */
  readonly centre?: LonLat;
  /** Where the camera looked, of what was made from the photo; [0, 360). */
  readonly headingDeg?: number;
  /** Under which camera height the photo was projected to the ground. */
  readonly cameraHeightM?: number;
  /** Whose imagery it is, where that is known. */
  readonly attribution?: string;
}

/** Why there is none, as a sentence. */
export interface MissingPicture {
  readonly missing: string;
}

export type Pictures = Readonly<Partial<Record<PictureName, Picture | MissingPicture>>>;
