// What the server says, as far as the page reads it; optional is what not every server or bundle has.

export interface Heading {
  readonly deg: number;
  readonly source: string;
  readonly uncertaintyDeg?: number;
}

export interface Radius {
  readonly p68: number;
  readonly p95: number;
}

export interface Place {
  readonly rank: number;
  readonly tile: string;
  readonly lon: number;
  readonly lat: number;
  readonly score: number;
  /** That the camera stood within 25 m of it. */
  readonly probability?: number;
  readonly radiusM?: Radius;
  /** From the file's own GPS position. */
  readonly distanceM?: number;
}

export const VERDICTS = ['located', 'ambiguous', 'not in this region', 'unusable image'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** A square of ground, north up; or why there is none. */
export interface Picture {
  readonly mediaType: string;
  /** base64. */
  readonly data: string;
  /** Side of the ground that it shows. */
  readonly groundM: number;
  readonly cameraHeightM?: number;
  readonly attribution?: string;
}
export interface MissingPicture {
  readonly missing: string;
}
export const PICTURES = ['bev', 'view', 'tile'] as const;
export type PictureName = (typeof PICTURES)[number];
export type Pictures = Readonly<Partial<Record<PictureName, Picture | MissingPicture>>>;

export interface Answer {
  readonly requestId: string;
  readonly region: string;
  readonly bundle: string;
  readonly indexVersion: string;
  readonly heading: Heading;
  readonly cameraHeightsM: readonly number[];
  readonly results: readonly Place[];
  readonly timingsMs: Readonly<Record<string, number>>;
  readonly warnings: readonly string[];
  readonly verdict?: Verdict;
  readonly reason?: string;
  readonly confidence?: { readonly source?: string };
  readonly pictures?: Pictures;
}

export interface Region {
  readonly region: string;
  readonly default: boolean;
  readonly bundle: string;
  readonly indexVersion: string;
  readonly tiles: number;
  readonly tileSizeM: number;
  /** west, south, east, north. */
  readonly bounds: readonly [number, number, number, number];
  /** Of its own imagery as PMTiles; null where its version was built without. */
  readonly basemap?: Basemap | null;
  /** GeoJSON MultiPolygon; absent until it is known, see readOutline. */
  readonly outline?: Outline;
}

export interface Basemap {
  readonly attribution: string | null;
}

/** Coordinates of a GeoJSON MultiPolygon. */
export type Outline = readonly (readonly (readonly (readonly [lon: number, lat: number])[])[])[];

/** RFC 9457, as the server writes it; the page's own problems have no status. */
export interface Problem {
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly advice: string;
  readonly status?: number;
  readonly requestId?: string;
}

/** What is asked besides the image; absent is left to the file and the bundle. */
export interface Question {
  readonly region?: string;
  readonly top: number;
  readonly headingDeg?: number;
  /** Estimate it, whatever the file says. */
  readonly headingUnknown?: boolean;
  readonly headingToleranceDeg?: number;
  readonly cameraHeightM?: number;
  readonly pitchDeg?: number;
  readonly rollDeg?: number;
  readonly horizontalFovDeg?: number;
  readonly verticalFovDeg?: number;
  readonly horizonShare?: number;
  readonly prior?: { readonly lon: number; readonly lat: number; readonly radiusM: number };
}

/** A panorama of a way, and where the way has it. */
export interface TrackPoint {
  readonly geometry: { readonly coordinates: readonly [lon: number, lat: number] } | null;
  readonly properties: {
    readonly file?: string;
    /** From 1. */
    readonly frame: number;
    readonly status: 'ok' | 'failed';
    readonly code?: string;
    readonly message?: string;
    /** That the camera stood within 25 m of it. */
    readonly probability?: number;
    readonly rankAlone?: number;
    readonly heading?: Heading;
    readonly verdictAlone?: Verdict;
  };
}

/** What POST /locate/sequence answers: the way first, then a point for each panorama. */
export interface Track {
  readonly requestId: string;
  readonly region: string;
  readonly bundle?: string;
  readonly indexVersion?: string;
  readonly features: readonly [
    {
      readonly geometry: { readonly coordinates: readonly (readonly [lon: number, lat: number])[] } | null;
      readonly properties: {
        readonly verdict: Verdict;
        readonly probability: number;
        readonly frames: number;
        readonly travelMinusHeadingDeg?: number;
      };
    },
    ...TrackPoint[],
  ];
}
