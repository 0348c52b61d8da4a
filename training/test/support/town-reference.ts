// A town's images made place by place in memory, without caches and threads: what prepared data are held against.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BundleGeometry } from 'skyfix/bundles';
import { bevGeometryOf, viewSizePx } from 'skyfix/bundles';
import { SkyfixError } from 'skyfix/errors';
import {
  areaDownsample,
  BevTableCache,
  distanceM,
  type LonLat,
  localOffsetM,
  offsetLonLat,
  projectBev,
  type RgbImage,
} from 'skyfix/geometry';
import { decodePanorama, resizeImage } from 'skyfix/imaging';
import { cutTile, type ImagerySource, openImagery } from 'skyfix/index';
import type { Place, Split, Town } from '../../datasets/formats/town-places.js';
import { rollColumns } from '../../images/roll-columns.js';
import { type ImageSet, imageAt } from '../../stores/image-set.js';
import { selectImages } from './image-sets.js';

async function imagesOf(
  sizePx: number,
  count: number,
  make: (index: number) => Promise<RgbImage>,
): Promise<ImageSet> {
  const data = new Uint8Array(count * sizePx * sizePx * 3);
  for (let index = 0; index < count; index++) data.set((await make(index)).data, index * sizePx * sizePx * 3);
  return { sizePx, count, data };
}

/** Row numbers of a split. */
export function rowsOf(town: Town, split: Split): number[] {
  return town.places.flatMap((place, row) => (place.split === split ? [row] : []));
}

/** For each of `rows`, which others of them lie from lowM to highM away, as positions in `rows`. */
export function placesNear(town: Town, rows: readonly number[], lowM: number, highM: number): number[][] {
  const origin = placeOf(town, rows[0] ?? 0);
  const at = rows.map((row) => localOffsetM(origin, placeOf(town, row)));
  return at.map((a) =>
    at.flatMap((b, k) => {
      const apartM = Math.hypot(a.eastM - b.eastM, a.northM - b.northM);
      return apartM >= lowM && apartM <= highM ? [k] : [];
    }),
  );
}

/** BEVs of all places, [N, V, V, 3] with V = viewSizePx(geometry), made from file and metadata alone, as a server makes them. */
export async function townBevs(town: Town, geometry: BundleGeometry): Promise<ImageSet> {
  const tables = new BevTableCache();
  const bev = bevGeometryOf(geometry);
  return imagesOf(viewSizePx(geometry), town.places.length, async (row) => {
    const { image, window, pose } = await decodePanorama(await readFile(fileOf(town, row)), {});
    const factor = geometry.bevSizePx / geometry.inputSizePx;
    return areaDownsample(projectBev(image, window, pose, bev, tables), factor).image;
  });
}

/** Raw panoramas squeezed to S x S, turned so that north is in the centre: the baseline without geometry. */
export async function townPanoramas(town: Town, sizePx: number): Promise<ImageSet> {
  return imagesOf(sizePx, town.places.length, async (row) => {
    const { image, pose } = await decodePanorama(await readFile(fileOf(town, row)), {});
    return rollColumns(await resizeImage(image, sizePx, sizePx), pose.headingDeg / 360);
  });
}

/**
 * Tiles centred on the places (paired protocol), with `marginM` more ground on every side so that a random offset
 * can be cropped from them: [N, S', S', 3] with S' = S * (tileSizeM + 2 marginM) / tileSizeM.
 */
export async function townTiles(town: Town, geometry: BundleGeometry, marginM: number): Promise<ImageSet> {
  const { tileSizeM, inputSizePx } = geometry;
  const wideM = tileSizeM + 2 * marginM;
  const widePx = Math.round((inputSizePx * wideM) / tileSizeM);
  return withMosaic(town, (source) =>
    imagesOf(widePx, town.places.length, (row) => requireTile(source, placeOf(town, row), wideM, widePx)),
  );
}

/**
 * A grid of overlapping tiles every strideM metres over the ground within a tile of the places of some splits (grid
 * protocol).
 */
export interface GridTiles {
  readonly centres: readonly LonLat[];
  readonly images: ImageSet;
}

/** Cuts the grid of tiles over the bounding box of a split's places; tiles without imagery are left out. */
export async function townGrid(
  town: Town,
  splits: readonly Split[],
  geometry: BundleGeometry,
  strideM: number,
): Promise<GridTiles> {
  const places = splits.flatMap((split) => rowsOf(town, split)).map((row) => placeOf(town, row));
  const first = places[0];
  if (!first)
    throw new SkyfixError('DATASET_INVALID', `The town ${town.dir} has no places in ${splits.join(', ')}.`);
  const offsets = places.map((place) => localOffsetM(first, place));
  const low = (values: number[]) => Math.floor(Math.min(...values) / strideM);
  const high = (values: number[]) => Math.ceil(Math.max(...values) / strideM);
  const east = offsets.map((o) => o.eastM);
  const north = offsets.map((o) => o.northM);
  const centres: LonLat[] = [];
  for (let row = low(north); row <= high(north); row++) {
    for (let column = low(east); column <= high(east); column++) {
      const centre = offsetLonLat(first, column * strideM, row * strideM);
      if (places.some((place) => distanceM(place, centre) <= geometry.tileSizeM)) centres.push(centre);
    }
  }
  const side = geometry.inputSizePx;
  const black = { widthPx: side, heightPx: side, data: new Uint8Array(side * side * 3) };
  const images = await withMosaic(town, (source) =>
    imagesOf(
      geometry.inputSizePx,
      centres.length,
      async (index) =>
        (await cutTile(source, centres[index] ?? first, geometry.tileSizeM, geometry.inputSizePx)) ?? black,
    ),
  );
  const present = centres.flatMap((_, index) =>
    imageAt(images, index).data.some((value) => value !== 0) ? [index] : [],
  );
  return {
    centres: present.flatMap((index) => centres[index] ?? []),
    images: selectImages(images, present),
  };
}

async function withMosaic<T>(town: Town, use: (source: ImagerySource) => Promise<T>): Promise<T> {
  const source = await openImagery(join(town.dir, 'mosaic.tif'));
  try {
    return await use(source);
  } finally {
    await source.close();
  }
}

async function requireTile(
  source: ImagerySource,
  centre: LonLat | undefined,
  sizeM: number,
  sizePx: number,
): Promise<RgbImage> {
  const tile = centre && (await cutTile(source, centre, sizeM, sizePx));
  if (!tile) {
    throw new SkyfixError(
      'DATASET_INVALID',
      `The mosaic has no ${sizeM} m tile at ${JSON.stringify(centre)}.`,
    );
  }
  return tile;
}

function placeOf(town: Town, row: number): Place {
  const place = town.places[row];
  if (!place) throw new RangeError(`The town has no place ${row}.`);
  return place;
}

function fileOf(town: Town, row: number): string {
  return placeOf(town, row).file;
}
