// The research data sets CVUSA, CVACT and VIGOR in their published layouts, and every way in which an entry is wrong.
import assert from 'node:assert/strict';
import { appendFile, copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { distanceM } from 'skyfix/geometry';
import {
  openDataset,
  PUBLISHED_GROUND,
  type PublishedGround,
  publishedGeometry,
} from '../../datasets/index.js';
import { galleryOf, idsOf, refused, refusedOrDropped } from '../support/dataset-checks.js';
import {
  CVACT_IDS,
  CVACT_PLACES,
  putImage,
  VIGOR_TILES,
  vigorRow,
  writeCvact,
  writeCvusa,
  writeVigor,
} from '../support/dataset-fixtures.js';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'skyfix-datasets-'));
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

describe('CVUSA', () => {
  const cvusa = () => ({ format: 'cvusa', root }) as const;
  beforeEach(() => writeCvusa(root));

  it('has pairs with split, place, heading and vertical field of view', async () => {
    const dataset = await openDataset(cvusa());
    assert.deepEqual(
      dataset.pairs.map(({ id, split }) => [id, split]),
      [
        ['0000001', 'train'],
        ['0000002', 'train'],
        ['0000003', 'train'],
        ['0000004', 'validation'],
      ],
    );
    const pair = dataset.pairs[1];
    assert.deepEqual(pair?.location, { lat: 32.5, lon: -82.5 });
    assert.deepEqual(pair?.tiles[0]?.tile.centre, { lat: 32, lon: -82 });
    assert.equal(pair?.headingDeg, 0);
    assert.ok(Math.abs((pair?.verticalFovDeg ?? 0) - 65.45) < 0.01);
    assert.equal(pair?.path, join(root, 'streetview/panos/0000002.jpg'));
    assert.deepEqual(pair?.tiles[0]?.tile.image, {
      kind: 'file',
      path: join(root, 'bingmap/19/0000002.jpg'),
    });
    assert.match(pair?.listedAt ?? '', /train-19zl\.csv line 2$/);
  });

  it('reads one split without the list of the other, and no places where there are none', async () => {
    await rm(join(root, 'splits/train-19zl.csv'));
    await rm(join(root, 'split_locations'), { recursive: true });
    const dataset = await openDataset({ ...cvusa(), splits: ['validation'] });
    assert.deepEqual(idsOf(dataset), ['0000004']);
    assert.equal(dataset.pairs[0]?.location, undefined);
    await refused(cvusa(), 'train-19zl.csv', 'cannot be read');
    await refused({ ...cvusa(), splits: ['test'] }, 'train, validation');
  });

  it('reports missing panoramas and tiles', async () => {
    await rm(join(root, 'streetview/panos/0000002.jpg'));
    const dataset = await refusedOrDropped(cvusa(), 'missing-file', 'train-19zl.csv line 2');
    assert.deepEqual(idsOf(dataset), ['0000001', '0000003', '0000004']);
    assert.deepEqual(galleryOf(dataset), idsOf(dataset));
    await rm(join(root, 'bingmap/19/0000004.jpg'));
    await refused(cvusa(), 'missing-file 2', 'val-19zl.csv line 1', 'bingmap/19/0000004.jpg');
  });

  it('reports images that cannot be decoded, on request', async () => {
    await writeFile(join(root, 'bingmap/19/0000003.jpg'), 'not an image');
    assert.equal((await openDataset(cvusa())).pairs.length, 4);
    const options = { ...cvusa(), checkImages: true };
    const dataset = await refusedOrDropped(options, 'unreadable-image', 'train-19zl.csv line 3');
    assert.deepEqual(idsOf(dataset), ['0000001', '0000002', '0000004']);
    assert.deepEqual(dataset.imageSizes?.get(join(root, 'bingmap/19/0000001.jpg')), {
      widthPx: 30,
      heightPx: 30,
    });
    await writeFile(join(root, 'bingmap/19/0000003.jpg'), '');
    await refusedOrDropped(options, 'unreadable-image', 'train-19zl.csv line 3');
  });

  it('reports rows of a wrong length, ids named twice, and places that are missing or no places', async () => {
    const list = join(root, 'splits/train-19zl.csv');
    const good = await readFile(list, 'utf8');
    await writeFile(list, `${good}\nbingmap/19/0000009.jpg\n`);
    await refusedOrDropped(cvusa(), 'wrong-count', 'train-19zl.csv line 4');
    await writeFile(list, `${good}\n${good.split('\n')[0]}\n`);
    const dataset = await refusedOrDropped(cvusa(), 'duplicate-id', 'train-19zl.csv line 4');
    assert.equal(dataset.pairs.length, 4);
    await writeFile(list, `${good}\n,streetview/panos/0000001.jpg\n`);
    await refusedOrDropped(cvusa(), 'bad-value', 'train-19zl.csv line 4');
    await writeFile(list, good);
    const places = join(root, 'split_locations/all.csv');
    const rows = (await readFile(places, 'utf8')).trim().split('\n');
    await writeFile(places, rows.slice(0, 3).join('\n'));
    await refusedOrDropped(cvusa(), 'wrong-count', 'all.csv has 3 rows');
    await writeFile(places, [rows[0], '91,0,0,0', ...rows.slice(2)].join('\n'));
    await refusedOrDropped(cvusa(), 'bad-value', 'all.csv line 2');
    await writeFile(places, [rows[0], '1,2', ...rows.slice(2)].join('\n'));
    await refusedOrDropped(cvusa(), 'wrong-count', 'all.csv line 2');
    await writeFile(list, 'a,"b');
    await refused(cvusa(), 'train-19zl.csv', 'line 1: a quote is never closed');
    await writeFile(list, '\n');
    await refused(cvusa(), 'train-19zl.csv', 'empty');
  });

  it('takes the header off a list of places, and names what leaves it uncertain which row is whose', async () => {
    const path = join(root, 'split_locations/all.csv');
    const rows = (await readFile(path, 'utf8')).trim().split('\n');
    const truth = (await openDataset(cvusa())).pairs;
    const byName = 'id,ground_lon,ground_lat,sat_lon,sat_lat';
    const turned = rows.map((row, k) => {
      const [tileLat, tileLon, lat, lon] = row.split(',');
      return [k + 1, lon, lat, tileLon, tileLat].join(',');
    });
    for (const text of [
      ['aerial_lat,aerial_lon,ground_lat,ground_lon', ...rows].join('\n'),
      ['\uFEFF"lat","lon","lat","lon"', ...rows].join('\r\n'),
      ['aerial_lat,aerial_lon,ground_lat,ground_lon', ...rows].join('\r'), // without an end of the last line
      [byName, ...turned.reverse()].join('\n'),
    ]) {
      await writeFile(path, text);
      const dataset = await openDataset(cvusa());
      assert.deepEqual(dataset.pairs, truth);
      assert.match(dataset.notes.join(), /all\.csv line 1 is a header/);
    }
    await writeFile(path, ['a,b,c,d', ...rows].join('\n'));
    await refused(cvusa(), 'all.csv', 'header "a,b,c,d"', 'aerial_lat,aerial_lon,ground_lat,ground_lon');
    await writeFile(path, [rows[0], '', ...rows.slice(1)].join('\n'));
    await refused(cvusa(), 'all.csv', 'line 2 is empty', 'not certain');
    await writeFile(path, ['aerial_lat,aerial_lon,ground_lat,ground_lon', ...rows.slice(0, 3)].join('\n'));
    await refusedOrDropped(cvusa(), 'wrong-count', 'all.csv has 3 rows and none for id 0000004');
  });

  it('reads lists with a header, a byte order mark, line ends and slashes of Windows, in UTF-16, quoted', async () => {
    const truth = (await openDataset(cvusa())).pairs;
    const list = join(root, 'splits/train-19zl.csv');
    const rows = (await readFile(list, 'utf8')).split('\n');
    const windows = rows.map((row) => row.replaceAll('/', '\\'));
    const quoted = windows.map((row) =>
      row
        .split(',')
        .map((field) => `"${field}"`)
        .join(','),
    );
    for (const text of [
      `\uFEFF${rows.join('\r\n')}`,
      Buffer.from(`\uFEFF${windows.join('\r\n')}\r\n`, 'utf16le'),
      quoted.join('\n'),
    ]) {
      await writeFile(list, text);
      assert.deepEqual((await openDataset(cvusa())).pairs, truth);
    }
    await writeFile(list, ['satellite,street,annotation', ...rows].join('\n'));
    const { pairs, notes } = await openDataset(cvusa());
    assert.deepEqual(
      idsOf({ pairs } as never),
      truth.map(({ id }) => id),
    );
    assert.match(notes.join(), /train-19zl\.csv line 1 is a header/);
  });

  it('finds files whose names have other capital letters than their list', async () => {
    await rename(join(root, 'streetview/panos/0000002.jpg'), join(root, 'streetview/panos/0000002.JPG'));
    await rename(join(root, 'bingmap/19/0000003.jpg'), join(root, 'bingmap/19/0000003.Jpg'));
    const { pairs, notes } = await openDataset({ ...cvusa(), checkImages: true });
    assert.equal(pairs[1]?.path, join(root, 'streetview/panos/0000002.JPG'));
    assert.equal(pairs[2]?.tiles[0]?.tile.image.path, join(root, 'bingmap/19/0000003.Jpg'));
    assert.match(notes.join(), /2 files are listed with other capital letters/);
    await copyFile(join(root, 'bingmap/19/0000003.Jpg'), join(root, 'bingmap/19/0000003.JPG'));
    await refusedOrDropped(cvusa(), 'missing-file', '0000003.jpg does not exist');
  });

  it('says so where nothing is left, and lists no more than ten entries', async () => {
    const rows = Array.from(
      { length: 30 },
      (_, k) => `bingmap/19/${k + 10}.jpg,streetview/panos/${k + 10}.jpg`,
    );
    await writeFile(join(root, 'splits/train-19zl.csv'), rows.join('\n'));
    await rm(join(root, 'split_locations'), { recursive: true });
    await refused({ ...cvusa(), splits: ['train'] }, 'missing-file 30', 'and 20 more');
    await refused({ ...cvusa(), splits: ['train'], dropInvalid: true }, 'missing-file 30');
  });
});

describe('CVACT', () => {
  const cvact = () => ({ format: 'cvact', root }) as const;

  it('has the rows of trainInd and valInd, the test folder, and places out of UTM in either order', async () => {
    await writeCvact(root);
    const dataset = await openDataset(cvact());
    assert.deepEqual(
      dataset.pairs.map(({ id, split }) => [id, split]),
      [
        ['aaaa', 'train'],
        ['cccc', 'train'],
        ['bbbb', 'validation'],
        ['eeee', 'test'],
      ],
    );
    for (const { id, location } of dataset.pairs) {
      const truth = CVACT_PLACES[CVACT_IDS.indexOf(id)];
      assert.ok(location && truth && distanceM(location, truth) < 0.01, id);
    }
    assert.equal(dataset.pairs[2]?.path, join(root, 'ANU_data_small/streetview/bbbb_grdView.jpg'));
    assert.match(dataset.pairs[1]?.listedAt ?? '', /ACT_data\.mat trainSet\.trainInd row 2$/);
    const swapped = [...CVACT_IDS].map((_, k) => [6_090_000 + k, 690_000 + k]);
    await writeCvact(root, {
      utm: { numbers: swapped },
      panoIds: { cells: CVACT_IDS.map((id) => ({ chars: [id] })) },
    });
    const again = await openDataset({ ...cvact(), splits: ['train', 'validation'] });
    assert.deepEqual(idsOf(again), ['aaaa', 'cccc', 'bbbb']);
    const place = again.pairs[0]?.location;
    assert.ok(place && Math.abs(place.lat + 35.3) < 0.2 && Math.abs(place.lon - 149.1) < 0.2);
  });

  it('drops and counts pairs whose files were never published, without being asked', async () => {
    await writeCvact(root);
    await rm(join(root, 'ANU_data_small/satview_polish/cccc_satView_polish.jpg'));
    await putImage(join(root, 'ANU_data_test/streetview/ffff_grdView.jpg'), 8, 4);
    const dataset = await openDataset(cvact());
    assert.deepEqual(idsOf(dataset), ['aaaa', 'bbbb', 'eeee']);
    assert.deepEqual(galleryOf(dataset), idsOf(dataset));
    assert.deepEqual(
      dataset.dropped.map(({ reason }) => reason),
      ['missing-file', 'missing-file'],
    );
    await rm(join(root, 'ANU_data_small'), { recursive: true });
    await refused({ ...cvact(), splits: ['train'] }, 'missing-file 2');
  });

  it('reports row numbers out of range, ids named twice, and undecodable images', async () => {
    await writeCvact(root, { valSet: { fields: { valInd: { numbers: [[2], [6]] } } } });
    await refusedOrDropped(cvact(), 'wrong-count', 'valSet.valInd row 2');
    await writeCvact(root, { valSet: { fields: { valInd: { numbers: [[2], [1]] } } } });
    await refusedOrDropped(cvact(), 'duplicate-id', 'valSet.valInd row 2');
    await writeCvact(root);
    await writeFile(join(root, 'ANU_data_test/streetview/eeee_grdView.jpg'), 'nothing');
    await refusedOrDropped({ ...cvact(), checkImages: true }, 'unreadable-image', 'eeee_grdView.jpg');
  });

  it('refuses an index whose variables are missing or do not fit together', async () => {
    await refused(cvact(), 'ACT_data.mat');
    await writeCvact(root, { utm: { numbers: [[690_000, 6_090_000]] } });
    await refused(cvact(), '"utm" is 1 x 2', '5 rows');
    await writeCvact(root, { utm: { numbers: CVACT_IDS.map(() => [149, -35]) } });
    await refused(cvact(), '"utm" row 1 is 149, -35');
    await writeCvact(root, { panoIds: { numbers: [[1]] } });
    await refused(cvact(), '"panoIds" is a numeric array');
    await writeCvact(root, { trainSet: { chars: ['none'] } });
    await refused(cvact(), '"trainSet.trainInd" is missing');
    await writeCvact(root);
    await rm(join(root, 'ANU_data_test'), { recursive: true });
    await refused(cvact(), 'ANU_data_test');
    await writeFile(join(root, 'ACT_data.mat'), 'text');
    await refused(cvact(), 'ACT_data.mat is not a usable MAT-file');
  });
});

describe('VIGOR', () => {
  const vigor = () => ({ format: 'vigor', root }) as const;
  beforeEach(() => writeVigor(root));

  it('has one positive and three semi-positives a panorama, with the camera in each tile', async () => {
    const dataset = await openDataset(vigor());
    assert.equal(dataset.pairs.length, 8);
    assert.equal(dataset.gallery.length, 20);
    const pair = dataset.pairs[0];
    assert.deepEqual(
      pair?.tiles.map(({ relation, cameraPx }) => [relation, cameraPx?.x, cameraPx?.y]),
      [
        ['positive', 340, 330],
        ['semi-positive', 290, 520.5],
        ['semi-positive', 280, 70],
        ['semi-positive', 620, 325],
      ],
    );
    assert.equal(pair?.id, 'NewYork/id0a,40.0,-74.5,.jpg');
    assert.deepEqual(pair?.location, { lat: 40, lon: -74.5 });
    assert.deepEqual(pair?.tiles[1]?.tile.centre, { lat: 41.5, lon: -71.25 });
    assert.equal(pair?.headingDeg, 0);
    const sizes = ['NewYork', 'Seattle', 'SanFrancisco', 'Chicago'].map(
      (city) => dataset.gallery.find(({ id }) => id.startsWith(city))?.sizeM,
    );
    assert.deepEqual(sizes, [640 * 0.1132, 640 * 0.1008, 640 * 0.1181, 640 * 0.1113]);
  });

  it('takes corrected labels first, then the second ones, then the first, and says which', async () => {
    const published = await openDataset({ ...vigor(), splits: ['train'] });
    assert.match(published.notes.join('; '), /^labels of NewYork, .*Chicago from splits\/ \(labels without/);
    // The form of the published lists: plain decimals with ".0", a comma in the panorama's name.
    const row = (city: string, k: number, d0: number) =>
      vigorRow(`id${k}a,40.${k},-74.5,.jpg`).replace(' 10 -20 ', ` ${d0}.0 -20.0 `) + (city ? '\n' : '');
    const cameraOf = async (city: string) => {
      const { pairs, notes } = await openDataset({ ...vigor(), splits: ['train'] });
      const y = pairs.find(({ id }) => id.startsWith(city))?.tiles[0]?.cameraPx?.y;
      return [y, notes.join('; ')] as const;
    };
    for (const [k, city] of ['NewYork', 'Seattle'].entries()) {
      await mkdir(join(root, 'splits_new', city), { recursive: true });
      await writeFile(join(root, 'splits_new', city, 'same_area_balanced_train.txt'), row(city, k, 50));
    }
    assert.deepEqual((await cameraOf('Seattle'))[0], 370);
    await mkdir(join(root, 'splits__corrected/Seattle'), { recursive: true });
    const corrected = join(root, 'splits__corrected/Seattle/same_area_balanced_train__corrected.txt');
    await writeFile(corrected, `\uFEFF${row('Seattle', 1, 90).trim()}\r\n`);
    const [y, notes] = await cameraOf('Seattle');
    assert.equal(y, 410);
    assert.match(notes, /NewYork from splits_new\/ \(labels without SliceMatch's correction\)/);
    assert.match(notes, /Seattle from splits__corrected\/ \(corrected labels\)/);
    assert.match(notes, /SanFrancisco, Chicago from splits\//);
    assert.deepEqual((await cameraOf('NewYork'))[0], 370);
  });

  it('trains and tests in the same cities, or in two and two', async () => {
    const citiesOf = async (area: 'same' | 'cross', split: 'train' | 'test') => {
      const dataset = await openDataset({ ...vigor(), area, splits: [split] });
      return [...new Set(idsOf(dataset).map((id) => id.split('/')[0]))].concat(
        `${dataset.pairs.length} ${dataset.gallery.length}`,
      );
    };
    const all = ['NewYork', 'Seattle', 'SanFrancisco', 'Chicago'];
    assert.deepEqual(await citiesOf('same', 'train'), [...all, '4 20']);
    assert.deepEqual(await citiesOf('same', 'test'), [...all, '4 20']);
    assert.deepEqual(await citiesOf('cross', 'train'), ['NewYork', 'Seattle', '4 10']);
    assert.deepEqual(await citiesOf('cross', 'test'), ['SanFrancisco', 'Chicago', '4 10']);
  });

  it('reports missing files: a panorama leaves the gallery as it is, a tile takes its pairs with it', async () => {
    await rm(join(root, 'Seattle/panorama/id1a,40.1,-74.5,.jpg'));
    const where = 'Seattle/same_area_balanced_train.txt line 1';
    assert.equal((await refusedOrDropped(vigor(), 'missing-file', where)).gallery.length, 20);
    await writeVigor(root);
    await rm(join(root, 'Seattle/satellite', VIGOR_TILES[4] as string));
    const lone = await refusedOrDropped(vigor(), 'missing-file', 'Seattle/satellite_list.txt line 5');
    assert.deepEqual([lone.pairs.length, lone.gallery.length], [8, 19]);
    await writeVigor(root);
    await rm(join(root, 'Seattle/satellite', VIGOR_TILES[2] as string));
    const dropped = await openDataset({ ...vigor(), dropInvalid: true });
    assert.deepEqual([dropped.pairs.length, dropped.gallery.length, dropped.dropped.length], [6, 19, 2]);
  });

  it('reports rows of a wrong length, bad offsets, unlisted tiles, ids named twice, undecodable images', async () => {
    const path = join(root, 'splits/Chicago/same_area_balanced_train.txt');
    const good = await readFile(path, 'utf8');
    const extra = 'id9,1,2,.jpg';
    await putImage(join(root, 'Chicago/panorama', extra), 64, 32);
    const bad: [string, string][] = [
      [vigorRow(extra).split(' ').slice(0, 10).join(' '), 'wrong-count'],
      [vigorRow(extra).replace(' -20 ', ' west '), 'bad-value'],
      [vigorRow(extra, ['other.png', ...VIGOR_TILES]), 'bad-value'],
      [good.trim(), 'duplicate-id'],
    ];
    for (const [row, reason] of bad) {
      await writeFile(path, `${good}\n${row}\n`);
      const dataset = await refusedOrDropped(vigor(), reason, 'Chicago/same_area_balanced_train.txt line 3');
      assert.equal(dataset.pairs.length, 8);
    }
    await writeFile(path, good);
    await appendFile(join(root, 'splits/Chicago/satellite_list.txt'), `${VIGOR_TILES[0]}\n`);
    await refusedOrDropped(vigor(), 'duplicate-id', 'Chicago/satellite_list.txt line 6');
    await writeVigor(root);
    await writeFile(join(root, 'Chicago/panorama/id3a,40.3,-74.5,.jpg'), 'nothing');
    await refusedOrDropped({ ...vigor(), checkImages: true }, 'unreadable-image', 'train.txt line 1');
    await rm(join(root, 'splits/Chicago/satellite_list.txt'));
    await refused(vigor(), 'Chicago/satellite_list.txt');
  });
});

describe('published geometries', () => {
  it('ask for no more ground than the tiles show, and have a source', () => {
    for (const [name, ground] of Object.entries<PublishedGround>(PUBLISHED_GROUND)) {
      assert.ok(ground.tileSizeM <= (ground.tileFileM ?? ground.tileSizeM), name);
      assert.ok(ground.cameraHeightM > 1 && ground.cameraHeightM < 4 && ground.source.length > 20, name);
    }
    // All four cities of VIGOR show what its common geometry asks for (within the 1 cm it is rounded to).
    const cities = Object.entries<PublishedGround>(PUBLISHED_GROUND).filter(([name]) =>
      name.startsWith('vigor/'),
    );
    assert.equal(cities.length, 4);
    for (const [, city] of cities) assert.ok((city.tileFileM ?? 0) >= PUBLISHED_GROUND.vigor.tileSizeM);
    assert.ok(Math.abs((PUBLISHED_GROUND.cvusa.verticalFovDeg ?? 0) - 65.45) < 0.01);
  });

  it('are geometries of a bundle, and none for formats whose ground the user knows', () => {
    const geometry = publishedGeometry('vigor/Chicago', 256);
    assert.deepEqual(geometry, {
      tileSizeM: 640 * 0.1113,
      inputSizePx: 256,
      bevSizePx: 512,
      cameraHeightM: 2,
    });
    for (const format of ['csv', 'town', 'photos'] as const)
      assert.equal(publishedGeometry(format, 64), undefined);
  });
});
