// CVUSA in its published layout, and every way in which an entry is wrong.
import assert from 'node:assert/strict';
import { copyFile, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { openDataset, PUBLISHED_GROUND } from '../../datasets/index.js';
import { galleryOf, idsOf, refused, refusedOrDropped } from '../support/dataset-checks.js';
import { writeCvusa } from '../support/dataset-fixtures.js';

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

  it('has pairs with split, place, heading, field of view and the ground of tiles at their latitude', async () => {
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
    assert.deepEqual(pair?.fieldOfView, PUBLISHED_GROUND.cvusa.fieldOfView);
    assert.ok(
      Math.abs((pair?.tiles[0]?.tile.sizeM ?? 0) - 750 * 0.298582 * Math.cos((32 * Math.PI) / 180)) < 0.01,
    );
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
    assert.equal(dataset.pairs[0]?.tiles[0]?.tile.sizeM, 178);
    await refused(cvusa(), 'train-19zl.csv', 'cannot be read');
    await refused({ ...cvusa(), splits: ['test'] }, 'train, validation');
  });

  it('shows what its user says of it, instead', async () => {
    const fieldOfView = { verticalDeg: 90, horizonShare: 0.4 };
    const dataset = await openDataset({ ...cvusa(), fieldOfView, tileFileM: 170 });
    for (const { fieldOfView: seen, tiles } of dataset.pairs) {
      assert.deepEqual(seen, fieldOfView);
      assert.equal(tiles[0]?.tile.sizeM, 170);
    }
    assert.ok(dataset.gallery.every(({ sizeM }) => sizeM === 170));
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
