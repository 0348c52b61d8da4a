// What a town can be asked for. Every difference between the two views has its own switch, for ablations.

/** The differences between overhead and ground view, each of which can be switched off. */
export interface TownGaps {
  /** Panoramas in autumn, mosaic in early summer. */
  readonly season: boolean;
  /** Another sun, weather and exposure in the panoramas. */
  readonly light: boolean;
  /** The overhead sensor's own colours, blur and noise. */
  readonly sensor: boolean;
  /** Upright things lean away from the overhead camera. */
  readonly lean: boolean;
  /** Canopies hide the ground from above. */
  readonly canopies: boolean;
  /** Cars and people moved between the two views. */
  readonly moved: boolean;
  /** Cars and people at all. */
  readonly occluders: boolean;
  /** Camera height varies around its mean. */
  readonly heightJitter: boolean;
  /** Pitch and roll of a degree or two. */
  readonly tilt: boolean;
  /** Errors of the pose in the metadata. */
  readonly poseError: boolean;
  /** Errors of the GPS position in the metadata. */
  readonly gpsError: boolean;
  /** Noise in the panorama's pixels. */
  readonly cameraNoise: boolean;
  /** Rows of houses and gardens that repeat. */
  readonly lookAlikes: boolean;
}

/** Names of all gaps. */
export const TOWN_GAPS = [
  'season',
  'light',
  'sensor',
  'lean',
  'canopies',
  'moved',
  'occluders',
  'heightJitter',
  'tilt',
  'poseError',
  'gpsError',
  'cameraNoise',
  'lookAlikes',
] as const satisfies readonly (keyof TownGaps)[];

export interface TownOptions extends TownGaps {
  readonly seed: number;
  readonly out: string;
  readonly places: number;
  readonly panoramaWidthPx: number;
  /** Worker threads that render panoramas. */
  readonly workers: number;
}

export const DEFAULT_TOWN: Omit<TownOptions, 'seed' | 'out'> = {
  places: 1500,
  panoramaWidthPx: 1024,
  workers: 2,
  season: true,
  light: true,
  sensor: true,
  lean: true,
  canopies: true,
  moved: true,
  occluders: true,
  heightJitter: true,
  tilt: true,
  poseError: true,
  gpsError: true,
  cameraNoise: true,
  lookAlikes: true,
};

/** The mean camera height above the ground, metres. */
export const CAMERA_HEIGHT_M = 2.5;
/** Side of a tile, metres: areas keep more than this apart. */
export const TILE_M = 64;
