// CVUSA (Workman et al. 2015; the split of Zhai et al. 2017): strips of 1232 x 224 px and Bing tiles at zoom 19.
import { basename, join } from 'node:path';
import type { Split } from '../../common/index.js';
import { cvusaTileM, PUBLISHED_GROUND } from '../listing/ground.js';
import {
  headerNote,
  isImagePath,
  pathField,
  readCsvList,
  readRows,
  requireFields,
  tilesOf,
  withoutHeader,
} from '../listing/lists.js';
import type { CrossViewPair, Listing } from '../listing/types.js';
import { type CvusaPlaces, readCvusaPlaces } from './cvusa-places.js';

export const CVUSA_SPLITS = ['train', 'validation'] as const satisfies readonly Split[];

const GROUND = PUBLISHED_GROUND.cvusa;
const LISTS = { train: 'train-19zl.csv', validation: 'val-19zl.csv' } as const;
/**
 * The centre column looks north: the polar transform of Shi et al. 2019 (SAFA), which the field uses on this data set,
 * puts the tile's north there. CVACT is aligned in the same way.
 */
const HEADING_DEG = 0;

/**
 * Reads splits/train-19zl.csv and splits/val-19zl.csv (headerless: tile, panorama, whatever else) and, where it exists,
 * split_locations/all.csv (see cvusa-places.ts). A header that someone put over a list is left out. Throws DATASET_INVALID
 * where a list is missing or empty, or that of places tells no place for certain.
 */
export async function listCvusa(root: string, splits: readonly Split[]): Promise<Listing> {
  const places = await readCvusaPlaces(join(root, 'split_locations', 'all.csv'));
  const lists = await Promise.all(
    CVUSA_SPLITS.filter((split) => splits.includes(split)).map(async (split) => {
      const path = join(root, 'splits', LISTS[split]);
      const list = withoutHeader(
        await readCsvList(path),
        (row) => isImagePath(row[0]) || isImagePath(row[1]),
      );
      const read = readRows(path, list.rows, (fields, where) => pairOf(root, split, fields, where, places));
      return { ...read, notes: headerNote(path, list) };
    }),
  );
  const pairs = lists.flatMap(({ entries }) => entries);
  return {
    name: 'CVUSA',
    pairs,
    unpairedPanoramas: [],
    gallery: tilesOf(pairs),
    ground: { cameraHeightM: GROUND.cameraHeightM },
    publishedPairs: { train: 35_532, validation: 8_884 },
    problems: lists.flatMap(({ problems }) => problems),
    tolerated: [],
    notes: [...(places?.notes ?? []), ...lists.flatMap(({ notes }) => notes)],
  };
}

function pairOf(
  root: string,
  split: Split,
  fields: readonly string[],
  where: string,
  places: CvusaPlaces | undefined,
): CrossViewPair {
  requireFields(fields, 2, Number.POSITIVE_INFINITY);
  const tilePath = pathField(fields, 0, 'tile');
  const panoramaPath = pathField(fields, 1, 'panorama');
  const id = basename(tilePath).replace(/\.[^.]*$/, '');
  const known = places?.of(id);
  return {
    id,
    path: join(root, panoramaPath),
    split,
    headingDeg: HEADING_DEG,
    fieldOfView: GROUND.fieldOfView,
    listedAt: where,
    ...(known && { location: known.ground }),
    tiles: [
      {
        relation: 'positive',
        tile: {
          id,
          image: { kind: 'file', path: join(root, tilePath) },
          sizeM: known ? cvusaTileM(known.tile.lat) : GROUND.tileFileM,
          listedAt: where,
          ...(known && { centre: known.tile }),
        },
      },
    ],
  };
}
