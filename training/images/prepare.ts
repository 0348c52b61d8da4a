// A data set's split as training wants it: BEVs, panoramas and tiles made by the functions that serving uses, once, in
// threads, into files of a cache folder. Nothing here holds more than one image at a time.

import type { BundleGeometry } from 'skyfix/bundles';
import { viewSizePx } from 'skyfix/bundles';
import { sha256OfBytes } from 'skyfix/files';
import type { LonLat } from 'skyfix/geometry';
import type { Split } from '../common/index.js';
import { nearPlaces } from '../common/index.js';
import {
  type CrossViewDataset,
  type CrossViewPair,
  type DatasetPanorama,
  type DatasetTile,
  type Problem,
  refuse,
  type TileImage,
} from '../datasets/index.js';
import { centreStore, digestOfStore, type ImageStore, selectStore } from '../stores/index.js';
import { type CacheOptions, cachedImageStore, type ListedJob, type Progress } from './cached-store.js';
import { gridAround } from './grid-centres.js';
import type { PanoramaSource } from './image-jobs.js';
import type { PreparedArea, PreparedPanoramas, PreparedTiles } from './prepared-area.js';
import { cameraWindow, isTooSmall, middleWindow, tilesAcross } from './tile-windows.js';

export interface PrepareOptions {
  readonly cacheDir: string;
  /** Ground that tiles should have beyond their own on every side, metres, for random offsets. */
  readonly marginM?: number;
  /** Also the raw panoramas, for runs without a BEV. */
  readonly panoramas?: boolean;
  /** Also a grid of tiles over the area; for data sets whose tiles come from a mosaic. */
  readonly grid?: { readonly strideM: number };
  /** Places this far apart are look-alikes; from 0.4 to 2.5 tiles unless told. */
  readonly nearM?: { readonly low: number; readonly high: number };
  /** Threads that make images; unless told, one a core, and none for a few images. */
  readonly threads?: number;
  readonly onProgress?: (what: string, done: number, total: number) => void;
}

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
  const near = nearPlaces(locations, low, high).map((list, k) =>
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
    near,
    ...(grid && { grid }),
    digest: sha256OfBytes(
      JSON.stringify([
        ground.digest,
        digestOfStore(tiles),
        marginPx,
        tileOf,
        digestOfStore(gallery),
        near,
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

/** BEVs and, if wanted, raw panoramas of some panoramas. */
async function groundImages(
  dataset: CrossViewDataset,
  panoramas: readonly DatasetPanorama[],
  geometry: BundleGeometry,
  options: PrepareOptions,
): Promise<{ bevs: ImageStore; panoramas?: ImageStore; digest: string }> {
  const cache = cacheOf(dataset, options);
  const jobs = (kind: 'bev' | 'panorama'): readonly ListedJob[] =>
    panoramas.map((one) => ({
      job: { kind, panorama: panoramaSourceOf(dataset, one), geometry: groundGeometry(geometry) },
      listedAt: one.listedAt,
    }));
  const bevs = await cachedImageStore(jobs('bev'), viewSizePx(geometry), cache('BEVs'));
  const raw =
    options.panoramas && (await cachedImageStore(jobs('panorama'), geometry.inputSizePx, cache('panoramas')));
  const digests = [panoramas.map(({ id }) => id), digestOfStore(bevs), raw && digestOfStore(raw)];
  return { bevs, ...(raw && { panoramas: raw }), digest: sha256OfBytes(JSON.stringify(digests)) };
}

/** The tile of each pair and the gallery. */
async function tileImages(
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
      return { job: fileJob(image.path, cameraWindow(positive, geometry, wide)), listedAt };
    return { job: { kind: 'cut', image: { ...image, sizeM: tileSizeM * wide } }, listedAt };
  });
  const galleryJobs = gallery.map((tile): ListedJob => {
    const { image, listedAt } = tile;
    if (image.kind === 'file') return { job: fileJob(image.path, middleWindow(tile, geometry)), listedAt };
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
async function gridTiles(
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
    const detail = `the tile "${tile.id}" shows ${tile.sizeM?.toFixed(1)} m, less than the ${geometry.tileSizeM} m of the geometry`;
    return [{ reason: 'bad-value', where: tile.listedAt, detail }];
  });
}

/** Ground beyond a tile of the geometry that the pair's source has on every side, metres. */
function roomM(pair: CrossViewPair, geometry: BundleGeometry): number {
  const { tile } = positiveOf(pair);
  if (tile.image.kind === 'mosaic') return Number.POSITIVE_INFINITY;
  return ((tilesAcross(tile, geometry) - 1) / 2) * geometry.tileSizeM;
}

function fileJob(path: string, window: ReturnType<typeof middleWindow>): ListedJob['job'] {
  return { kind: 'file', path, ...(window && { window }) };
}

const mosaicOf = (image: TileImage) => (image.kind === 'mosaic' ? image : undefined);

function positiveOf(pair: CrossViewPair) {
  const [positive] = pair.tiles;
  if (!positive) throw new RangeError(`The pair ${pair.id} has no tile.`);
  return positive;
}

/**
 * What is told of a panorama when it is decoded. A town's headings are the true ones, which no server knows: there, and in
 * photos, the file says where it looks.
 */
export function panoramaSourceOf({ format }: CrossViewDataset, panorama: DatasetPanorama): PanoramaSource {
  const { path, headingDeg, verticalFovDeg, fieldOfView } = panorama;
  const assumed = { ...(fieldOfView && { fieldOfView }) };
  if (format === 'town' || format === 'photos') return { path, ...assumed };
  return {
    path,
    ...assumed,
    ...(headingDeg !== undefined && { headingDeg }),
    ...(verticalFovDeg !== undefined && { verticalFovDeg }),
  };
}

/** The parts of a geometry that the ground images depend on. */
function groundGeometry({
  tileSizeM,
  inputSizePx,
  bevSizePx,
  cameraHeightM,
  searchMarginPx,
  fieldOfView,
}: BundleGeometry) {
  return {
    tileSizeM,
    inputSizePx,
    bevSizePx,
    cameraHeightM,
    ...(searchMarginPx && { searchMarginPx }),
    ...(fieldOfView && { fieldOfView }),
  };
}

function cacheOf({ root }: CrossViewDataset, options: PrepareOptions): (what: string) => CacheOptions {
  const { cacheDir, threads, onProgress } = options;
  return (what) => {
    const tell: Progress | undefined = onProgress && ((done, total) => onProgress(what, done, total));
    return { cacheDir, root, ...(threads !== undefined && { threads }), ...(tell && { onProgress: tell }) };
  };
}
