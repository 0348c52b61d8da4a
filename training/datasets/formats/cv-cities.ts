// CV-Cities (Huang et al. 2024): sixteen cities, one list a city.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Split } from '../../common/index.js';
import {
  headerNote,
  isImagePath,
  isNumber,
  pathField,
  placeFields,
  readCsvList,
  readFolder,
  readRows,
  requireFields,
  textField,
  tilesOf,
  unusable,
  withoutHeader,
} from '../listing/lists.js';
import type { CrossViewPair, Listing } from '../listing/types.js';

export const CV_CITIES_SPLITS = ['train', 'test'] as const satisfies readonly Split[];

/** The cities that the authors test on (their repository GaoShuang98/CVCities); every other one is for training. */
const TEST_CITIES: readonly string[] = ['taipei', 'singapore', 'london', 'seattle', 'rio', 'sydney'];

/**
 * Reads CITY/img_info.csv of every folder that has one (headerless: name, longitude, latitude, city, tile path, panorama
 * path, both from the root). Throws DATASET_INVALID where no folder has a list, or a list is empty.
 */
export async function listCvCities(root: string, splits: readonly Split[]): Promise<Listing> {
  const lists = [];
  const notes: string[] = [];
  let found = 0;
  for (const folder of await readFolder(root)) {
    const path = join(root, folder, 'img_info.csv');
    if (!(await stat(path).catch(() => undefined))) continue;
    found++;
    const split = TEST_CITIES.includes(folder) ? 'test' : 'train';
    if (!splits.includes(split)) continue;
    // Headerless as published; with a header its place is no number.
    const list = withoutHeader(await readCsvList(path), (row) => isNumber(row[1]) || isImagePath(row[4]));
    notes.push(...headerNote(path, list));
    lists.push(readRows(path, list.rows, (fields, where) => pairOf(root, folder, split, fields, where)));
  }
  if (found === 0) throw unusable(root, 'no folder in it has an img_info.csv');
  const pairs = lists.flatMap(({ entries }) => entries);
  return {
    name: 'CV-Cities',
    pairs,
    unpairedPanoramas: [],
    gallery: tilesOf(pairs),
    ground: {},
    publishedPairs: { train: 162_954, test: 60_782 },
    problems: lists.flatMap(({ problems }) => problems),
    tolerated: [],
    notes,
  };
}

function pairOf(
  root: string,
  folder: string,
  split: Split,
  fields: readonly string[],
  where: string,
): CrossViewPair {
  requireFields(fields, 6);
  const id = `${folder}/${textField(fields, 0, 'name')}`;
  const location = placeFields(fields, 1, 2);
  const image = { kind: 'file', path: join(root, pathField(fields, 4, 'satellite path')) } as const;
  return {
    id,
    path: join(root, pathField(fields, 5, 'panorama path')),
    split,
    location,
    listedAt: where,
    tiles: [{ relation: 'positive', tile: { id, image, centre: location, listedAt: where } }],
  };
}
