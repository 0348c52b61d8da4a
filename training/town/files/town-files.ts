// The files that describe a town: its mosaics, areas and town.json.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SPLITS } from '../../common/index.js';
import { ORIGIN, TOWN_EPSG, toLonLat } from '../overhead/georeference.js';
import { encodeGeoTiff } from '../overhead/geotiff-writer.js';
import type { Scene } from '../scene/scene.js';
import { type Area, type Place, splitAreas } from '../street/places.js';

/** Margin around the test area in mosaic-test.tif: half a tile, its rotation and an index's last stride. */
const MARGIN_M = 48;
const TEST_MOSAIC_BYTES = 3_000_000;

/** mosaic.tif, and mosaic-test.tif with the test area alone. */
export async function writeMosaics(
  work: string,
  sideM: number,
  mosaic: { readonly sizePx: number; readonly pixelM: number; readonly data: Uint8Array },
  quality = 85,
): Promise<void> {
  const { sizePx: n, pixelM } = mosaic;
  const source = {
    widthPx: n,
    heightPx: n,
    data: mosaic.data,
    west: ORIGIN.east,
    north: ORIGIN.north + sideM,
    pixelM,
    epsg: TOWN_EPSG,
  };
  await writeFile(join(work, 'mosaic.tif'), await encodeGeoTiff(source, quality));
  const area = splitAreas(sideM).test[0] as Area;
  const left = Math.floor((area.west - MARGIN_M) / pixelM);
  const right = Math.ceil((area.east + MARGIN_M) / pixelM);
  const top = n - Math.ceil((area.north + MARGIN_M) / pixelM);
  const bottom = n - Math.floor((area.south - MARGIN_M) / pixelM);
  const widthPx = right - left;
  const heightPx = bottom - top;
  const data = new Uint8Array(widthPx * heightPx * 3);
  for (let y = 0; y < heightPx; y++) {
    const from = ((top + y) * n + left) * 3;
    data.set(mosaic.data.subarray(from, from + widthPx * 3), y * widthPx * 3);
  }
  const part = {
    widthPx,
    heightPx,
    data,
    west: ORIGIN.east + left * pixelM,
    north: ORIGIN.north + (n - top) * pixelM,
    pixelM,
    epsg: TOWN_EPSG,
  };
  let bytes = await encodeGeoTiff(part, quality);
  for (let lower = Math.min(quality, 85) - 5; bytes.length > TEST_MOSAIC_BYTES && lower >= 40; lower -= 5) {
    bytes = await encodeGeoTiff(part, lower);
  }
  await writeFile(join(work, 'mosaic-test.tif'), bytes);
}

/** area-SPLIT.geojson and town.json; returns what they count. */
export async function writeDescription(
  work: string,
  scene: Scene,
  places: readonly Place[],
  options: {
    readonly seed: number;
    readonly panoramaWidthPx: number;
    readonly out: string;
    readonly workers: number;
  },
  made: { readonly pixelM: number; readonly cameraHeightM: number; readonly world?: unknown },
) {
  const areas = splitAreas(scene.sideM);
  const counts: Record<string, number> = {};
  const geometries: Record<string, unknown> = {};
  for (const split of SPLITS) {
    counts[split] = places.filter((place) => place.split === split).length;
    geometries[split] = {
      type: 'MultiPolygon',
      coordinates: areas[split].map((a) => [
        [
          [a.west, a.south],
          [a.east, a.south],
          [a.east, a.north],
          [a.west, a.north],
          [a.west, a.south],
        ].map(([x, y]) => {
          const { lon, lat } = toLonLat(x as number, y as number);
          return [Number(lon.toFixed(8)), Number(lat.toFixed(8))];
        }),
      ]),
    };
    const feature = {
      type: 'FeatureCollection',
      features: [
        { type: 'Feature', properties: { split, places: counts[split] }, geometry: geometries[split] },
      ],
    };
    await writeFile(join(work, `area-${split}.geojson`), `${JSON.stringify(feature, null, 2)}\n`);
  }
  const { out: _out, workers: _workers, ...kept } = options;
  const description = {
    schema: 'skyfix-town/1',
    seed: options.seed,
    options: kept,
    epsg: TOWN_EPSG,
    bounds: {
      west: ORIGIN.east,
      south: ORIGIN.north,
      east: ORIGIN.east + scene.sideM,
      north: ORIGIN.north + scene.sideM,
    },
    pixelM: made.pixelM,
    cameraHeightM: made.cameraHeightM,
    panoramaSizePx: [options.panoramaWidthPx, options.panoramaWidthPx / 2],
    counts,
    areas: geometries,
    ...(made.world !== undefined && { world: made.world }),
  };
  await writeFile(join(work, 'town.json'), `${JSON.stringify(description, null, 2)}\n`);
  return { sideM: scene.sideM, counts };
}
