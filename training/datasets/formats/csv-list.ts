// Own data: one CSV with a row an image pair; empty cells are allowed.
import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { SPLITS, type Split } from '../../common/index.js';
import {
  distinctTiles,
  numberField,
  placeFields,
  RowError,
  readCsvList,
  readRows,
  requireFields,
  textField,
  unusable,
} from '../listing/lists.js';
import type { CrossViewPair, DatasetPanorama, DatasetTile, Listing } from '../listing/types.js';

const COLUMNS = ['id', 'ground', 'satellite', 'lon', 'lat', 'heading'] as const;
type Cell = (name: (typeof COLUMNS)[number]) => string;

/** What a row has: a panorama, a tile, or both. */
interface Entry {
  readonly panorama?: DatasetPanorama;
  readonly tile?: DatasetTile;
}

/**
 * Reads a CSV with the header id,ground,satellite,lon,lat,heading and, if wanted, split (train, validation, test; train
 * where there is none); `root` is the file, or a folder that holds it as pairs.csv. Image paths are relative to the
 * file; lon and lat are WGS 84 and hold for the panorama and the tile's centre; heading is the azimuth of the centre
 * column in degrees. One tile may stand in several rows. A row without "satellite" is an unpaired panorama; one without
 * "ground" is a tile of every split's gallery, or of its own alone where that is validation or test.
 * Throws DATASET_INVALID where the file is missing or empty, or has another header.
 */
export async function listCsv(root: string, splits: readonly Split[]): Promise<Listing> {
  const isFolder = (await stat(root).catch(() => undefined))?.isDirectory() ?? false;
  const path = isFolder ? join(root, 'pairs.csv') : root;
  const [header, ...rows] = await readCsvList(path);
  const names = (header?.fields ?? []).map((field) => field.trim().toLowerCase());
  if (names.length === 1 && /[;\t]/.test(names[0] ?? '')) {
    const mark = names[0]?.includes(';') ? 'semicolons' : 'tabs';
    throw unusable(path, `its fields are parted by ${mark}; save it with commas between them`);
  }
  if (
    COLUMNS.some((name, k) => names[k] !== name) ||
    (names.length > 6 && names.slice(6).join() !== 'split')
  ) {
    throw unusable(
      path,
      `line 1 is "${names.join(',')}", not "${COLUMNS.join(',')}" with or without ",split"`,
    );
  }
  const lineOfId = new Map<string, string>();
  const { entries, problems } = readRows(path, rows, (fields, where) => {
    requireFields(fields, names.length);
    const id = textField(fields, 0, 'id');
    const earlier = lineOfId.get(id);
    if (earlier) throw new RowError('duplicate-id', `"${id}" is also at ${earlier}`);
    lineOfId.set(id, where);
    const split = splitOf(fields[COLUMNS.length]);
    return splits.includes(split) ? entryOf(dirname(path), id, split, fields, where) : {};
  });
  const pairs = entries.flatMap(({ panorama, tile }): CrossViewPair[] =>
    panorama && tile ? [{ ...panorama, tiles: [{ tile, relation: 'positive' }] }] : [],
  );
  return {
    name: 'own data',
    pairs,
    unpairedPanoramas: entries.flatMap(({ panorama, tile }) => (panorama && !tile ? [panorama] : [])),
    gallery: distinctTiles(entries.flatMap(({ tile }) => (tile ? [tile] : []))),
    ground: {},
    publishedPairs: {},
    problems,
    tolerated: [],
  };
}

function splitOf(text: string | undefined): Split {
  const name = text?.trim() || 'train';
  const split = SPLITS.find((known) => known === name);
  if (!split) throw new RowError('bad-value', `"split" is "${name}"`);
  return split;
}

function entryOf(folder: string, id: string, split: Split, fields: readonly string[], where: string): Entry {
  const cell: Cell = (name) => fields[COLUMNS.indexOf(name)]?.trim() ?? '';
  const path = (name: 'ground' | 'satellite') => cell(name).replaceAll('\\', '/');
  if (cell('ground') === '' && cell('satellite') === '') {
    throw new RowError('bad-value', '"ground" and "satellite" are both empty');
  }
  const located = cell('lon') !== '' || cell('lat') !== '';
  const location = located ? placeFields(fields, COLUMNS.indexOf('lon'), COLUMNS.indexOf('lat')) : undefined;
  const headed = cell('heading') !== '';
  const panorama: DatasetPanorama = {
    id,
    path: resolve(folder, path('ground')),
    split,
    listedAt: where,
    ...(location && { location }),
    ...(headed && { headingDeg: numberField(fields, COLUMNS.indexOf('heading'), 'heading') }),
  };
  // A tile alone that is named for validation or test is for their gallery, not for training.
  const heldOut = cell('ground') === '' && split !== 'train';
  const tile: DatasetTile = {
    id: path('satellite'),
    image: { kind: 'file', path: resolve(folder, path('satellite')) },
    listedAt: where,
    ...(location && { centre: location }),
    ...(heldOut && { splits: [split] }),
  };
  return { ...(cell('ground') !== '' && { panorama }), ...(cell('satellite') !== '' && { tile }) };
}
