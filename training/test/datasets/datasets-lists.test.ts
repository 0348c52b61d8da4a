// CV-Cities and own data, which come as CSV lists, and every way in which a row is wrong.
import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { openDataset } from '../../datasets/index.js';
import { prepareArea } from '../../images/prepare.js';
import { galleryOf, idsOf, refused, refusedOrDropped } from '../support/dataset-checks.js';
import { CSV_HEADER, put, putImage, writeCvCities, writeOwnData } from '../support/dataset-fixtures.js';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'skyfix-datasets-'));
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

describe('CV-Cities', () => {
  const cvCities = () => ({ format: 'cv-cities', root }) as const;
  beforeEach(() => writeCvCities(root));

  it('has the pairs of every city, the test cities apart', async () => {
    const dataset = await openDataset(cvCities());
    assert.deepEqual(
      dataset.pairs.map(({ id, split, location }) => [id, split, location]),
      [
        ['london/l1', 'test', { lon: 2, lat: 48 }],
        ['paris/p1', 'train', { lon: 2, lat: 48 }],
        ['paris/p2', 'train', { lon: 3, lat: 49 }],
      ],
    );
    assert.equal(dataset.pairs[1]?.path, join(root, 'paris/pano/p1.jpg'));
    assert.equal(dataset.pairs[1]?.tiles[0]?.tile.image.path, join(root, 'paris/sat/p1.jpg'));
    const test = await openDataset({ ...cvCities(), splits: ['test'] });
    assert.deepEqual(idsOf(test), ['london/l1']);
  });

  it('leaves a header out, and reads slashes and line ends of Windows', async () => {
    const path = join(root, 'paris/img_info.csv');
    const truth = (await openDataset(cvCities())).pairs;
    const text = await readFile(path, 'utf8');
    await writeFile(path, `\uFEFF${text.replaceAll('/', '\\').replaceAll('\n', '\r\n')}`);
    assert.deepEqual((await openDataset(cvCities())).pairs, truth);
    await writeFile(path, `img,lng,lat,city,sat_path,pano_path\n${text}`);
    const { pairs, notes } = await openDataset(cvCities());
    assert.deepEqual([pairs.length, notes.length], [truth.length, 1]);
    assert.match(notes.join(), /img_info\.csv line 1 is a header/);
  });

  it('reports what is wrong with a row', async () => {
    const path = join(root, 'paris/img_info.csv');
    const good = await readFile(path, 'utf8');
    const bad: [string, string][] = [
      ['p3,2,48,paris,paris/sat/p1.jpg', 'wrong-count'],
      ['p3,east,48,paris,paris/sat/p1.jpg,paris/pano/p1.jpg', 'bad-value'],
      ['p3,181,48,paris,paris/sat/p1.jpg,paris/pano/p1.jpg', 'bad-value'],
      ['p1,2,48,paris,paris/sat/p1.jpg,paris/pano/p1.jpg', 'duplicate-id'],
      ['p3,2,48,paris,paris/sat/p3.jpg,paris/pano/p1.jpg', 'missing-file'],
      ['p3,2,48,paris,paris/sat,paris/pano/p1.jpg', 'missing-file'],
    ];
    for (const [row, reason] of bad) {
      await writeFile(path, `${good}${row}\n`);
      assert.equal((await refusedOrDropped(cvCities(), reason, 'img_info.csv line 3')).pairs.length, 3);
    }
    await writeFile(path, good);
    await writeFile(
      join(root, 'paris/pano/p2.jpg'),
      (await readFile(join(root, 'paris/pano/p1.jpg'))).subarray(0, 60),
    );
    await refusedOrDropped({ ...cvCities(), checkImages: true }, 'unreadable-image', 'img_info.csv line 2');
    await rm(join(root, 'paris/img_info.csv'));
    await rm(join(root, 'london/img_info.csv'));
    await refused(cvCities(), 'img_info.csv');
  });
});

describe('own data', () => {
  const csv = () => ({ format: 'csv', root }) as const;
  beforeEach(() => writeOwnData(root));

  it('has pairs, lone panoramas and lone tiles, from the folder or the file', async () => {
    const dataset = await openDataset(csv());
    assert.deepEqual(
      dataset.pairs.map(({ id, location, headingDeg, tiles }) => [
        id,
        location,
        headingDeg,
        tiles[0]?.tile.id,
      ]),
      [
        ['one', { lon: 8.5, lat: 47.25 }, 90, 's/1.png'],
        ['two, here', undefined, undefined, 's/1.png'],
      ],
    );
    assert.deepEqual(
      dataset.unpairedPanoramas.map(({ id }) => id),
      ['three'],
    );
    assert.deepEqual(galleryOf(dataset), ['s/1.png', 's/4.png']);
    const file = await openDataset({ format: 'csv', root: join(root, 'pairs.csv') });
    assert.deepEqual(file.pairs, dataset.pairs);
  });

  it('takes what rows differ in from columns of their names, in any order', async () => {
    const header =
      'lat,lon,tile_size_m,id,camera_height_m,satellite,ground,horizon_share,vertical_fov_deg,heading';
    const rows = [
      header,
      '47,8,72.5,a,3.1,s/1.png,g/1.png,0.585,65.4545,12',
      ',,72.5,b,,s/1.png,g/2.png,,,',
      ',,,c,,s/4.png,g/3.png,0.4,,',
    ];
    const path = join(root, 'pairs.csv');
    await put(path, rows.join('\n'));
    const { pairs, gallery } = await openDataset(csv());
    assert.deepEqual(
      pairs.map((pair) => [
        pair.location?.lon,
        pair.headingDeg,
        pair.verticalFovDeg,
        pair.horizonShare,
        pair.cameraHeightM,
        pair.tiles[0]?.tile.sizeM,
      ]),
      [
        [8, 12, 65.4545, 0.585, 3.1, 72.5],
        [undefined, undefined, undefined, undefined, undefined, 72.5],
        [undefined, undefined, undefined, 0.4, undefined, undefined],
      ],
    );
    assert.deepEqual(
      gallery.map(({ sizeM }) => sizeM),
      [72.5, undefined],
    );
    for (const [row, told] of [
      [',,0,d,,s/1.png,g/1.png,,,', '"tile_size_m" is 0; it must be over 0'],
      [',,72.5,d,-1,s/1.png,g/1.png,,,', '"camera_height_m" is -1'],
      [',,72.5,d,high,s/1.png,g/1.png,,,', '"camera_height_m" is "high"'],
      [',,72.5,d,,s/1.png,g/1.png,,190,', 'verticalDeg is 190'],
      [',,72.5,d,,s/1.png,g/1.png,0.9,120,', 'horizonShare is 0.9, but with verticalDeg 120'],
      [',,,d,,s/1.png,g/1.png,,,', '"tile_size_m" of s/1.png is "", but 72.5 at'],
      [',,60,d,,s/4.png,g/1.png,,,', '"tile_size_m" of s/4.png is "60", but empty at'],
    ] as const) {
      await put(path, [...rows, row].join('\n'));
      await refused(csv(), 'bad-value 1', 'pairs.csv line 5', told);
    }
    // A full sphere's horizon is in its middle: seen where images are decoded.
    await put(path, rows.join('\n'));
    await refusedOrDropped({ ...csv(), checkImages: true }, 'no-field-of-view', 'pairs.csv line 4');
  });

  it('takes splits from a seventh column', async () => {
    const rows = [`${CSV_HEADER},split`, 'a,g/1.png,s/1.png,,,,test', 'b,g/2.png,s/1.png,,,,'];
    await put(join(root, 'pairs.csv'), rows.join('\n'));
    const dataset = await openDataset(csv());
    assert.deepEqual(
      dataset.pairs.map(({ split }) => split),
      ['test', 'train'],
    );
    assert.deepEqual(idsOf(await openDataset({ ...csv(), splits: ['test'] })), ['a']);
    await refused({ ...csv(), splits: ['validation'] }, 'nothing in validation');
    await appendFile(join(root, 'pairs.csv'), '\nc,g/3.png,s/1.png,,,,exam\n');
    await refusedOrDropped(csv(), 'bad-value', 'pairs.csv line 4');
  });

  it('reads what spreadsheets on Windows write, and names separators that it does not read', async () => {
    const path = join(root, 'pairs.csv');
    const truth = await openDataset(csv());
    const text = (await readFile(path, 'utf8')).replaceAll('g/', 'g\\').replaceAll('s/', 's\\');
    for (const bytes of [
      `\uFEFF${text.trimEnd()}`,
      Buffer.from(`\uFEFF${text}`, 'utf16le'),
      text.replace('id,g', 'ID,G'),
    ]) {
      await writeFile(path, bytes);
      const { pairs, gallery } = await openDataset(csv());
      assert.deepEqual([pairs, gallery], [truth.pairs, truth.gallery]);
    }
    await writeFile(path, text.replaceAll(',', ';'));
    await refused(csv(), 'pairs.csv', 'parted by semicolons');
    await writeFile(path, text.replaceAll(',', '\t'));
    await refused(csv(), 'pairs.csv', 'parted by tabs');
  });

  it('names strips whose field of view nobody says, with the remedy, as the run does', async () => {
    await putImage(join(root, 'g/2.png'), 100, 20);
    assert.equal((await openDataset(csv())).pairs.length, 2, 'seen where images are decoded');
    const options = { ...csv(), checkImages: true };
    await refused(options, 'no-field-of-view 1', 'pairs.csv line 3', 'source.fieldOfView', '--field-of-view');
    const dropped = await openDataset({ ...options, dropInvalid: true });
    assert.deepEqual(
      dropped.dropped.map(({ reason }) => reason),
      ['no-field-of-view'],
    );
    const fieldOfView = { verticalDeg: 72 };
    assert.equal((await openDataset({ ...options, fieldOfView })).pairs.length, 2);
    const geometry = { tileSizeM: 50, inputSizePx: 32, bevSizePx: 32, cameraHeightM: 2 };
    await assert.rejects(
      prepareArea(await openDataset(csv()), 'train', geometry, { cacheDir: join(root, 'cache') }),
      (error: Error) => {
        for (const text of ['no-field-of-view 1', 'pairs.csv line 3', 'source.fieldOfView'])
          assert.ok(error.message.includes(text), error.message);
        assert.doesNotMatch(error.message, /--check-images/);
        return true;
      },
    );
  });

  it('reports what is wrong with a row or the header', async () => {
    const path = join(root, 'pairs.csv');
    const good = await readFile(path, 'utf8');
    const bad: [string, string][] = [
      ['five,g/1.png,s/1.png,8,47', 'wrong-count'],
      [',g/1.png,s/1.png,8,47,', 'bad-value'],
      ['five,,,8,47,', 'bad-value'],
      ['five,g/1.png,s/1.png,8,,', 'bad-value'],
      ['five,g/1.png,s/1.png,8,-91,', 'bad-value'],
      ['five,g/1.png,s/1.png,8,47,north', 'bad-value'],
      ['four,g/1.png,s/1.png,8,47,', 'duplicate-id'],
      ['five,g/9.png,,8,47,', 'missing-file'],
      ['five,,s/9.png,8,47,', 'missing-file'],
    ];
    for (const [row, reason] of bad) {
      await writeFile(path, `${good}${row}\n`);
      const dataset = await refusedOrDropped(csv(), reason, 'pairs.csv line 6');
      assert.deepEqual([dataset.pairs.length, dataset.gallery.length], [2, 2]);
    }
    await writeFile(path, good);
    await writeFile(join(root, 'g/3.png'), 'nothing');
    await refusedOrDropped({ ...csv(), checkImages: true }, 'unreadable-image', 'pairs.csv line 4');
    for (const [from, to, told] of [
      ['id,', 'name,', 'it has no id'],
      [',satellite', '', 'it has no satellite'],
      ['heading', 'azimuth', '"azimuth" is not known'],
      ['lon,lat', 'lat,lat', '"lat" is there twice'],
    ] as const) {
      await writeFile(path, good.replace(from, to));
      await refused(csv(), 'line 1', told, 'tile_size_m,vertical_fov_deg,horizon_share,camera_height_m');
    }
    await rm(path);
    await refused(csv(), 'pairs.csv', 'cannot be read');
  });
});
