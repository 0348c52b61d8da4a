// CVUSA (Workman et al. 2015; the split of Zhai et al. 2017): strips of 1232 x 224 px and Bing tiles at zoom 19.
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { CsvRow } from 'skyfix/files';
import type { LonLat } from 'skyfix/geometry';
import type { Split } from '../../common/index.js';
import { PUBLISHED_GROUND } from '../listing/ground.js';
import {
  placeFields,
  RowError,
  readCsvList,
  readRows,
  requireFields,
  textField,
  tilesOf,
} from '../listing/lists.js';
import { lineOf } from '../listing/problems.js';
import type { CrossViewPair, Listing } from '../listing/types.js';

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
 * split_locations/all.csv (headerless; row id - 1 has tile latitude, tile longitude, ground latitude, ground longitude).
 * Throws DATASET_INVALID where a list is missing or empty.
 */
export async function listCvusa(root: string, splits: readonly Split[]): Promise<Listing> {
  const places = await readPlaces(join(root, 'split_locations', 'all.csv'));
  const lists = await Promise.all(
    CVUSA_SPLITS.filter((split) => splits.includes(split)).map(async (split) => {
      const path = join(root, 'splits', LISTS[split]);
      return readRows(path, await readCsvList(path), (fields, where) =>
        pairOf(root, split, fields, where, places),
      );
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
  };
}

interface Places {
  readonly path: string;
  readonly rows: readonly CsvRow[];
}

async function readPlaces(path: string): Promise<Places | undefined> {
  const exists = await stat(path).catch(() => undefined);
  return exists ? { path, rows: await readCsvList(path) } : undefined;
}

function pairOf(
  root: string,
  split: Split,
  fields: readonly string[],
  where: string,
  places: Places | undefined,
): CrossViewPair {
  requireFields(fields, 2, Number.POSITIVE_INFINITY);
  const tilePath = textField(fields, 0, 'tile');
  const panoramaPath = textField(fields, 1, 'panorama');
  const id = basename(tilePath).replace(/\.[^.]*$/, '');
  const known = places ? placesOf(id, places) : undefined;
  return {
    id,
    path: join(root, panoramaPath),
    split,
    headingDeg: HEADING_DEG,
    verticalFovDeg: GROUND.verticalFovDeg,
    listedAt: where,
    ...(known && { location: known.ground }),
    tiles: [
      {
        relation: 'positive',
        tile: {
          id,
          image: { kind: 'file', path: join(root, tilePath) },
          sizeM: GROUND.tileFileM,
          listedAt: where,
          ...(known && { centre: known.tile }),
        },
      },
    ],
  };
}

function placesOf(id: string, places: Places): { tile: LonLat; ground: LonLat } {
  const number = Number(id);
  if (!Number.isInteger(number) || number < 1)
    throw new RowError('bad-value', `"${id}" is not a number from 1`);
  const row = places.rows[number - 1];
  if (!row) {
    throw new RowError('wrong-count', `${places.path} has ${places.rows.length} rows and none for id ${id}`);
  }
  try {
    requireFields(row.fields, 4, Number.POSITIVE_INFINITY);
    return { tile: placeFields(row.fields, 1, 0), ground: placeFields(row.fields, 3, 2) };
  } catch (error) {
    if (!(error instanceof RowError)) throw error;
    throw new RowError(error.reason, `${lineOf(places.path, row.line)}: ${error.message}`);
  }
}
