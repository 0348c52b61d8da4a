// How much ground the tiles of the published data sets show, how high their cameras stand and what their strips show: what
// their formats do not say, and a geometry has to know. `skyfix-train dataset --fit-geometry` measures it on the images.
import type { BundleGeometry } from 'skyfix/bundles';
import type { FieldOfView } from 'skyfix/geometry';
import type { DatasetFormat } from './types.js';

export interface PublishedGround {
  /** Side of a tile file on the ground, metres; undefined where it is not known, and taken to be what the geometry says. */
  readonly tileFileM?: number;
  /** The geometry to train with: what BEV and tile show; not more than tileFileM. */
  readonly tileSizeM: number;
  readonly cameraHeightM: number;
  /** What the panoramas show, where they are not full spheres of 2:1. */
  readonly fieldOfView?: FieldOfView;
  /** Where the numbers are from, for reports. */
  readonly source: string;
}

/**
 * What a BEV can show: 30 m from a camera at 2.5 m, a row of a panorama of 2048 columns covers more than a metre of ground.
 * Tiles that show more are cropped to it.
 */
const SEEN_M = 60;

/** Measured on real pairs: BEVs against tiles, lane dashes (12 m and 40 ft apart), cars, and the map's scale. */
const MEASURED = 'measured on real pairs, 2026';
const CAR_ASSUMED = 'camera 2.5 m: assumed, as the same cars have it in CVACT';
const CAR_M = 2.5;

/** By format; "vigor/CITY" for a run in one city. */
export const PUBLISHED_GROUND = {
  cvusa: {
    /** Where the latitude is not known: that of most of its places. See cvusaTileM. */
    tileFileM: 178,
    tileSizeM: SEEN_M,
    cameraHeightM: 2.9,
    /** A strip of 224 rows is cut out of a full circle of 1232 columns, more of it above the horizon than below. */
    fieldOfView: { horizontalDeg: 360, verticalDeg: (360 * 224) / 1232, horizonShare: 0.585 },
    source:
      'tile 750 px of 0.29858 m times the cosine of the latitude (150 to 195 m; 178 m where it is not known), ' +
      'camera 2.9 m (2.5 to 3.3), horizon at the share 0.585 (within 0.03) of a strip ' +
      `65.45 degrees high: ${MEASURED}. 55 m and 2 m, which ` +
      'circulate, belong to code that takes the strip for 90 degrees high',
  },
  cvact: {
    tileFileM: 73,
    tileSizeM: SEEN_M,
    cameraHeightM: 2.5,
    source: `tile 1200 px at zoom 20, scale 2, in Canberra: 73 m; camera 2.5 m: ${MEASURED}`,
  },
  vigor: {
    tileSizeM: 64.5,
    cameraHeightM: CAR_M,
    source:
      'the smallest tile of its cities (Seattle, 640 px of 0.1008 m), so that all four show ' +
      `the same ground; ${CAR_ASSUMED}`,
  },
  'vigor/NewYork': vigorCity(0.1132),
  'vigor/Seattle': vigorCity(0.1008),
  'vigor/SanFrancisco': vigorCity(0.1181),
  'vigor/Chicago': vigorCity(0.1113),
  'cv-cities': {
    tileSizeM: 50,
    cameraHeightM: CAR_M,
    source:
      'tile 50 m: assumed, its lists do not say it; measure one and set tileFileM before figures are ' +
      `compared; ${CAR_ASSUMED}`,
  },
} as const satisfies Record<string, PublishedGround>;

export type PublishedGroundName = keyof typeof PUBLISHED_GROUND;

/** Metres a pixel of a city's tiles: Lentsch et al. 2023 (SliceMatch), who corrected the data set's own value. */
function vigorCity(gsdM: number) {
  return {
    tileFileM: 640 * gsdM,
    tileSizeM: 640 * gsdM,
    cameraHeightM: CAR_M,
    source: `640 px of ${gsdM} m: Lentsch et al. 2023; ${CAR_ASSUMED}`,
  } as const;
}

/** Bing maps at zoom 19, metres a pixel at the equator: 2 pi 6378137 / (256 * 2^19); a tile file has 750 of them. */
const BING_19_M = (2 * Math.PI * 6_378_137) / (256 * 2 ** 19);
const CVUSA_TILE_PX = 750;

/** Side of a CVUSA tile on the ground at a latitude, metres. */
export function cvusaTileM(latDeg: number): number {
  return CVUSA_TILE_PX * BING_19_M * Math.cos((latDeg * Math.PI) / 180);
}

/** What is known of a published data set; undefined for formats whose ground the user has to say. */
export function publishedGround(format: DatasetFormat | PublishedGroundName): PublishedGround | undefined {
  return format in PUBLISHED_GROUND ? PUBLISHED_GROUND[format as PublishedGroundName] : undefined;
}

/**
 * The geometry of a bundle for a published data set with networks of this input size; BEVs are projected at twice the
 * size and averaged down. Undefined for formats whose ground the user has to say.
 */
export function publishedGeometry(
  format: DatasetFormat | PublishedGroundName,
  inputSizePx: number,
): BundleGeometry | undefined {
  const ground = publishedGround(format);
  if (!ground) return undefined;
  const { tileSizeM, cameraHeightM, fieldOfView } = ground;
  return {
    tileSizeM,
    inputSizePx,
    bevSizePx: 2 * inputSizePx,
    cameraHeightM,
    ...(fieldOfView && { fieldOfView }),
  };
}
