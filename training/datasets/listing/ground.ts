// How much ground the tiles of the published data sets show and how high their cameras stand: what their formats do not
// say, and a geometry has to know.
import type { BundleGeometry } from 'skyfix/bundles';
import type { DatasetFormat } from './types.js';

export interface PublishedGround {
  /** Side of a tile file on the ground, metres; undefined where it is not known, and taken to be what the geometry says. */
  readonly tileFileM?: number;
  /** The geometry to train with: what BEV and tile show; not more than tileFileM. */
  readonly tileSizeM: number;
  readonly cameraHeightM: number;
  /** Angle of the panorama's rows, where it is not the full 180 degrees. */
  readonly verticalFovDeg?: number;
  /** Where the numbers are from, for reports. */
  readonly source: string;
}

const SHI = 'Shi et al. 2022, Geometry-guided street-view panorama synthesis (code)';

/** By format; "vigor/CITY" for a run in one city. */
export const PUBLISHED_GROUND = {
  cvusa: {
    tileFileM: 55,
    tileSizeM: 55,
    cameraHeightM: 2,
    /** A strip is cut out of a full circle of 1232 columns. */
    verticalFovDeg: (360 * 224) / 1232,
    source: `tile 55 m, camera 2 m: ${SHI}; strip of 224 of 1232 columns' angle`,
  },
  cvact: { tileFileM: 50, tileSizeM: 50, cameraHeightM: 2, source: `tile 50 m, camera 2 m: ${SHI}` },
  vigor: {
    tileSizeM: 64.5,
    cameraHeightM: 2,
    source:
      'the smallest tile of its cities (Seattle, 640 px of 0.1008 m), so that all four show ' +
      'the same ground; camera as in CVUSA, assumed',
  },
  'vigor/NewYork': vigorCity(0.1132),
  'vigor/Seattle': vigorCity(0.1008),
  'vigor/SanFrancisco': vigorCity(0.1181),
  'vigor/Chicago': vigorCity(0.1113),
  'cv-cities': {
    tileSizeM: 50,
    cameraHeightM: 2,
    source: 'assumed: its lists say neither; measure a tile and set tileSizeM before figures are compared',
  },
} as const satisfies Record<string, PublishedGround>;

export type PublishedGroundName = keyof typeof PUBLISHED_GROUND;

/** Metres a pixel of a city's tiles: Lentsch et al. 2023 (SliceMatch), who corrected the data set's own value. */
function vigorCity(gsdM: number) {
  return {
    tileFileM: 640 * gsdM,
    tileSizeM: 640 * gsdM,
    cameraHeightM: 2,
    source: `640 px of ${gsdM} m: Lentsch et al. 2023; camera as in CVUSA, assumed`,
  } as const;
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
  const { tileSizeM, cameraHeightM } = ground;
  return { tileSizeM, inputSizePx, bevSizePx: 2 * inputSizePx, cameraHeightM };
}
