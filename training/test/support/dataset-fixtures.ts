// Data sets of a few tiny images, in the formats their authors publish.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import proj4 from 'proj4';
import { offsetLonLat } from 'skyfix/geometry';
import { encodePng } from 'skyfix/imaging';
import { type MatFixture, matFile } from './mat-fixture.js';

/** Writes a file and the folders above it. */
export async function put(path: string, data: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, data);
}

/** A one-coloured image file. */
export async function putImage(path: string, widthPx: number, heightPx: number, grey = 128): Promise<void> {
  const data = new Uint8Array(widthPx * heightPx * 3).fill(grey);
  await put(path, await encodePng({ widthPx, heightPx, data }));
}

/** CVUSA: ids 1 to 3 for training, 4 for validation, with places. */
export async function writeCvusa(root: string): Promise<void> {
  const name = (k: number): string => String(k).padStart(7, '0');
  const row = (k: number): string =>
    `bingmap/19/${name(k)}.jpg,streetview/panos/${name(k)}.jpg,streetview/annotations/${name(k)}.png`;
  for (let k = 1; k <= 4; k++) {
    await putImage(join(root, `streetview/panos/${name(k)}.jpg`), 88, 16);
    await putImage(join(root, `bingmap/19/${name(k)}.jpg`), 30, 30);
  }
  await put(join(root, 'splits/train-19zl.csv'), [1, 2, 3].map(row).join('\n'));
  await put(join(root, 'splits/val-19zl.csv'), `${row(4)}\n`);
  const places = [1, 2, 3, 4].map((k) => `${30 + k},${-80 - k},${30.5 + k},${-80.5 - k},extra`);
  await put(join(root, 'split_locations/all.csv'), `${places.join('\n')}\n`);
}

export const CVACT_IDS: readonly string[] = ['aaaa', 'bbbb', 'cccc', 'dddd', 'eeee'];
export const CVACT_PLACES = CVACT_IDS.map((_, k) => ({ lon: 149.1 + k / 100, lat: -35.3 + k / 100 }));

/** CVACT: rows 1 and 3 for training, 2 for validation, 5 for the test; row 4 is in no split. */
export async function writeCvact(root: string, changes: Record<string, MatFixture> = {}): Promise<void> {
  const toUtm = proj4('WGS84', '+proj=utm +zone=55 +south +datum=WGS84 +units=m +no_defs');
  const variables = {
    panoIds: { chars: CVACT_IDS },
    utm: { numbers: CVACT_PLACES.map(({ lon, lat }) => toUtm.forward([lon, lat])) },
    trainSet: { fields: { trainInd: { numbers: [[1], [3]] } } },
    valSet: { fields: { valInd: { numbers: [[2]] } } },
    ...changes,
  };
  await put(join(root, 'ACT_data.mat'), matFile(variables, { compressed: true, bigEndian: false }));
  for (const [k, id] of CVACT_IDS.entries()) {
    const folder = join(root, k === 4 ? 'ANU_data_test' : 'ANU_data_small');
    await putImage(join(folder, 'streetview', `${id}_grdView.jpg`), 64, 32);
    await putImage(join(folder, 'satview_polish', `${id}_satView_polish.jpg`), 24, 24);
  }
}

export const VIGOR_CITIES = ['NewYork', 'Seattle', 'SanFrancisco', 'Chicago'] as const;
/** The five tiles of every city; the fifth is in no pair. */
export const VIGOR_TILES = [0, 1, 2, 3, 4].map((k) => `satellite_4${k}.5_-7${k}.25.png`);
export const VIGOR_DELTAS = [10, -20, 200.5, 30, -250, 40, 5, -300];

/** A row of a VIGOR list: the panorama and the tiles 0 to 3 with their offsets. */
export function vigorRow(panorama: string, tiles: readonly string[] = VIGOR_TILES): string {
  const blocks = [0, 1, 2, 3].map((k) => `${tiles[k]} ${VIGOR_DELTAS[2 * k]} ${VIGOR_DELTAS[2 * k + 1]}`);
  return `${panorama} ${blocks.join(' ')}`;
}

/** VIGOR: in each city one panorama to train and one to test with. */
export async function writeVigor(root: string): Promise<void> {
  for (const [k, city] of VIGOR_CITIES.entries()) {
    const [train, test] = [`id${k}a,40.${k},-74.5,.jpg`, `id${k}b,41.${k},-75.5,.jpg`];
    for (const name of [train, test]) await putImage(join(root, city, 'panorama', name), 64, 32);
    for (const name of VIGOR_TILES) await putImage(join(root, city, 'satellite', name), 20, 20);
    const lists = join(root, 'splits', city);
    await put(join(lists, 'satellite_list.txt'), `${VIGOR_TILES.join('\n')}\n`);
    await put(join(lists, 'same_area_balanced_train.txt'), `${vigorRow(train)}\n`);
    await put(join(lists, 'same_area_balanced_test.txt'), `${vigorRow(test)} \n`);
    await put(join(lists, 'pano_label_balanced.txt'), `${vigorRow(train)}\n${vigorRow(test)}\n`);
  }
}

/**
 * VIGOR with a street of tiles in Chicago, each overlapping the next three, and a panorama in the middle of each: the
 * panorama street-K has tile K for its positive and K + 1, K + 2, K + 3 for its semi-positives. 12 to train with.
 */
export async function writeVigorStreet(root: string): Promise<void> {
  await writeVigor(root);
  const tiles = Array.from({ length: 15 }, (_, k) => `satellite_41.8${10 + k}_-87.6.png`);
  const names = Array.from({ length: 12 }, (_, k) => `street-${k},41.8${10 + k},-87.6,.jpg`);
  for (const name of tiles) await putImage(join(root, 'Chicago/satellite', name), 20, 20);
  for (const [k, name] of names.entries())
    await putImage(join(root, 'Chicago/panorama', name), 64, 32, 20 * k);
  const lists = join(root, 'splits/Chicago');
  await put(join(lists, 'satellite_list.txt'), `${[...VIGOR_TILES, ...tiles].join('\n')}\n`);
  const rows = names.map((name, k) => vigorRow(name, tiles.slice(k, k + 4)));
  await put(join(lists, 'same_area_balanced_train.txt'), `${rows.join('\n')}\n`);
}

/** CV-Cities: two panoramas in Paris (training), one in London (test). */
export async function writeCvCities(root: string): Promise<void> {
  const cities = { paris: ['p1', 'p2'], london: ['l1'] };
  for (const [city, names] of Object.entries(cities)) {
    const rows = names.map(
      (name, k) => `${name},${2 + k},${48 + k},${city},${city}/sat/${name}.jpg,${city}/pano/${name}.jpg`,
    );
    await put(join(root, city, 'img_info.csv'), `${rows.join('\n')}\n`);
    for (const name of names) {
      await putImage(join(root, city, 'sat', `${name}.jpg`), 24, 24);
      await putImage(join(root, city, 'pano', `${name}.jpg`), 64, 32);
    }
  }
}

/** Own data: photos along a street, one every stepM metres northwards, each with a tile of its own. */
export async function writePhotoStreet(root: string, count: number, stepM: number): Promise<void> {
  const numbers = Array.from({ length: count }, (_, k) => k);
  const places = numbers.map((k) => offsetLonLat({ lon: 8.5, lat: 47.25 }, 0, k * stepM));
  const rows = places.map(({ lon, lat }, k) => `${k},g/${k}.png,s/${k}.png,${lon},${lat},`);
  await put(join(root, 'pairs.csv'), `${[CSV_HEADER, ...rows].join('\n')}\n`);
  for (const k of numbers) await putImage(join(root, `g/${k}.png`), 64, 32, 10 * k);
  for (const k of numbers) await putImage(join(root, `s/${k}.png`), 24, 24, 200 - k);
}

export const CSV_HEADER = 'id,ground,satellite,lon,lat,heading';

/** Own data: a full row, one with empty cells, a lone panorama and a lone tile. */
export async function writeOwnData(root: string): Promise<void> {
  const rows = [
    CSV_HEADER,
    'one,g/1.png,s/1.png,8.5,47.25,90',
    '"two, here",g/2.png,s/1.png,,,',
    'three,g/3.png,,8.75,47.5,',
    'four,,s/4.png,9,48,',
  ];
  await put(join(root, 'pairs.csv'), `${rows.join('\r\n')}\r\n`);
  for (const k of [1, 2, 3]) await putImage(join(root, `g/${k}.png`), 64, 32, 40 * k);
  for (const k of [1, 4]) await putImage(join(root, `s/${k}.png`), 24, 24, 200);
}
