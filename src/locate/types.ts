// The words of the locate room: what a caller may ask, and what it gets.
import type { Confidence, RadiusM, Verdict, VerdictThresholds } from '../confidence/index.js';
import type { LonLat } from '../geometry/index.js';
import type { ProjectionMode } from '../imaging/index.js';
import type { Prior } from '../places/index.js';
import type { PictureName, Pictures } from './picture.js';

export interface LocateOptions {
  /** How many answers, 1 to 50. */
  readonly top: number;
  /** Values given here win over the file's metadata. */
  readonly headingDeg?: number | undefined;
  /** "unknown": it is estimated, whatever the file says; so it is where nothing says it. Excludes the two beside it. */
  readonly heading?: HeadingMode | undefined;
  /** The heading that is given, or the file's, is off by up to so much, 1 to 180: it is estimated in between. */
  readonly headingToleranceDeg?: number | undefined;
  readonly pitchDeg?: number | undefined;
  readonly rollDeg?: number | undefined;
  /** Default: the bundle's; where that has several, all of them are tried. */
  readonly cameraHeightM?: number | undefined;
  /** What the rows of a strip cover. Default: what the file says, else the bundle. */
  readonly verticalFovDeg?: number | undefined;
  /** What the columns cover: of a perspective photo, or of part of a panorama. */
  readonly horizontalFovDeg?: number | undefined;
  /** Default "auto": by metadata, shape and horizontalFovDeg (see imaging's cameraModelOf). */
  readonly projection?: ProjectionMode | undefined;
  /** Share of the rows above the horizon. Default: what the file says, else the bundle, else the middle. */
  readonly horizonShare?: number | undefined;
  /** Where the camera is known to have stood: every answer lies inside. */
  readonly prior?: Prior | undefined;
  /** True: overlapping tiles are one place. False: raw tiles. */
  readonly distinct: boolean;
  /** Pictures that are to come with the answer; none where absent. */
  readonly include?: readonly PictureName[] | undefined;
  /** From where on a verdict is said. Default: DEFAULT_THRESHOLDS. */
  readonly thresholds?: VerdictThresholds | undefined;
  /** Larger images are refused. */
  readonly maxPixels?: number | undefined;
  /** Checked between the steps: nobody waits for the answer any more. */
  readonly signal?: AbortSignal | undefined;
  /** Told of each step as it ends, also of the one that fails; while a heading is estimated they come again and again. */
  readonly onStep?: ((outcome: StepOutcome) => void) | undefined;
}

/** auto: what the request or the file says, else estimated. */
export type HeadingMode = 'auto' | 'unknown';

/** Who says where the camera looked: see imaging's sources; estimated: nobody, it is where the tiles fit best. */
export const HEADING_SOURCES = ['request', 'metadata', 'exif', 'estimated'] as const;
export type HeadingSource = (typeof HEADING_SOURCES)[number];

export interface HeadingAnswer {
  /** [0, 360) */
  readonly deg: number;
  readonly source: HeadingSource;
  /** Of an estimated one: how far off others lie that fit as well, root mean square; 104 says nothing. */
  readonly uncertaintyDeg?: number;
}

/** How one step ended. */
export interface StepOutcome {
  readonly step: Step;
  readonly ms: number;
  readonly ok: boolean;
}

/**
 * lon, lat: where the camera probably stood; the centre of the tile where the bundle looks in the middle only or raw
 * tiles were asked for.
 */
export interface Place extends LonLat {
  /** From 1. */
  readonly rank: number;
  /** Id of the tile whose centre is nearest. */
  readonly tile: string;
  /** At most 1: the cosine similarity of a tile, or for a place between tiles the soft mean of those around it. */
  readonly score: number;
  /** That the camera stood within 25 m of here. */
  readonly probability: number;
  /** Circles around here that hold the camera with 68 % and 95 %, if it stood in the region; metres. */
  readonly radiusM: RadiusM;
  /** Metres to the upload's own GPS position, where it has one; never used for ranking. */
  readonly distanceM?: number;
}

/** The steps that are timed, in the order a panorama takes them. */
export const STEPS = ['decode', 'bev', 'generate', 'embed', 'search'] as const;
export type Step = (typeof STEPS)[number];

export interface LocateAnswer {
  readonly region: string;
  /** name@version */
  readonly bundle: string;
  readonly indexVersion: string;
  readonly heading: HeadingAnswer;
  /** When the photo was taken, as the file says: ISO 8601, without an offset by the camera's own clock. */
  readonly capturedAt?: string;
  /** Camera heights under which the photo was projected to the ground: the one asked for, else all the bundle assumes. */
  readonly cameraHeightsM: readonly number[];
  /** What the answer as a whole is worth, and why. */
  readonly verdict: Verdict;
  readonly reason: string;
  readonly confidence: Confidence;
  readonly results: readonly Place[];
  /** Those that were asked for. */
  readonly pictures?: Pictures;
  /** Milliseconds. */
  readonly timingsMs: Readonly<Record<Step | 'total', number>>;
  /** What was assumed or ignored, as sentences. */
  readonly warnings: readonly string[];
}
