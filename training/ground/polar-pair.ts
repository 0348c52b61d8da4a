// A pair of panorama and tile in polar coordinates about the camera, so that another camera height or horizon only moves rows
// and another heading only columns: BEVs of a thousand geometries are compared with a tile for the price of one projection.
import type { BundleGeometry } from 'skyfix/bundles';
import { cameraAxes, isFullCircle, type RgbImage } from 'skyfix/geometry';
import { type DecodedPanorama, resizeImage } from 'skyfix/imaging';
import {
  type CrossViewDataset,
  type CrossViewPair,
  type ImageReader,
  positiveOf,
  VIGOR_TILE_PX,
} from '../datasets/index.js';
import { decodeSource, panoramaSourceOf } from '../images/index.js';
import { type PolarMap, polarMap } from './polar-map.js';

const RADIANS = Math.PI / 180;
/** Rows of a panorama's map: angles below the configured horizon. */
const FIRST_DEPRESSION_DEG = -14;
const DEPRESSION_STEP_DEG = 0.5;
const DEPRESSIONS = 150;
/** Rows of a tile's map: distances from the camera, metres; nearer is the car, further a pixel is metres long. */
export const RINGS_M: readonly number[] = Array.from({ length: 25 }, (_, k) => 4 + k);
const REACH_M = 30;
/** Panoramas and tiles are sampled at about this. */
const PANORAMA_PX = 1024;
const TILE_GSD_M = 0.4;

/** Images of so many degrees are full spheres. */
const FULL_DEG = 179;

export interface PolarPair {
  /** Rows of RINGS_M. */
  readonly tile: PolarMap;
  /** Rows by angle below the configured horizon, see ringsOf. */
  readonly panorama: PolarMap;
  /** As configured. */
  readonly cameraHeightM: number;
  /** Of the rows of the image, degrees, and the share of them above the horizon, as configured. */
  readonly verticalDeg: number;
  readonly horizonShare: number;
  /** Whether the horizon can lie elsewhere than in the middle. */
  readonly isStrip: boolean;
}

/** Reads a pair. Throws what reading its images throws. */
export async function readPolarPair(
  dataset: CrossViewDataset,
  pair: CrossViewPair,
  geometry: BundleGeometry,
  reader: ImageReader,
): Promise<PolarPair> {
  const decoded = await decodeSource(panoramaSourceOf(dataset, pair), geometry, PANORAMA_PX);
  const { fullHeightPx, heightPx, topPx } = decoded.window;
  const verticalDeg = (180 * heightPx) / fullHeightPx;
  return {
    tile: await tileMap(pair, geometry, reader),
    panorama: panoramaMap(decoded),
    cameraHeightM: pair.cameraHeightM ?? geometry.cameraHeightM,
    verticalDeg,
    horizonShare: (fullHeightPx / 2 - topPx) / heightPx,
    isStrip: verticalDeg < FULL_DEG,
  };
}

/** The panorama levelled and turned north. */
function panoramaMap({ image, window, pose }: DecodedPanorama): PolarMap {
  const { right, forward, up } = cameraAxes(pose);
  const { fullWidthPx, fullHeightPx, leftPx, topPx } = window;
  const source = { image, wraps: isFullCircle(window) };
  return polarMap(DEPRESSIONS, source, { rows: 1, columns: 4 }, (row, azimuth, at) => {
    const depression = (FIRST_DEPRESSION_DEG + row * DEPRESSION_STEP_DEG) * RADIANS;
    const flat = Math.cos(depression);
    const [east, north, high] = [flat * Math.sin(azimuth), flat * Math.cos(azimuth), -Math.sin(depression)];
    const x = right[0] * east + right[1] * north + right[2] * high;
    const y = forward[0] * east + forward[1] * north + forward[2] * high;
    const z = up[0] * east + up[1] * north + up[2] * high;
    at.u = fullWidthPx * (0.5 + Math.atan2(x, y) / (2 * Math.PI)) - leftPx;
    at.v = fullHeightPx * (0.5 - Math.atan2(z, Math.sqrt(x * x + y * y)) / Math.PI) - topPx;
  });
}

async function tileMap(
  pair: CrossViewPair,
  geometry: BundleGeometry,
  reader: ImageReader,
): Promise<PolarMap> {
  const { image, gsdM, centreX, centreY } = await tileAround(pair, geometry, reader);
  return polarMap(RINGS_M.length, { image, wraps: false }, { rows: 2, columns: 2 }, (ring, azimuth, at) => {
    const distancePx = ((RINGS_M[0] as number) + ring) / gsdM;
    at.u = centreX + distancePx * Math.sin(azimuth);
    at.v = centreY - distancePx * Math.cos(azimuth);
  });
}

/** The tile at about TILE_GSD_M, with the camera's place in it in pixels. */
async function tileAround(
  pair: CrossViewPair,
  { tileSizeM }: BundleGeometry,
  reader: ImageReader,
): Promise<{ image: RgbImage; gsdM: number; centreX: number; centreY: number }> {
  const { tile, cameraPx } = positiveOf(pair);
  if (tile.image.kind === 'mosaic') {
    const sizePx = Math.round((2 * REACH_M) / TILE_GSD_M);
    const image = await reader.tile({ ...tile.image, sizeM: 2 * REACH_M }, sizePx);
    return { image, gsdM: (2 * REACH_M) / sizePx, centreX: sizePx / 2, centreY: sizePx / 2 };
  }
  const whole = await reader.file(tile.image.path);
  const groundM = tile.sizeM ?? tileSizeM;
  const sizePx = Math.max(8, Math.min(whole.widthPx, Math.round(groundM / TILE_GSD_M)));
  const { x, y } = cameraPx ?? { x: VIGOR_TILE_PX / 2, y: VIGOR_TILE_PX / 2 };
  return {
    image: await resizeImage(whole, sizePx, sizePx),
    gsdM: groundM / sizePx,
    centreX: (x / VIGOR_TILE_PX) * sizePx,
    centreY: (y / VIGOR_TILE_PX) * sizePx,
  };
}

/** Where the panorama's map shows a distance: its row, between whole numbers. */
function rowAt(distanceM: number, cameraHeightM: number, lowerDeg: number): number {
  const depression = Math.atan(cameraHeightM / distanceM) / RADIANS;
  return (depression + lowerDeg - FIRST_DEPRESSION_DEG) / DEPRESSION_STEP_DEG;
}

/** [RINGS_M]: 1 for the distances of which a BEV shows anything. */
export function visibleRings({ rows, seen }: PolarMap, cameraHeightM: number, lowerDeg: number): Uint8Array {
  return Uint8Array.from(RINGS_M, (distanceM) => {
    const above = Math.floor(rowAt(distanceM, cameraHeightM, lowerDeg));
    return above >= 0 && above + 1 < rows && seen[above] && seen[above + 1] ? 1 : 0;
  });
}

/**
 * What a BEV shows at the distances of RINGS_M if the camera is so high and the true horizon lies so many degrees below the
 * configured one: rows of the panorama's map, between its own. Distances that are not `wanted` are 0.
 */
export function ringsOf(
  { rows: height, columns, channels, data }: PolarMap,
  cameraHeightM: number,
  lowerDeg: number,
  wanted: Uint8Array,
  out: Float32Array,
): void {
  const rings = RINGS_M.length;
  for (const [ring, distanceM] of RINGS_M.entries()) {
    const at = rowAt(distanceM, cameraHeightM, lowerDeg);
    const above = Math.floor(at);
    const fraction = at - above;
    for (let c = 0; c < channels; c++) {
      const target = (c * rings + ring) * columns;
      if (!wanted[ring]) {
        out.fill(0, target, target + columns);
        continue;
      }
      const source = (c * height + above) * columns;
      for (let k = 0; k < columns; k++) {
        const [a, b] = [data[source + k] as number, data[source + columns + k] as number];
        out[target + k] = a + (b - a) * fraction;
      }
    }
  }
}
