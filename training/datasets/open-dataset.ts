// Opens a data set of any format: its lists, then the checks that are the same for all.
import { SkyfixError } from 'skyfix/errors';
import type { FieldOfView } from 'skyfix/geometry';
import { SPLITS, type Split } from '../common/index.js';
import { listCsv } from './formats/csv-list.js';
import { CV_CITIES_SPLITS, listCvCities } from './formats/cv-cities.js';
import { CVACT_SPLITS, listCvact } from './formats/cvact.js';
import { CVUSA_SPLITS, listCvusa } from './formats/cvusa.js';
import { listPhotos, type PhotoOptions } from './formats/photos.js';
import { listTown } from './formats/town.js';
import { listVigor, VIGOR_SPLITS, type VigorArea } from './formats/vigor.js';
import {
  decodeImages,
  fileImage,
  imageKey,
  missingImages,
  namesInOtherCase,
  unknownViews,
} from './listing/images.js';
import { tilesOf } from './listing/lists.js';
import { FIELD_OF_VIEW_ADVICE, type Problem, type Reason, refuse } from './listing/problems.js';
import type {
  CrossViewDataset,
  CrossViewPair,
  DatasetFormat,
  DatasetPanorama,
  DatasetTile,
  ImageSize,
  Listing,
  TileImage,
} from './listing/types.js';

export interface OpenOptions {
  readonly format: DatasetFormat;
  /** The folder of the data set; for "csv" the file itself will do. */
  readonly root: string;
  /** All that the format has where there are none. */
  readonly splits?: readonly Split[];
  /** Protocol of VIGOR; "same" where there is none. */
  readonly area?: VigorArea;
  /** Of the format "photos", which needs it: where the tiles come from, and how photos are parted. */
  readonly photos?: PhotoOptions;
  /** What the panoramas show that neither their row nor a GPano crop in the file says, instead of what the format says. */
  readonly fieldOfView?: FieldOfView;
  /** Ground that a tile file shows along a side, metres, instead of what the format says; a row's own word comes first. */
  readonly tileFileM?: number;
  /** What whoever uses the images assumes where neither file nor data set says it (geometry.fieldOfView): not unknown then. */
  readonly assumedLater?: FieldOfView;
  /** Leaves unusable entries out and counts them, instead of throwing. */
  readonly dropInvalid?: boolean;
  /** Decodes every image, which takes its time; otherwise only their existence is checked. */
  readonly checkImages?: boolean;
}

const SPLITS_OF: Readonly<Record<DatasetFormat, readonly Split[]>> = {
  cvusa: CVUSA_SPLITS,
  cvact: CVACT_SPLITS,
  vigor: VIGOR_SPLITS,
  'cv-cities': CV_CITIES_SPLITS,
  csv: SPLITS,
  town: SPLITS,
  photos: SPLITS,
};

/**
 * Reads a data set's lists and checks that every id is unique and every image there (and, if wanted, decodable).
 * Throws DATASET_INVALID where a list cannot be used, the format has no such split or nothing usable is left, and for
 * unusable entries unless they are to be dropped; CVACT, whose lists name files that were never published, drops
 * pairs with a missing file in any case. Of two entries with one id the first is kept.
 */
export async function openDataset(options: OpenOptions): Promise<CrossViewDataset> {
  const { format, root, dropInvalid = false, checkImages = false } = options;
  const splits = options.splits ?? SPLITS_OF[format];
  const unknown = splits.filter((split) => !SPLITS_OF[format].includes(split));
  if (unknown.length > 0) {
    const detail = `The format "${format}" has the splits ${SPLITS_OF[format].join(', ')}, not ${unknown.join(', ')}.`;
    throw new SkyfixError('DATASET_INVALID', detail);
  }
  const listing = assuming(options, await readListing(options, splits));
  const renamed = await withFileNames(withoutDuplicates(listing));
  const checked = await withoutBadImages(renamed.entries, checkImages, options.assumedLater);
  const dropped = [...listing.problems, ...renamed.entries.found, ...checked.found];
  const tolerated = ({ reason }: Problem) => listing.tolerated.includes(reason);
  if (!dropInvalid) {
    const refusable = dropped.filter((problem) => !tolerated(problem));
    const strips = refusable.some(({ reason }) => reason === 'no-field-of-view');
    refuse(
      root,
      refusable,
      `${strips ? `${FIELD_OF_VIEW_ADVICE} ` : ''}Invalid entries can be dropped on request (--drop-invalid).`,
    );
  }
  const { pairs, unpairedPanoramas, gallery, sizes } = checked;
  if (pairs.length + unpairedPanoramas.length + gallery.length === 0) {
    refuse(root, dropped, 'Nothing is left without them.');
    throw new SkyfixError('DATASET_INVALID', `${root} has nothing in ${splits.join(', ')}.`);
  }
  const { name, ground, publishedPairs, unlabelledTiles } = listing;
  return {
    name,
    format,
    root,
    pairs,
    unpairedPanoramas,
    ...(unlabelledTiles && { unlabelledTiles }),
    gallery,
    ground,
    publishedPairs,
    dropped,
    notes: [...(listing.notes ?? []), ...renamed.notes],
    ...(sizes && { imageSizes: sizes }),
  };
}

async function readListing(
  { format, root, area = 'same', photos, fieldOfView, assumedLater }: OpenOptions,
  splits: readonly Split[],
): Promise<Listing> {
  switch (format) {
    case 'cvusa':
      return listCvusa(root, splits);
    case 'cvact':
      return listCvact(root, splits);
    case 'vigor':
      return listVigor(root, splits, area);
    case 'cv-cities':
      return listCvCities(root, splits);
    case 'csv':
      return listCsv(root, splits);
    case 'town':
      return listTown(root, splits);
    case 'photos':
      if (photos) return listPhotos(root, splits, photos, fieldOfView ?? assumedLater);
      throw new SkyfixError(
        'DATASET_INVALID',
        'Photos need an imagery source to cut their tiles from (--imagery).',
      );
  }
}

/** The entries with what the user knows of field of view and ground; without it as the format has them. */
function assuming(
  { format, fieldOfView, tileFileM }: Pick<OpenOptions, 'format' | 'fieldOfView' | 'tileFileM'>,
  listing: Listing,
): Listing {
  if (!fieldOfView && tileFileM === undefined) return listing;
  const seen = <T extends DatasetPanorama>(panorama: T): T => ({
    ...panorama,
    ...(fieldOfView && { fieldOfView }),
  });
  // Own data say the ground row by row, if at all; other formats know one for all.
  const measured = ({ sizeM, ...tile }: DatasetTile): DatasetTile => {
    const known = format === 'csv' ? (sizeM ?? tileFileM) : (tileFileM ?? sizeM);
    return { ...tile, ...(known !== undefined && { sizeM: known }) };
  };
  const tile = (listed: DatasetTile) => (listed.image.kind === 'file' ? measured(listed) : listed);
  return {
    ...listing,
    pairs: listing.pairs.map((pair) => ({
      ...seen(pair),
      tiles: pair.tiles.map((paired) => ({ ...paired, tile: tile(paired.tile) })),
    })),
    unpairedPanoramas: listing.unpairedPanoramas.map(seen),
    gallery: listing.gallery.map(tile),
  };
}

/** Entries that passed a check, and what was found against the others. */
interface Checked extends Pick<Listing, 'pairs' | 'unpairedPanoramas' | 'gallery'> {
  readonly found: readonly Problem[];
  /** By imageKey, where every image was decoded. */
  readonly sizes?: ReadonlyMap<string, ImageSize>;
}

function withoutDuplicates({ pairs, unpairedPanoramas, gallery }: Listing): Checked {
  const found: Problem[] = [];
  const firstOf = <T extends { readonly id: string; readonly listedAt: string }>(
    entries: readonly T[],
    seen: Map<string, string>,
  ): T[] =>
    entries.filter(({ id, listedAt }) => {
      const earlier = seen.get(id);
      if (earlier === undefined) seen.set(id, listedAt);
      else found.push({ reason: 'duplicate-id', where: listedAt, detail: `"${id}" is also at ${earlier}` });
      return earlier === undefined;
    });
  const panoramas = new Map<string, string>();
  return {
    pairs: firstOf(pairs, panoramas),
    unpairedPanoramas: firstOf(unpairedPanoramas, panoramas),
    gallery: firstOf(gallery, new Map()),
    found,
  };
}

/**
 * Entries with their files as they are named on the disk: lists made elsewhere say ".jpg" of a file that is ".JPG" here.
 */
async function withFileNames(entries: Checked): Promise<{ entries: Checked; notes: readonly string[] }> {
  const names = await namesInOtherCase(imagesOf(entries));
  if (names.size === 0) return { entries, notes: [] };
  const image = (listed: TileImage): TileImage => {
    const path = names.get(imageKey(listed));
    return path === undefined ? listed : { ...listed, path };
  };
  const tile = (listed: DatasetTile): DatasetTile => ({ ...listed, image: image(listed.image) });
  const panorama = <T extends DatasetPanorama>(listed: T): T => ({
    ...listed,
    path: image(fileImage(listed.path)).path,
  });
  const pairs = entries.pairs.map((pair) => ({
    ...panorama(pair),
    tiles: pair.tiles.map((paired) => ({ ...paired, tile: tile(paired.tile) })),
  }));
  const [first = ''] = names.values();
  return {
    entries: {
      ...entries,
      pairs,
      unpairedPanoramas: entries.unpairedPanoramas.map(panorama),
      gallery: entries.gallery.map(tile),
    },
    notes: [`${names.size} files are listed with other capital letters than they have, such as ${first}`],
  };
}

async function withoutBadImages(
  entries: Checked,
  decode: boolean,
  assumedLater: FieldOfView | undefined,
): Promise<Checked> {
  const present = withoutImages(entries, await missingImages(imagesOf(entries)), 'missing-file');
  if (!decode) return present;
  const { sizes, unreadable } = await decodeImages(imagesOf(present));
  const readable = withoutImages(present, unreadable, 'unreadable-image');
  const unknown = await unknownViews([...readable.pairs, ...readable.unpairedPanoramas], assumedLater);
  const seen = withoutImages(readable, unknown, 'no-field-of-view');
  return { ...seen, found: [...present.found, ...readable.found, ...seen.found], sizes };
}

/** Every image of the entries, some of them more than once. */
export function* imagesOf({
  pairs,
  unpairedPanoramas,
  gallery,
}: Pick<Listing, 'pairs' | 'unpairedPanoramas' | 'gallery'>): Generator<TileImage> {
  for (const { path } of [...pairs, ...unpairedPanoramas]) yield fileImage(path);
  for (const { tiles } of pairs) for (const { tile } of tiles) yield tile.image;
  for (const { image } of gallery) yield image;
}

/** Leaves out every entry with one of the bad images; one problem an entry. */
function withoutImages(
  { pairs, unpairedPanoramas, gallery }: Checked,
  bad: ReadonlyMap<string, string>,
  reason: Reason,
): Checked {
  const found: Problem[] = [];
  const good = (where: string, ...images: readonly TileImage[]): boolean => {
    const detail = images.map((image) => bad.get(imageKey(image))).find((text) => text !== undefined);
    if (detail !== undefined) found.push({ reason, where, detail });
    return detail === undefined;
  };
  const goodPair = ({ path, tiles, listedAt }: CrossViewPair) =>
    good(listedAt, fileImage(path), ...tiles.map(({ tile }) => tile.image));
  const goodPanorama = ({ path, listedAt }: DatasetPanorama) => good(listedAt, fileImage(path));
  const keptPairs = pairs.filter(goodPair);
  const kept = new Set(keptPairs);
  const linesOfDropped = new Set(pairs.filter((pair) => !kept.has(pair)).map(({ listedAt }) => listedAt));
  const tileIds = (some: readonly CrossViewPair[]) => new Set(tilesOf(some).map(({ id }) => id));
  const idsOfPairs = tileIds(pairs);
  const idsOfKept = tileIds(keptPairs);
  const goodTile = ({ id, image, listedAt }: DatasetTile): boolean => {
    if (idsOfKept.has(id)) return true;
    // A tile that a dropped pair's own line names goes with it; the pair answers for a tile that cannot be used.
    if (linesOfDropped.has(listedAt)) return false;
    return idsOfPairs.has(id) ? !bad.has(imageKey(image)) : good(listedAt, image);
  };
  return {
    pairs: keptPairs,
    unpairedPanoramas: unpairedPanoramas.filter(goodPanorama),
    gallery: gallery.filter(goodTile),
    found,
  };
}
