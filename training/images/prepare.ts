// A data set's split as training wants it: BEVs, panoramas and tiles made by the functions that serving uses, once, in
// threads, into files of a cache folder. Nothing here holds more than one image at a time.

import type { BundleGeometry } from 'skyfix/bundles';
import { sha256OfBytes } from 'skyfix/files';
import { nearPlaces, type Split } from '../common/index.js';
import {
  type CrossViewDataset,
  type CrossViewPair,
  type DatasetTile,
  type Problem,
  positiveOf,
  refuse,
} from '../datasets/index.js';
import { digestOfStore } from '../stores/index.js';
import { groundImages } from './ground-images.js';
import { cacheOf, type PrepareOptions } from './prepare-options.js';
import type { PreparedArea, PreparedPanoramas } from './prepared-area.js';
import { isTooSmall } from './tile-crops.js';
import { gridTiles, tileImages } from './tile-images.js';

/**
 * The pairs of some splits of a data set, prepared. `geometry` says how much ground a tile and a BEV show and how large
 * both are; where the data set's tiles show more, their middle is taken. Pairs whose files differ in any byte or time
 * are made again, others come from the cache. Throws DATASET_INVALID where a split has no pairs, where tiles show less
 * ground than the geometry asks for, and for images that cannot be used, with file and line.
 */
export async function prepareArea(
  dataset: CrossViewDataset,
  split: Split | readonly Split[],
  geometry: BundleGeometry,
  options: PrepareOptions,
): Promise<PreparedArea> {
  const splits = typeof split === 'string' ? [split] : split;
  const pairs = splits.flatMap((wanted) => dataset.pairs.filter((pair) => pair.split === wanted));
  const unusable = pairs.length === 0 ? [] : tooSmall(pairs, geometry);
  refuse(dataset.root, unusable, 'Set the geometry to the ground that the tiles show.');
  if (pairs.length === 0) {
    const problem: Problem = {
      reason: 'wrong-count',
      where: dataset.root,
      detail: `no pairs in ${splits.join(', ')}`,
    };
    refuse(dataset.root, [problem], 'Name splits that the data set has.');
  }
  const cache = cacheOf(dataset, options);
  const tilesOfArea = galleryOf(dataset, pairs, splits);
  const numberOf = new Map(tilesOfArea.map(({ id }, k) => [id, k]));
  const tileNumber = (tile: DatasetTile): number => numberOf.get(tile.id) ?? -1;
  const tileOf = pairs.map((pair) => tileNumber(positiveOf(pair).tile));
  const ground = await groundImages(dataset, pairs, geometry, options);
  const { tiles, marginPx, gallery } = await tileImages(pairs, tilesOfArea, tileOf, geometry, options, cache);
  const locations = pairs.map(({ location }) => location);
  const { low, high } = options.nearM ?? { low: 0.4 * geometry.tileSizeM, high: 2.5 * geometry.tileSizeM };
  const lookAlikes = nearPlaces(locations, low, high).map((list, k) =>
    list.filter((other) => tileOf[other] !== tileOf[k]),
  );
  const grid = options.grid && (await gridTiles(pairs, geometry, options.grid.strideM, cache));
  const districts = pairs.flatMap(({ district }) => district ?? []);
  const semi = pairs.map(({ tiles: all }) =>
    all.filter(({ relation }) => relation === 'semi-positive').map(({ tile }) => tileNumber(tile)),
  );
  return {
    name: `${dataset.name}, ${splits.join(' and ')}`,
    ids: pairs.map(({ id }) => id),
    locations,
    ...(districts.length === pairs.length && { districts }),
    bevs: ground.bevs,
    ...(ground.panoramas && { panoramas: ground.panoramas }),
    tiles,
    marginPx,
    tileOf,
    gallery,
    galleryIds: tilesOfArea.map(({ id }) => id),
    galleryCentres: tilesOfArea.map(({ centre }) => centre),
    ...(semi.some((list) => list.length > 0) && { semiPositives: semi }),
    lookAlikes,
    ...(grid && { grid }),
    digest: sha256OfBytes(
      JSON.stringify([
        ground.digest,
        digestOfStore(tiles),
        marginPx,
        tileOf,
        digestOfStore(gallery),
        lookAlikes,
        semi,
      ]),
    ),
  };
}

/**
 * Ground images without a tile: unlabelled data. Those of the data set's unpaired panoramas in some splits; undefined
 * where there are none. Throws DATASET_INVALID for images that cannot be used.
 */
export async function prepareUnpaired(
  dataset: CrossViewDataset,
  split: Split | readonly Split[],
  geometry: BundleGeometry,
  options: PrepareOptions,
): Promise<PreparedPanoramas | undefined> {
  const panoramas = dataset.unpairedPanoramas.filter((one) => [split].flat().includes(one.split));
  if (panoramas.length === 0) return undefined;
  const { bevs, panoramas: raw, digest } = await groundImages(dataset, panoramas, geometry, options);
  return {
    ids: panoramas.map(({ id }) => id),
    locations: panoramas.map(({ location }) => location),
    bevs,
    ...(raw && { panoramas: raw }),
    digest,
  };
}

/** Tiles that queries of these splits are searched in: those of their pairs, those of no pair, and those named for a split. */
function galleryOf(
  { pairs: all, gallery }: CrossViewDataset,
  pairs: readonly CrossViewPair[],
  splits: readonly Split[],
): readonly DatasetTile[] {
  const idsOf = (some: readonly CrossViewPair[]) =>
    new Set(some.flatMap(({ tiles }) => tiles.map(({ tile }) => tile.id)));
  const [own, any] = [idsOf(pairs), idsOf(all)];
  return gallery.filter(
    ({ id, splits: named }) =>
      own.has(id) || (named ? named.some((name) => splits.includes(name)) : !any.has(id)),
  );
}

function tooSmall(pairs: readonly CrossViewPair[], geometry: BundleGeometry): readonly Problem[] {
  return pairs.flatMap((pair): Problem[] => {
    const { tile } = positiveOf(pair);
    if (tile.image.kind === 'mosaic' || !isTooSmall(tile, geometry)) return [];
    const detail =
      `the tile "${tile.id}" shows ${tile.sizeM?.toFixed(1)} m, less than the ${geometry.tileSizeM} ` +
      'm of the geometry';
    return [{ reason: 'bad-value', where: tile.listedAt, detail }];
  });
}
