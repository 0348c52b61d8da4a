// The tiles of a data set: one a pair, the gallery, grids over a mosaic, and those of no pair.
import type { BundleGeometry } from 'skyfix/bundles';
import { sha256OfBytes } from 'skyfix/files';
import type { LonLat } from 'skyfix/geometry';
import {
  type CrossViewDataset,
  type CrossViewPair,
  type DatasetTile,
  positiveOf,
  type TileImage,
} from '../datasets/index.js';
import { centreStore, digestOfStore, type ImageStore, selectStore } from '../stores/index.js';
import { type CacheOptions, cachedImageStore, type ListedJob } from './cached-store.js';
import { gridAround } from './grid-centres.js';
import { cacheOf, type PrepareOptions } from './prepare-options.js';
import type { PreparedTiles } from './prepared-area.js';
import { cameraCrop, middleCrop, tilesAcross } from './tile-crops.js';

/** The tile of each pair and the gallery. */
export async function tileImages(
  pairs: readonly CrossViewPair[],
  gallery: readonly DatasetTile[],
  tileOf: readonly number[],
  geometry: BundleGeometry,
  options: PrepareOptions,
  cache: (what: string) => CacheOptions,
): Promise<{ tiles: ImageStore; marginPx: number; gallery: ImageStore }> {
  const { tileSizeM, inputSizePx } = geometry;
  const room = pairs.reduce(
    (least, pair) => Math.min(least, roomM(pair, geometry)),
    Number.POSITIVE_INFINITY,
  );
  const marginPx = Math.floor(((Math.min(options.marginM ?? 0, room) + 1e-6) * inputSizePx) / tileSizeM);
  const wide = (inputSizePx + 2 * marginPx) / inputSizePx; // in tiles
  const tileJobs = pairs.map((pair): ListedJob => {
    const positive = positiveOf(pair);
    const { image, listedAt } = positive.tile;
    if (image.kind === 'file')
      return { job: fileJob(image.path, cameraCrop(positive, geometry, wide)), listedAt };
    return { job: { kind: 'cut', image: { ...image, sizeM: tileSizeM * wide } }, listedAt };
  });
  const galleryJobs = gallery.map((tile): ListedJob => {
    const { image, listedAt } = tile;
    if (image.kind === 'file') return { job: fileJob(image.path, middleCrop(tile, geometry)), listedAt };
    return { job: { kind: 'cut', image: { ...image, sizeM: tileSizeM } }, listedAt };
  });
  const own = gallery.length === pairs.length && tileOf.every((number, k) => number === k);
  if (own && gallery.every(({ image }) => image.kind === 'mosaic')) {
    // A tile a place, each cut around its place: the gallery is the middle of the wide tiles.
    const tiles = await cachedImageStore(tileJobs, inputSizePx + 2 * marginPx, cache('tiles'));
    return { tiles, marginPx, gallery: centreStore(tiles, inputSizePx) };
  }
  const images = await cachedImageStore(galleryJobs, inputSizePx, cache('gallery'));
  const same = tileJobs.every(
    ({ job }, k) => JSON.stringify(job) === JSON.stringify(galleryJobs[tileOf[k] ?? -1]?.job),
  );
  const tiles = same
    ? selectStore(images, tileOf)
    : await cachedImageStore(tileJobs, inputSizePx + 2 * marginPx, cache('tiles'));
  return { tiles, marginPx, gallery: images };
}

/** Tiles every strideM metres over the ground around the pairs, cut from their mosaic; those without imagery left out. */
export async function gridTiles(
  pairs: readonly CrossViewPair[],
  { tileSizeM, inputSizePx }: BundleGeometry,
  strideM: number,
  cache: (what: string) => CacheOptions,
): Promise<{ centres: readonly LonLat[]; images: ImageStore } | undefined> {
  const cut = pairs.flatMap((pair) => mosaicOf(positiveOf(pair).tile.image) ?? []);
  const [mosaic] = cut;
  if (!mosaic || cut.length < pairs.length) return undefined;
  const centres = gridAround(
    cut.map(({ centre }) => centre),
    tileSizeM,
    strideM,
  );
  const squares = centres.map((centre) => ({
    image: { ...mosaic, centre, sizeM: tileSizeM },
    listedAt: mosaic.path,
  }));
  const { images, present } = await cutWherePresent(squares, inputSizePx, cache('grid'));
  return { centres: present.map((index) => centres[index] as LonLat), images };
}

/** Squares of a mosaic as a store, without those that have no imagery; `present` has the numbers of the others. */
async function cutWherePresent(
  squares: readonly {
    readonly image: TileImage & { readonly kind: 'mosaic' };
    readonly listedAt: string;
  }[],
  sizePx: number,
  cache: CacheOptions,
): Promise<{ images: ImageStore; present: readonly number[] }> {
  const jobs = squares.map(
    ({ image, listedAt }): ListedJob => ({ job: { kind: 'cut', image, blackIfMissing: true }, listedAt }),
  );
  const all = await cachedImageStore(jobs, sizePx, cache);
  const pixels = new Uint8Array(sizePx * sizePx * 3);
  const present = squares.flatMap((_, index) => {
    all.read(index, pixels);
    return pixels.some((value) => value !== 0) ? [index] : [];
  });
  return { images: selectStore(all, present), present };
}

/**
 * The data set's unlabelled tiles, with marginPx more on every side; those without imagery are left out. Undefined where
 * none are left.
 */
export async function prepareUnlabelledTiles(
  dataset: CrossViewDataset,
  { tileSizeM, inputSizePx }: BundleGeometry,
  marginPx: number,
  options: PrepareOptions,
): Promise<PreparedTiles | undefined> {
  const sizePx = inputSizePx + 2 * marginPx;
  const listed = (dataset.unlabelledTiles ?? []).flatMap(({ id, image, listedAt }) =>
    image.kind === 'mosaic'
      ? [{ id, listedAt, image: { ...image, sizeM: (tileSizeM * sizePx) / inputSizePx } }]
      : [],
  );
  if (listed.length === 0) return undefined;
  const { images, present } = await cutWherePresent(
    listed,
    sizePx,
    cacheOf(dataset, options)('unlabelled tiles'),
  );
  if (present.length === 0) return undefined;
  const ids = present.map((index) => listed[index]?.id ?? '');
  return { ids, images, marginPx, digest: sha256OfBytes(JSON.stringify([ids, digestOfStore(images)])) };
}

/** Ground beyond a tile of the geometry that the pair's source has on every side, metres. */
function roomM(pair: CrossViewPair, geometry: BundleGeometry): number {
  const { tile } = positiveOf(pair);
  if (tile.image.kind === 'mosaic') return Number.POSITIVE_INFINITY;
  return ((tilesAcross(tile, geometry) - 1) / 2) * geometry.tileSizeM;
}

function fileJob(path: string, crop: ReturnType<typeof middleCrop>): ListedJob['job'] {
  return { kind: 'file', path, ...(crop && { crop }) };
}

const mosaicOf = (image: TileImage) => (image.kind === 'mosaic' ? image : undefined);
