// Made of openapi.yaml by generate.ts; changes belong there.

export type Heading = {
  readonly deg: number;
  /**
   * metadata: GPano's PoseHeadingDegrees; exif: GPSImgDirection or Mapillary's MAPCompassHeading;
   * estimated: the one under which the view fits the tiles best.
   */
  readonly source: 'request' | 'metadata' | 'exif' | 'estimated';
  /**
   * Of an estimated heading: how far off others lie that fit as well, root mean square; 104 says
   * nothing at all.
   */
  readonly uncertaintyDeg?: number;
};

/** Milliseconds. */
export type Timings = {
  readonly decode: number;
  readonly bev: number;
  /** The view from above; 0 where generator and encoder ran as one graph: embed is the time of both. */
  readonly generate: number;
  readonly embed: number;
  readonly search: number;
  readonly total: number;
};

export type Place = {
  readonly rank: number;
  /** The tile whose centre is nearest. */
  readonly tile: string;
  /** Where the camera probably stood. */
  readonly lon: number;
  readonly lat: number;
  /**
   * Cosine similarity of the tile; for a place between tiles the soft mean of those around it, or the
   * mean over the ground that was seen, by the bundle.
   */
  readonly score: number;
  readonly probability: Probability;
  readonly radiusM: RadiusM;
  /** Metres from the upload's own GPS position, which is never used for ranking. */
  readonly distanceM?: number;
};

/** What was asked for by include; of a picture that cannot be made, why. */
export type Pictures = {
  readonly bev?: PictureOrReason;
  readonly view?: PictureOrReason;
  readonly tile?: PictureOrReason;
};

export type PictureOrReason = Picture | MissingPicture;

export type MissingPicture = {
  /** Why there is none, as a sentence. */
  readonly missing: string;
};

/** A square of ground, north up; transparent where nothing is known of it. */
export type Picture = {
  readonly mediaType: string;
  /** The picture's file. */
  readonly data: string;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly metresPerPixel: number;
  /** Side of the ground that it shows. */
  readonly groundM: number;
  /** Which way its upper edge lies, degrees clockwise from true north. */
  readonly upDeg: 0;
  /** What lies in its middle; of bev and view where the best place is right. */
  readonly centre?: {
    readonly lon: number;
    readonly lat: number;
  };
  /** Where the centre of the photo looks, of what was made from it. */
  readonly headingDeg?: number;
  /** Under which the photo was projected to the ground. */
  readonly cameraHeightM?: number;
  /** Whose imagery it is, where that is known. */
  readonly attribution?: string;
};

/**
 * That the camera stood within 25 m of this place. Calibrated on located panoramas, unless
 * `confidence.source` is "none".
 */
export type Probability = number;

/**
 * Circles around the place that hold the camera with 68 % and 95 %, if it stood in the region;
 * metres.
 */
export type RadiusM = {
  readonly p68: number;
  readonly p95: number;
};

/**
 * located: the best place can be believed. ambiguous: no place is likely enough. not in this region:
 * nothing in it looks like the image. unusable image: too little of the ground is seen, or it is
 * almost of one colour (an image that shows nothing at all is refused with the code PANORAMA_BLANK).
 * Where a verdict begins is set on the server.
 */
export type Verdict = 'located' | 'ambiguous' | 'not in this region' | 'unusable image';

/** The verdict in a sentence or two. */
export type Reason = string;

/** What probabilities, circles and verdict are made of. */
export type Confidence = {
  /**
   * Who calibrated them: panoramas of this region, the bundle's own, or nobody: then they are an
   * estimate that needs no data, and only their order is to be relied on.
   */
  readonly source: 'region' | 'bundle' | 'none';
  /** That the camera stood in the region at all, at these places or elsewhere. */
  readonly insideProbability: number;
  /**
   * How far the best place's score lies above that of the next one more than 25 m away; absent without
   * one.
   */
  readonly gap?: number;
  /**
   * Share of the looks at the view that each by itself vote for the best place; absent where there is
   * one.
   */
  readonly agreement?: number;
};

/**
 * When the photo was taken, as its EXIF says: ISO 8601, without an offset by the camera's own clock.
 * Absent where the file does not say.
 */
export type CapturedAt = string;

/** Camera heights that were tried, metres; the one of the request, else those of the bundle. */
export type CameraHeights = readonly number[];

export type LocateAnswer = {
  readonly requestId: string;
  readonly region: string;
  /** name@version */
  readonly bundle: string;
  readonly indexVersion: string;
  readonly heading: Heading;
  readonly capturedAt?: CapturedAt;
  readonly cameraHeightsM: CameraHeights;
  readonly verdict: Verdict;
  readonly reason: Reason;
  readonly confidence: Confidence;
  readonly results: readonly Place[];
  readonly pictures?: Pictures;
  readonly timingsMs: Timings;
  readonly warnings: readonly string[];
};

export type LocateFeatures = {
  readonly type: 'FeatureCollection';
  readonly features: readonly {
    readonly type: 'Feature';
    readonly geometry: {
      readonly type: 'Point';
      readonly coordinates: readonly number[];
    };
    readonly properties: {
      readonly rank: number;
      readonly tile: string;
      readonly score: number;
      readonly probability: Probability;
      readonly radiusM: RadiusM;
      readonly distanceM?: number;
    };
  }[];
  readonly requestId: string;
  readonly region: string;
  readonly bundle: string;
  readonly indexVersion: string;
  readonly heading: Heading;
  readonly capturedAt?: CapturedAt;
  readonly cameraHeightsM: CameraHeights;
  readonly pictures?: Pictures;
  readonly verdict: Verdict;
  readonly reason: Reason;
  readonly confidence: Confidence;
  readonly timingsMs: Timings;
  readonly warnings: readonly string[];
};

/** As many as there are images, in their order. What stands here goes before the fields of the form. */
export type SequenceFrames = readonly SequenceFrame[];

export type SequenceFrame = {
  /** Metres along the way from the panorama before it. */
  readonly distanceM?: number;
  /** Since the panorama before it. */
  readonly seconds?: number;
  /**
   * When it was taken; goes before what the file's EXIF says. Counts where neither seconds nor a
   * distance are given.
   */
  readonly time?: string;
  readonly headingDeg?: number;
  readonly heading?: 'auto' | 'unknown';
  readonly headingToleranceDeg?: number;
  readonly pitchDeg?: number;
  readonly rollDeg?: number;
  readonly cameraHeightM?: number;
  readonly verticalFovDeg?: number;
  readonly horizonShare?: number;
  readonly horizontalFovDeg?: number;
  readonly projection?: 'auto' | 'equirectangular' | 'perspective';
};

export type SequenceTrack = {
  readonly type: 'FeatureCollection';
  readonly features: readonly [SequenceWay, ...SequencePoint[]];
  readonly requestId: string;
  readonly region: string;
  /** name@version; absent where no panorama could be located. */
  readonly bundle?: string;
  readonly indexVersion?: string;
};

export type SequenceWay = {
  readonly type: 'Feature';
  /** Through the points; null where there are fewer than two. */
  readonly geometry: {
    readonly type: 'LineString';
    readonly coordinates: readonly Position[];
  } | null;
  readonly properties: {
    readonly verdict: Verdict;
    /** Mean of the points'; one that lies nowhere counts 0, one that failed not at all. */
    readonly probability: number;
    readonly frames: number;
    /** Direction of travel minus heading, where headings go along with the way. */
    readonly travelMinusHeadingDeg?: number;
  };
};

export type SequencePoint = {
  readonly type: 'Feature';
  /** Null where it failed, or stood at none of its own places. */
  readonly geometry: {
    readonly type: 'Point';
    readonly coordinates: Position;
  } | null;
  readonly properties: {
    /** The part's file name. */
    readonly file?: string;
    readonly frame: number;
    readonly status: 'ok' | 'failed';
    readonly code?: string;
    readonly message?: string;
    /** That the camera stood within 25 m of the point. */
    readonly probability?: number;
    /** Which place of its own answer it is. */
    readonly rankAlone?: number;
    readonly heading?: Heading;
    readonly verdictAlone?: Verdict;
    readonly distanceM?: number;
    readonly seconds?: number;
    /** When it was taken, as given or as the file's EXIF says. */
    readonly time?: string;
  };
};

export type Position = readonly [number, number];

export type Region = {
  readonly region: string;
  /** Asked when a request names no region. */
  readonly default: boolean;
  /** Whether it answers now; RECOVERING otherwise. */
  readonly ready: boolean;
  /** Which part of it is away and opened again, and why where that is known; null where it answers. */
  readonly reason: string | null;
  /** name@version */
  readonly bundle: string;
  readonly indexVersion: string;
  readonly tiles: number;
  readonly dimensions: number;
  readonly tileSizeM: number;
  readonly strideM: number | null;
  /** west, south, east, north */
  readonly bounds: readonly number[];
  readonly recall: {
    readonly at1: number;
    readonly at10: number;
    readonly queries: number;
  };
  /** Of /regions/{region}/basemap.pmtiles; null where the version was built without. */
  readonly basemap: null | {
    readonly minZoom: number;
    readonly maxZoom: number;
    readonly tileSizePx: number;
    readonly bytes: number;
    /** Whose imagery it is, as plain text; null where nobody said. */
    readonly attribution: string | null;
  };
  /** What runs its networks. */
  readonly engines: {
    readonly generator: Engine | null;
    readonly encoder: Engine;
    /**
     * Both as one graph, which requests with a known heading go through; null where they run one after
     * the other.
     */
    readonly whole: Engine | null;
    /** What would make them faster on this machine, or why what was asked for is not used. */
    readonly notes: readonly string[];
  };
  readonly loadedAt: string;
};

export type RegionFeature = {
  readonly type: 'Feature';
  readonly id: string;
  readonly bbox: readonly number[];
  readonly geometry: {
    readonly type: 'MultiPolygon';
    readonly coordinates: readonly (readonly (readonly (readonly number[])[])[])[];
  };
  readonly properties: Region;
};

export type Engine = {
  readonly name: string;
  readonly precision: 'f32' | 'bf16' | 'int8';
  /**
   * Where it was chosen by time, the best of some runs of each candidate, in 8 bits too where the
   * bundle has such networks; else empty.
   */
  readonly timings: readonly {
    readonly engine: string;
    readonly ms: number;
  }[];
};

export type Problem = {
  /** urn:skyfix:error:parameter-invalid */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly advice: string;
  readonly instance: string;
  readonly requestId: string;
};

/** What POST /locate takes beside the image. */
export interface LocateParameters {
  /** Number of places. */
  readonly top?: number | undefined;
  /** Where the centre column looks, degrees clockwise from true north; wins over the metadata. */
  readonly headingDeg?: number | undefined;
  /**
   * unknown: the heading is estimated, whatever the file says. auto: only where neither headingDeg nor
   * the metadata say it. Under an estimated heading a request takes some ten times as long.
   */
  readonly heading?: 'auto' | 'unknown' | undefined;
  /** By how much the heading given, or the metadata's, may be off: it is estimated within that of it. */
  readonly headingToleranceDeg?: number | undefined;
  /** Camera pitch */
  readonly pitchDeg?: number | undefined;
  /** Camera roll, right side down positive. */
  readonly rollDeg?: number | undefined;
  /** Camera above the ground; default: the bundle's, of which all are tried where it has several. */
  readonly cameraHeightM?: number | undefined;
  /**
   * What the rows of a strip cover; default: the file's GPano crop, else what the bundle says of its
   * panoramas (2:1 images are full spheres all the same), else all 180 degrees of a 2:1 image.
   */
  readonly verticalFovDeg?: number | undefined;
  /**
   * Share of the rows above the horizon, e.g. 0.585 for CVUSA's strips; default: the file's GPano crop
   * unless verticalFovDeg is given, else what the bundle says of its panoramas, else the middle row.
   */
  readonly horizonShare?: number | undefined;
  /**
   * What the columns cover from edge to edge: of a perspective photo (at most 170; default: by the
   * focal length in its EXIF), or of part of a panorama (default: all 360 degrees).
   */
  readonly horizontalFovDeg?: number | undefined;
  /**
   * What the image is. auto: a file with GPano, a 2:1 image and one with verticalFovDeg or horizonShare
   * are equirectangular; another is a perspective photo if horizontalFovDeg is at most 170, or if its
   * EXIF says a focal length and its sides differ by less than 2.4:1.
   */
  readonly projection?: 'auto' | 'equirectangular' | 'perspective' | undefined;
  /** Default: the configured one, else the one that was published first. */
  readonly region?: string | undefined;
  /** Longitude of the prior. */
  readonly lon?: number | undefined;
  /** Latitude of the prior. */
  readonly lat?: number | undefined;
  /** Every answer lies at most so far from lon, lat; tiles around speak for positions inside. */
  readonly radiusM?: number | undefined;
  /** West,south,east,north: every answer lies inside; west above east crosses the antimeridian. */
  readonly bbox?: readonly [number, number, number, number] | undefined;
  /** false gives raw tiles, true merges overlapping ones into places. */
  readonly distinct?: boolean | undefined;
  /** Pictures to send along, e.g. bev,view,tile; the answer has them under "pictures". */
  readonly include?: readonly ('bev' | 'view' | 'tile')[] | undefined;
}
