// Own panoramas: a folder of geotagged 360 degree photos and an imagery source are a data set as they lie on disk. Tiles
// are cut where the camera says it stood; photos without a position are unlabelled.
import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { messageOf, SkyfixError } from 'skyfix/errors';
import { type FieldOfView, insideBbox, type LonLat } from 'skyfix/geometry';
import { type PanoramaMetadata, readPanoramaMetadata } from 'skyfix/imaging';
import { cutTile, type ImageryOptions, type ImagerySource, openImagery } from 'skyfix/index';
import type { Split } from '../../common/index.js';
import { APART_TILES, PlaceGrid, type SplitShares, splitOfBlock } from '../../common/index.js';
import { tilesOf, unusable } from '../listing/lists.js';
import type { Problem } from '../listing/problems.js';
import type {
  CrossViewPair,
  DatasetPanorama,
  DatasetTile,
  Listing,
  TileImage,
  ToldPose,
} from '../listing/types.js';
import { type PhotoList, readPhotoList } from './photo-list.js';
import { type UnlabelledGrid, unlabelledCentres } from './unlabelled-grid.js';

export interface PhotoOptions {
  /** GeoTIFF file, or folder of XYZ/TMS tiles. */
  readonly imagery: string;
  readonly imageryOptions?: ImageryOptions;
  /** Ground that a tile shows, metres. */
  readonly tileSizeM: number;
  /**
   * Ground beyond the tile on every side that is wanted too: GPS errs, so that tiles are offset by chance in
   * training, metres.
   */
  readonly marginM: number;
  /** Side of a tile in pixels, as it will be cut: whether it is a tile is seen at this size. */
  readonly tilePx: number;
  /** A CSV with what the photos do not say, or say wrong (photo-list.ts). */
  readonly metadata?: string;
  /** Side of a block of one split, metres; 4 tiles when absent. */
  readonly blockM?: number;
  /** Draws which blocks are for training, validation and test. */
  readonly seed: number;
  readonly shares: SplitShares;
  /** Also tiles all over the imagery that show no photo's place (unlabelledTiles); none when absent. */
  readonly unlabelled?: UnlabelledGrid;
}

export const DEFAULT_PHOTOS = {
  tileSizeM: 64,
  marginM: 8,
  tilePx: 256,
  seed: 1,
  shares: { validation: 0.1, test: 0.2 },
} as const satisfies Omit<PhotoOptions, 'imagery'>;

/** Side of a block of one split, in tiles. */
const BLOCK_TILES = 4;
/** What is wrong with files that are pictures, and no 360 degree photos. */
const NOT_PANORAMAS: readonly string[] = ['PANORAMA_FOV_UNKNOWN', 'PANORAMA_PROJECTION_UNSUPPORTED'];
const EXTENSIONS: readonly string[] = ['.jpg', '.jpeg', '.png', '.webp', '.avif', '.tif', '.tiff'];
const AT_ONCE = 8;

interface Photo {
  readonly path: string;
  readonly id: string;
  readonly headingDeg: number;
  readonly told?: ToldPose;
  readonly place?: LonLat;
}

/**
 * Every photo in the folder and those below it, in the order of their paths: EXIF GPS is its place and the middle of its
 * tile, GPano its heading and pose, EXIF its heading else. Blocks of ground (4 x 4 tiles unless told) go to one split
 * each, drawn by the seed; of training and
 * validation what shares ground with a test tile is left out and counted ("near-test"). Problems: no 360 degree photo
 * ("no-panorama"), no heading ("no-heading": its BEV could not be turned north), not all of its tile and margin in the imagery
 * ("outside-imagery"). A list beside them (`metadata`) says instead what they do not. Photos without GPS are unpaired
 * panoramas for training. With `fieldOfView`, photos without a GPano crop are
 * such strips. Throws DATASET_INVALID where the folder cannot be read or has no photos, IMAGERY_INVALID, PARAMETER_INVALID for a
 * stride that makes more than 20 million unlabelled tiles.
 */
export async function listPhotos(
  root: string,
  splits: readonly Split[],
  options: PhotoOptions,
  fieldOfView?: FieldOfView,
): Promise<Listing> {
  const { imagery, imageryOptions = {}, tileSizeM, marginM, tilePx, seed, shares, unlabelled } = options;
  const { blockM = BLOCK_TILES * tileSizeM } = options;
  if (!(tileSizeM > 0 && marginM >= 0)) {
    throw new SkyfixError(
      'DATASET_INVALID',
      `A tile of ${tileSizeM} m with a margin of ${marginM} m is none.`,
    );
  }
  if (blockM < tileSizeM + 2 * marginM) {
    throw new SkyfixError(
      'DATASET_INVALID',
      `Blocks of ${blockM} m are smaller than a tile with its margin, ${tileSizeM + 2 * marginM} m.`,
    );
  }
  const list = options.metadata === undefined ? undefined : await readPhotoList(options.metadata);
  const paths = await photosIn(root);
  const problems: (Problem | undefined)[] = [];
  const photos: (Photo | undefined)[] = [];
  await forEachPath(paths, async (path, k) => {
    const read = await readPhoto(path, idOf(root, path), list, fieldOfView);
    if ('reason' in read) problems[k] = read;
    else photos[k] = read;
  });
  const read = photos.flatMap((photo) => photo ?? []);
  const source = await openImagery(imagery, imageryOptions);
  const { bounds } = source;
  const wideM = tileSizeM + 2 * marginM;
  const widePx = Math.round((tilePx * wideM) / tileSizeM);
  const outside = await outsideImagery(read, source, wideM, widePx).finally(() => source.close());
  const placed = read.filter((photo) => photo.place && !outside.has(photo.path));
  const splitAt = (place: LonLat) => splitOfBlock(place, blockM, seed, shares);
  const splitOf = new Map(placed.map(({ path, place }) => [path, splitAt(place as LonLat)]));
  const nearTest = nearOf(placed, (photo) => splitOf.get(photo.path) === 'test', APART_TILES * tileSizeM);
  const tileAt = (id: string, centre: LonLat, listedAt: string): DatasetTile => {
    const how = Object.keys(imageryOptions).length > 0 ? { imagery: imageryOptions } : {};
    const image: TileImage = { kind: 'mosaic', path: imagery, centre, sizeM: tileSizeM, ...how };
    return { id, image, centre, sizeM: tileSizeM, listedAt };
  };
  const pairs = placed
    .filter(({ path }) => !nearTest.has(path))
    .map(
      (photo): CrossViewPair => ({
        ...panoramaOf(photo, splitOf.get(photo.path) ?? 'train'),
        tiles: [{ relation: 'positive', tile: tileAt(photo.id, photo.place as LonLat, photo.path) }],
      }),
    );
  const lone =
    unlabelled &&
    unlabelledCentres(
      bounds,
      placed.map(({ path, place }) => ({ place: place as LonLat, split: splitOf.get(path) ?? 'train' })),
      splitAt,
      { ...unlabelled, tileSizeM, marginM },
    );
  const wanted = pairs.filter(({ split }) => splits.includes(split));
  const unplaced = read.filter(({ place }) => !place);
  const ids = new Set(paths.map((path) => idOf(root, path)));
  const found = [
    ...(list?.problems ?? []),
    ...problems.flatMap((problem) => problem ?? []),
    ...absentOf(list, ids),
    ...outside.values(),
    ...nearTest.values(),
  ];
  return {
    name: 'own photos',
    pairs: wanted,
    unpairedPanoramas: splits.includes('train') ? unplaced.map((photo) => panoramaOf(photo, 'train')) : [],
    ...(lone &&
      splits.includes('train') && {
        unlabelledTiles: lone.map(({ name, centre }) => tileAt(name, centre, imagery)),
      }),
    gallery: tilesOf(wanted),
    ground: {},
    publishedPairs: {},
    problems: found,
    tolerated: ['near-test'],
    notes: unplacedNote(unplaced),
  };
}

async function photosIn(root: string): Promise<readonly string[]> {
  const folder = await stat(root).catch(() => undefined);
  if (!folder?.isDirectory()) throw unusable(root, 'it is not a folder');
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    throw unusable(root, `the folder cannot be read (${messageOf(error)})`, error);
  });
  const paths = entries
    .filter((entry) => entry.isFile() && EXTENSIONS.includes(extname(entry.name).toLowerCase()))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  if (paths.length === 0) throw unusable(root, `there are no photos in it (${EXTENSIONS.join(', ')})`);
  return paths;
}

/** The photo's path from the folder, with slashes. */
const idOf = (root: string, path: string) => relative(root, path).split(sep).join('/');

async function readPhoto(
  path: string,
  id: string,
  list: PhotoList | undefined,
  fieldOfView: FieldOfView | undefined,
): Promise<Photo | Problem> {
  let metadata: PanoramaMetadata;
  try {
    metadata = await readPanoramaMetadata(await readFile(path), { fieldOfView });
  } catch (error) {
    const plain = error instanceof SkyfixError && NOT_PANORAMAS.includes(error.code);
    const detail = error instanceof SkyfixError ? error.detail : messageOf(error);
    return { reason: plain ? 'no-panorama' : 'unreadable-image', where: path, detail };
  }
  const { headingSource, pose, gps } = metadata;
  const listed = list?.photos.get(id);
  const place = listed?.place ?? gps;
  if (listed) {
    const { headingDeg } = listed.pose;
    return { path, id, headingDeg, told: listed.pose, ...(place && { place }) };
  }
  if (headingSource === 'assumed') {
    const detail =
      'it has neither GPano PoseHeadingDegrees nor EXIF GPSImgDirection; a list may say it (metadata: file,headingDeg)';
    return { reason: 'no-heading', where: path, detail };
  }
  return { path, id, headingDeg: pose.headingDeg, ...(place && { place }) };
}

/** Lines of the list whose photo is not there. */
function absentOf(list: PhotoList | undefined, ids: ReadonlySet<string>): Problem[] {
  return [...(list?.photos ?? [])].flatMap(([id, { listedAt }]): Problem[] =>
    ids.has(id) ? [] : [{ reason: 'missing-file', where: listedAt, detail: `there is no photo "${id}"` }],
  );
}

/** Photos that were taken nowhere are easily taken for photos whose place is not read. */
function unplacedNote(unplaced: readonly Photo[]): string[] {
  if (unplaced.length === 0) return [];
  const some = unplaced.slice(0, 3).map(({ id }) => id);
  const more = unplaced.length > some.length ? ', …' : '';
  return [`${unplaced.length} photos without a GPS position are unlabelled: ${some.join(', ')}${more}`];
}

function panoramaOf({ id, path, headingDeg, told, place }: Photo, split: Split): DatasetPanorama {
  return {
    id,
    path,
    split,
    headingDeg,
    listedAt: path,
    ...(told && { told }),
    ...(place && { location: place }),
  };
}

/** Photos around which no tile of sizeM x sizeM metres and sizePx x sizePx pixels can be cut, by path. */
async function outsideImagery(
  photos: readonly Photo[],
  source: ImagerySource,
  sizeM: number,
  sizePx: number,
): Promise<ReadonlyMap<string, Problem>> {
  const found = new Map<string, Problem>();
  for (const { path, place } of photos) {
    if (!place) continue;
    const inside = insideBbox(place, source.bounds);
    if (inside && (await cutTile(source, place, sizeM, sizePx))) continue;
    const detail = `the ${source.description} does not have ${sizeM} m around ${place.lon}, ${place.lat}`;
    found.set(path, { reason: 'outside-imagery', where: path, detail });
  }
  return found;
}

/** Photos outside of the test that are nearer than this to one of its photos, by path. */
function nearOf(
  photos: readonly Photo[],
  isTest: (photo: Photo) => boolean,
  apartM: number,
): ReadonlyMap<string, Problem> {
  const tests = photos.filter(isTest);
  const grid = new PlaceGrid(
    tests.map(({ place }) => place),
    apartM,
  );
  const found = new Map<string, Problem>();
  for (const photo of photos) {
    if (isTest(photo) || !photo.place) continue;
    const [near] = grid.within(photo.place, apartM);
    if (near === undefined) continue;
    const detail = `its tile would share ground with that of the test photo ${tests[near]?.path}`;
    found.set(photo.path, { reason: 'near-test', where: photo.path, detail });
  }
  return found;
}

async function forEachPath(
  paths: readonly string[],
  look: (path: string, k: number) => Promise<void>,
): Promise<void> {
  const entries = paths.entries();
  const worker = async (): Promise<void> => {
    for (const [k, path] of entries) await look(path, k);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
