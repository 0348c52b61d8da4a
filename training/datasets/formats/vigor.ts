// VIGOR (Zhu et al. 2021): four cities, tiles of 640 px that overlap, each panorama with one positive tile and three
// semi-positive ones. Two protocols: train and test in the same four cities, or in two and two.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LonLat } from 'skyfix/geometry';
import type { Split } from '../../common/index.js';
import { PUBLISHED_GROUND } from '../listing/ground.js';
import {
  numberField,
  RowError,
  readBlankSeparatedList,
  readRows,
  requireFields,
  textField,
  unusable,
} from '../listing/lists.js';
import type { Problem } from '../listing/problems.js';
import type { CrossViewPair, DatasetTile, Listing, PairedTile } from '../listing/types.js';

export const VIGOR_SPLITS = ['train', 'test'] as const satisfies readonly Split[];
export const VIGOR_AREAS = ['same', 'cross'] as const;
export type VigorArea = (typeof VIGOR_AREAS)[number];

/** Side of every tile; cameraPx counts in these pixels. */
export const VIGOR_TILE_PX = 640;
type City = 'NewYork' | 'Seattle' | 'SanFrancisco' | 'Chicago';
const ALL_CITIES: readonly City[] = ['NewYork', 'Seattle', 'SanFrancisco', 'Chicago'];
/** The cities of each split and the list that names their panoramas. */
const PROTOCOLS = {
  same: {
    train: { cities: ALL_CITIES, list: 'same_area_balanced_train' },
    test: { cities: ALL_CITIES, list: 'same_area_balanced_test' },
  },
  cross: {
    train: { cities: ['NewYork', 'Seattle'], list: 'pano_label_balanced' },
    test: { cities: ['SanFrancisco', 'Chicago'], list: 'pano_label_balanced' },
  },
} as const satisfies Record<VigorArea, unknown>;
const PUBLISHED = {
  same: { train: 52_609, test: 52_605 },
  cross: { train: 51_520, test: 53_694 },
} as const;
/** The authors shift every panorama so that north lies in its middle (Zhu et al. 2021). */
const HEADING_DEG = 0;
/** A panorama's name, then four times tile, d0, d1. */
const FIELDS = 13;

/**
 * Where a city's lists may be, the best first: the corrected labels (Lentsch et al. 2023, SliceMatch, what the field's code
 * uses by now), the authors' second ones, the first ones.
 */
const LIST_FOLDERS = [
  { folder: 'splits__corrected', suffix: '__corrected' },
  { folder: 'splits__corrected', suffix: '' },
  { folder: 'splits_new', suffix: '' },
  { folder: 'splits', suffix: '' },
] as const;

/** Labels before their correction are off by up to some metres. */
const UNCORRECTED = "labels without SliceMatch's correction";

/**
 * Reads, of each city, satellite_list.txt and, by protocol, same_area_balanced_{train,test}.txt or pano_label_balanced.txt out of
 * the first of LIST_FOLDERS that has them: panorama, then four times tile, d0, d1, the positive first; the camera is at
 * x = 320 - d1, y = 320 + d0 in a tile of 640 px. Images are in CITY/panorama and CITY/satellite; places are in their names.
 * The gallery is every tile of the cities of the splits. Throws DATASET_INVALID where a list is missing or empty.
 */
export async function listVigor(root: string, splits: readonly Split[], area: VigorArea): Promise<Listing> {
  const wanted = VIGOR_SPLITS.filter((split) => splits.includes(split));
  const splitsOf = (city: City): readonly Split[] =>
    VIGOR_SPLITS.filter((split) => (PROTOCOLS[area][split].cities as readonly City[]).includes(city));
  const cities = new Set(wanted.flatMap((split) => PROTOCOLS[area][split].cities));
  const tilesOfCity = new Map<City, ReadonlyMap<string, DatasetTile>>();
  const gallery: DatasetTile[] = [];
  const problems: Problem[] = [];
  for (const city of cities) {
    const { path } = await listPath(root, city, 'satellite_list');
    const list = readRows(path, await readBlankSeparatedList(path), (fields, where) =>
      tileOf(root, city, fields, where, splitsOf(city)),
    );
    problems.push(...list.problems);
    for (const tile of list.entries) gallery.push(tile);
    tilesOfCity.set(city, new Map(list.entries.map((tile) => [tile.id, tile])));
  }
  const pairs: CrossViewPair[] = [];
  /** The cities whose labels came from each folder. */
  const citiesOf = new Map<string, Set<string>>();
  for (const split of wanted) {
    const { cities: splitCities, list: name } = PROTOCOLS[area][split];
    for (const city of splitCities) {
      const { path, folder } = await listPath(root, city, name);
      citiesOf.set(folder, (citiesOf.get(folder) ?? new Set()).add(city));
      const tiles = tilesOfCity.get(city) ?? new Map();
      const list = readRows(path, await readBlankSeparatedList(path), (fields, where) =>
        pairOf(root, city, split, tiles, fields, where),
      );
      problems.push(...list.problems);
      for (const pair of list.entries) pairs.push(pair);
    }
  }
  const notes = [...citiesOf].map(([folder, some]) => {
    const remark = folder === LIST_FOLDERS[0].folder ? 'corrected labels' : UNCORRECTED;
    return `labels of ${[...some].join(', ')} from ${folder}/ (${remark})`;
  });
  return {
    name: `VIGOR (${area} area)`,
    pairs,
    unpairedPanoramas: [],
    gallery,
    ground: { cameraHeightM: PUBLISHED_GROUND.vigor.cameraHeightM },
    publishedPairs: PUBLISHED[area],
    problems,
    tolerated: [],
    notes,
  };
}

/** A city's list in the best folder that has it. Throws DATASET_INVALID where none has. */
async function listPath(root: string, city: City, list: string): Promise<{ path: string; folder: string }> {
  const paths = LIST_FOLDERS.map(({ folder, suffix }) => ({
    folder,
    path: join(root, folder, city, `${list}${suffix}.txt`),
  }));
  for (const found of paths) if (await stat(found.path).catch(() => undefined)) return found;
  const folders = [...new Set(LIST_FOLDERS.map(({ folder }) => folder))].join(', ');
  throw unusable(root, `none of the folders ${folders} has ${city}/${list}.txt`);
}

function tileOf(
  root: string,
  city: City,
  fields: readonly string[],
  where: string,
  splits: readonly Split[],
): DatasetTile {
  requireFields(fields, 1);
  const name = textField(fields, 0, 'tile');
  const centre = placeInName(/^satellite_(-?\d+\.?\d*)_(-?\d+\.?\d*)\.[a-z]+$/i, name);
  return {
    id: `${city}/${name}`,
    image: { kind: 'file', path: join(root, city, 'satellite', name) },
    sizeM: PUBLISHED_GROUND[`vigor/${city}`].tileFileM,
    splits,
    listedAt: where,
    ...(centre && { centre }),
  };
}

function pairOf(
  root: string,
  city: City,
  split: Split,
  cityTiles: ReadonlyMap<string, DatasetTile>,
  fields: readonly string[],
  where: string,
): CrossViewPair {
  requireFields(fields, FIELDS);
  const name = textField(fields, 0, 'panorama');
  const location = placeInName(/,(-?\d+\.?\d*),(-?\d+\.?\d*),?\.[a-z]+$/i, name);
  const tiles = [1, 4, 7, 10].map((at, k): PairedTile => {
    const tile = cityTiles.get(`${city}/${fields[at]}`);
    if (!tile)
      throw new RowError('bad-value', `the tile "${fields[at]}" is not in the city's satellite_list.txt`);
    const d0 = numberField(fields, at + 1, 'd0');
    const d1 = numberField(fields, at + 2, 'd1');
    return {
      tile,
      relation: k === 0 ? 'positive' : 'semi-positive',
      cameraPx: { x: VIGOR_TILE_PX / 2 - d1, y: VIGOR_TILE_PX / 2 + d0 },
    };
  });
  return {
    id: `${city}/${name}`,
    path: join(root, city, 'panorama', name),
    split,
    headingDeg: HEADING_DEG,
    listedAt: where,
    tiles,
    ...(location && { location }),
  };
}

/** Latitude and longitude, in this order, out of a file name; undefined where the name has another form. */
function placeInName(form: RegExp, name: string): LonLat | undefined {
  const [, lat, lon] = form.exec(name) ?? [];
  return lat === undefined || lon === undefined ? undefined : { lon: Number(lon), lat: Number(lat) };
}
