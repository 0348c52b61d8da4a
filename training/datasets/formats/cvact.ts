// CVACT (Liu and Li 2019): Canberra, full panoramas and tiles of 1200 px, listed in a MAT-file.
import { join } from 'node:path';
import proj4 from 'proj4';
import type { LonLat } from 'skyfix/geometry';
import type { Split } from '../../common/index.js';
import { PUBLISHED_GROUND } from '../listing/ground.js';
import { readFolder, tilesOf, unusable } from '../listing/lists.js';
import type { MatArray } from '../listing/mat-array.js';
import { readMatFile } from '../listing/mat-file.js';
import type { Problem } from '../listing/problems.js';
import type { CrossViewPair, Listing } from '../listing/types.js';

export const CVACT_SPLITS = ['train', 'validation', 'test'] as const satisfies readonly Split[];

const GROUND = PUBLISHED_GROUND.cvact;
const LISTED = {
  train: { set: 'trainSet', index: 'trainInd' },
  validation: { set: 'valSet', index: 'valInd' },
} as const;
/** The centre column looks north, as in CVUSA: the field uses one polar transform for both (Shi et al. 2019). */
const HEADING_DEG = 0;
const PANORAMA_SUFFIX = '_grdView.jpg';
const TILE_SUFFIX = '_satView_polish.jpg';
/** The Australian Capital Territory lies in UTM zone 55 of the southern hemisphere. */
const fromUtm = proj4('+proj=utm +zone=55 +south +datum=WGS84 +units=m +no_defs', 'WGS84');
/** An easting in a zone is below this, a northing of Canberra above it. */
const LEAST_NORTHING_M = 1_000_000;

/**
 * Reads ACT_data.mat: panoIds (names), utm [N, 2] in metres, trainSet.trainInd and valSet.valInd (row numbers from 1);
 * their images are in ANU_data_small. The test split is every panorama in ANU_data_test/streetview; a tile there
 * without a panorama is reported as missing its file too. Throws DATASET_INVALID where the MAT-file or a variable in it
 * is missing, damaged or of a length that does not fit the others.
 */
export async function listCvact(root: string, splits: readonly Split[]): Promise<Listing> {
  const path = join(root, 'ACT_data.mat');
  const variables = await readMatFile(path);
  const ids = idsOf(path, variables.get('panoIds'));
  const places = placesOf(path, variables.get('utm'), ids.length);
  const placeOfId = new Map(ids.map((id, row) => [id, places[row]]));
  const pairs: CrossViewPair[] = [];
  const problems: Problem[] = [];
  for (const split of ['train', 'validation'] as const) {
    if (!splits.includes(split)) continue;
    const { set, index } = LISTED[split];
    const numbers = rowNumbers(path, variables.get(set), set, index);
    numbers.forEach((number, k) => {
      const where = `${path} ${set}.${index} row ${k + 1}`;
      const id = ids[number - 1];
      if (id === undefined) {
        const detail = `it points to row ${number} of ${ids.length} panoIds`;
        problems.push({ reason: 'wrong-count', where, detail });
      } else pairs.push(pairOf(join(root, 'ANU_data_small'), id, split, places[number - 1], where));
    });
  }
  if (splits.includes('test')) {
    const folder = join(root, 'ANU_data_test');
    for (const id of await testIds(folder)) pairs.push(pairOf(folder, id, 'test', placeOfId.get(id), folder));
  }
  return {
    name: 'CVACT',
    pairs,
    unpairedPanoramas: [],
    gallery: tilesOf(pairs),
    ground: { cameraHeightM: GROUND.cameraHeightM },
    publishedPairs: { train: 35_532, validation: 8_884, test: 92_802 },
    problems,
    tolerated: ['missing-file'],
  };
}

function pairOf(
  folder: string,
  id: string,
  split: Split,
  location: LonLat | undefined,
  where: string,
): CrossViewPair {
  const place = location && { location };
  const image = { kind: 'file', path: join(folder, 'satview_polish', id + TILE_SUFFIX) } as const;
  return {
    id,
    path: join(folder, 'streetview', id + PANORAMA_SUFFIX),
    split,
    headingDeg: HEADING_DEG,
    listedAt: where,
    ...place,
    tiles: [
      {
        relation: 'positive',
        tile: { id, image, sizeM: GROUND.tileFileM, listedAt: where, ...(location && { centre: location }) },
      },
    ],
  };
}

async function testIds(folder: string): Promise<string[]> {
  const idsIn = async (part: string, suffix: string): Promise<string[]> =>
    (await readFolder(join(folder, part)))
      .filter((name) => name.toLowerCase().endsWith(suffix.toLowerCase()))
      .map((name) => name.slice(0, -suffix.length));
  const [panoramas, tiles] = await Promise.all([
    idsIn('streetview', PANORAMA_SUFFIX),
    idsIn('satview_polish', TILE_SUFFIX),
  ]);
  return [...new Set([...panoramas, ...tiles])];
}

function idsOf(path: string, array: MatArray | undefined): readonly string[] {
  if (array?.kind === 'char') return array.rows.map((row) => row.trimEnd());
  if (array?.kind === 'cell') {
    return array.cells.map((cell) =>
      cell.kind === 'char' && cell.rows.length === 1 ? (cell.rows[0] ?? '') : '',
    );
  }
  throw unusable(path, `"panoIds" is ${kindOf(array)}, not a list of names`);
}

function placesOf(path: string, array: MatArray | undefined, count: number): readonly LonLat[] {
  if (array?.kind !== 'numeric') throw unusable(path, `"utm" is ${kindOf(array)}, not numbers`);
  const [rows = 0, columns = 0] = array.shape;
  if (rows !== count || columns !== 2) {
    throw unusable(
      path,
      `"utm" is ${rows} x ${columns}, but "panoIds" has ${count} rows and each needs 2 numbers`,
    );
  }
  return Array.from({ length: rows }, (_, row) => {
    const [a, b] = [array.data[row] as number, array.data[rows + row] as number];
    // Easting and northing are told apart by their size, so that either order of the columns is read right.
    const [east, north] = [Math.min(a, b), Math.max(a, b)];
    if (!(east > 0 && east < LEAST_NORTHING_M && north >= LEAST_NORTHING_M && north < 1e7)) {
      throw unusable(path, `"utm" row ${row + 1} is ${a}, ${b}, not an easting and a northing in metres`);
    }
    const [lon, lat] = fromUtm.forward([east, north]) as [number, number];
    return { lon, lat };
  });
}

function rowNumbers(
  path: string,
  array: MatArray | undefined,
  set: string,
  index: string,
): readonly number[] {
  const numbers = array?.kind === 'struct' ? array.elements[0]?.get(index) : undefined;
  if (numbers?.kind !== 'numeric')
    throw unusable(path, `"${set}.${index}" is ${kindOf(numbers)}, not numbers`);
  return [...numbers.data];
}

function kindOf(array: MatArray | undefined): string {
  return array ? `a ${array.kind} array` : 'missing';
}
