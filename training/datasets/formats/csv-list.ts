// Own data: one CSV with a row an image pair; empty cells are allowed.
import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fieldOfViewFault } from 'skyfix/geometry';
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

const REQUIRED = ['id', 'ground', 'satellite'] as const;
const OPTIONAL = [
  'lon',
  'lat',
  'heading',
  'split',
  'tile_size_m',
  'vertical_fov_deg',
  'horizon_share',
  'camera_height_m',
] as const;
type Column = (typeof REQUIRED)[number] | (typeof OPTIONAL)[number];
const COLUMNS: readonly Column[] = [...REQUIRED, ...OPTIONAL];

/** The cells of a row by their column's name; empty for a column that the file does not have. */
type Row = Readonly<Record<Column, string>>;

/** What a row has: a panorama, a tile, or both. */
interface Entry {
  readonly panorama?: DatasetPanorama;
  readonly tile?: DatasetTile;
}

/**
 * Reads a CSV with the columns id,ground,satellite and, in any order, those of OPTIONAL that are wanted; `root` is the file,
 * or a folder that holds it as pairs.csv. Image paths are relative to the file; lon and lat are WGS 84 and hold for the
 * panorama and the tile's centre; heading is the azimuth of the centre column in degrees; split is train, validation or
 * test, train where empty. What rows differ in: tile_size_m is the ground along a side of the tile's file, metres;
 * vertical_fov_deg and horizon_share are what a strip's rows cover and the share of them above the horizon;
 * camera_height_m is the camera's. One tile may stand in several rows. A row without "satellite" is an unpaired panorama; one
 * without "ground" is a tile of every split's gallery, or of its own alone where that is validation or test.
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
  const fault = headerFault(names);
  if (fault) {
    throw unusable(
      path,
      `line 1 is "${names.join(',')}": ${fault}. Columns are ${REQUIRED.join(',')} and, where wanted, ${OPTIONAL.join(',')}`,
    );
  }
  const lineOfId = new Map<string, string>();
  const groundOf = new Map<string, { readonly sizeM: number | undefined; readonly where: string }>();
  const { entries, problems } = readRows(path, rows, (fields, where) => {
    requireFields(fields, names.length);
    const row = Object.fromEntries(
      COLUMNS.map((name) => [name, fields[names.indexOf(name)]?.trim() ?? '']),
    ) as Row;
    const id = textField([row.id], 0, 'id');
    const earlier = lineOfId.get(id);
    if (earlier) throw new RowError('duplicate-id', `"${id}" is also at ${earlier}`);
    lineOfId.set(id, where);
    const split = splitOf(row.split);
    if (!splits.includes(split)) return {};
    const entry = entryOf(dirname(path), id, split, row, where);
    if (entry.tile) {
      const { id: tileId, sizeM } = entry.tile;
      const said = groundOf.get(tileId);
      if (said && said.sizeM !== sizeM) {
        const detail = `"tile_size_m" of ${tileId} is "${row.tile_size_m}", but ${said.sizeM ?? 'empty'} at ${said.where}`;
        throw new RowError('bad-value', detail);
      }
      groundOf.set(tileId, { sizeM, where });
    }
    return entry;
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

/** What is wrong with a header's names; undefined for nothing. */
function headerFault(names: readonly string[]): string | undefined {
  const missing = REQUIRED.filter((name) => !names.includes(name));
  if (missing.length > 0) return `it has no ${missing.join(' and no ')}`;
  const unknown = names.filter((name) => !(COLUMNS as readonly string[]).includes(name));
  if (unknown.length > 0) return `"${unknown.join('", "')}" is not known`;
  const twice = names.find((name, k) => names.indexOf(name) < k);
  return twice === undefined ? undefined : `"${twice}" is there twice`;
}

function splitOf(text: string): Split {
  const name = text || 'train';
  const split = SPLITS.find((known) => known === name);
  if (!split) throw new RowError('bad-value', `"split" is "${name}"`);
  return split;
}

function entryOf(folder: string, id: string, split: Split, row: Row, where: string): Entry {
  const path = (name: 'ground' | 'satellite') => row[name].replaceAll('\\', '/');
  if (row.ground === '' && row.satellite === '') {
    throw new RowError('bad-value', '"ground" and "satellite" are both empty');
  }
  const located = row.lon !== '' || row.lat !== '';
  const location = located ? placeFields([row.lon, row.lat], 0, 1) : undefined;
  const number = (name: Column) => (row[name] === '' ? undefined : numberField([row[name]], 0, name));
  const sizeM = positive('tile_size_m', number('tile_size_m'));
  const headingDeg = number('heading');
  const verticalFovDeg = number('vertical_fov_deg');
  const horizonShare = number('horizon_share');
  const cameraHeightM = positive('camera_height_m', number('camera_height_m'));
  const fault =
    verticalFovDeg !== undefined &&
    fieldOfViewFault({ verticalDeg: verticalFovDeg, ...(horizonShare !== undefined && { horizonShare }) });
  if (fault) throw new RowError('bad-value', `the row's field of view: ${fault}`);
  const panorama: DatasetPanorama = {
    id,
    path: resolve(folder, path('ground')),
    split,
    listedAt: where,
    ...(location && { location }),
    ...(headingDeg !== undefined && { headingDeg }),
    ...(verticalFovDeg !== undefined && { verticalFovDeg }),
    ...(horizonShare !== undefined && { horizonShare }),
    ...(cameraHeightM !== undefined && { cameraHeightM }),
  };
  // A tile alone that is named for validation or test is for their gallery, not for training.
  const heldOut = row.ground === '' && split !== 'train';
  const tile: DatasetTile = {
    id: path('satellite'),
    image: { kind: 'file', path: resolve(folder, path('satellite')) },
    listedAt: where,
    ...(location && { centre: location }),
    ...(sizeM !== undefined && { sizeM }),
    ...(heldOut && { splits: [split] }),
  };
  return { ...(row.ground !== '' && { panorama }), ...(row.satellite !== '' && { tile }) };
}

function positive(name: Column, value: number | undefined): number | undefined {
  if (value === undefined || value > 0) return value;
  throw new RowError('bad-value', `"${name}" is ${value}; it must be over 0`);
}
