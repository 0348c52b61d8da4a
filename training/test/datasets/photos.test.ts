// Own panoramas: a folder of geotagged photos and an imagery source, opened as a data set and prepared.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import sharp from 'sharp';
import { distanceM, offsetLonLat } from 'skyfix/geometry';
import { cutTile, openImagery } from 'skyfix/index';
import { splitOfBlock } from '../../common/blocks.js';
import { loadRunConfig } from '../../config/index.js';
import { openDataset } from '../../datasets/index.js';
import { panoramaSourceOf } from '../../images/ground-images.js';
import { decodeSource } from '../../images/image-jobs.js';
import { prepareArea, prepareUnpaired } from '../../images/prepare.js';
import { openSource } from '../../pipeline/open-source.js';
import { toLonLat } from '../../town/overhead/georeference.js';
import { refused } from '../support/dataset-checks.js';
import { PHOTO_GEOMETRY, PHOTO_TILES, photo, withoutGps, writeImagery } from '../support/photo-fixtures.js';

const BIN = fileURLToPath(new URL('../../../../bin/skyfix-train.js', import.meta.url));
const SIDE_M = 1000;
const PHOTOS = { ...PHOTO_TILES, shares: { validation: 0.2, test: 0.3 } };

/**
 * Places in town metres from the imagery's corner: 25 m apart from west to east, so that tiles of 20 m of two splits
 * may overlap.
 */
const PLACES = Array.from({ length: 140 }, (_, k) => ({
  x: 70 + 25 * (k % 20),
  y: 70 + 90 * Math.floor(k / 20),
}));

describe('a folder of photos', () => {
  let dir = '';
  let root = '';
  let imagery = '';
  const open = (more: Partial<Parameters<typeof openDataset>[0]> = {}) =>
    openDataset({ format: 'photos', root, photos: { ...PHOTOS, imagery }, ...more });
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'skyfix-photos-'));
    [root, imagery] = [join(dir, 'photos'), join(dir, 'imagery.tif')];
    await writeImagery(imagery, SIDE_M);
    await mkdir(join(root, 'second/day'), { recursive: true });
    await Promise.all(
      PLACES.map(async ({ x, y }, k) =>
        writeFile(join(root, k % 2 ? 'second/day' : '.', `${k}.jpg`), await photo(x, y, k)),
      ),
    );
    await writeFile(join(root, 'nowhere.jpg'), await withoutGps(await photo(1, 1, 45)));
    await writeFile(join(root, 'notes.txt'), 'no photo');
  });
  after(() => rm(dir, { recursive: true }));

  it('is pairs at the GPS positions, with heading, and unlabelled panoramas without one', async () => {
    const dataset = await open();
    for (const pair of dataset.pairs) {
      const k = Number(/(\d+)\.jpg$/.exec(pair.id)?.[1]);
      const { x = 0, y = 0 } = PLACES[k] ?? {};
      assert.ok(distanceM(pair.location ?? { lon: 0, lat: 0 }, toLonLat(x, y)) < 0.01, pair.id);
      assert.equal(pair.headingDeg, k);
      assert.equal(pair.id, k % 2 ? `second/day/${k}.jpg` : `${k}.jpg`);
      const { image } = pair.tiles[0]?.tile ?? {};
      assert.deepEqual(image, { kind: 'mosaic', path: imagery, centre: pair.location, sizeM: 20 });
    }
    assert.deepEqual(
      dataset.unpairedPanoramas.map(({ id, split, location }) => [id, split, location]),
      [['nowhere.jpg', 'train', undefined]],
    );
    const dropped = dataset.dropped.map(({ reason }) => reason);
    assert.ok(dropped.every((reason) => reason === 'near-test') && dropped.length > 0);
    assert.equal(dataset.pairs.length + dropped.length, PLACES.length);
  });

  it('keeps every test place further from all others than tiles reach, and whole blocks together', async () => {
    const { pairs, dropped } = await open();
    const of = (split: string) => pairs.filter((pair) => pair.split === split);
    for (const split of ['train', 'validation', 'test']) assert.ok(of(split).length > 10, split);
    for (const test of of('test')) {
      for (const other of pairs) {
        if (other.split === 'test' || !test.location || !other.location) continue;
        assert.ok(distanceM(test.location, other.location) > 20 * Math.SQRT2, `${test.id} and ${other.id}`);
      }
    }
    // What was dropped really is near a test place.
    for (const { where } of dropped) {
      const { x = 0, y = 0 } = PLACES[Number(/(\d+)\.jpg$/.exec(where)?.[1])] ?? {};
      assert.ok(
        of('test').some(({ location }) => location && distanceM(location, toLonLat(x, y)) <= 20 * Math.SQRT2),
      );
    }
    const again = await open();
    assert.deepEqual(
      again.pairs.map(({ split }) => split),
      pairs.map(({ split }) => split),
    );
    const other = await open({ photos: { ...PHOTOS, imagery, seed: 2 } });
    assert.notDeepEqual(
      other.pairs.map(({ id, split }) => [id, split]),
      pairs.map(({ id, split }) => [id, split]),
    );
  });

  it('draws splits in the shares asked for, a block at a time', () => {
    const counts = { train: 0, validation: 0, test: 0 };
    const base = { lon: 11, lat: 48 };
    for (let k = 0; k < 4000; k++) {
      counts[
        splitOfBlock(offsetLonLat(base, 80 * (k % 63), 80 * Math.floor(k / 63)), 80, 5, PHOTOS.shares)
      ]++;
    }
    assert.ok(Math.abs(counts.test / 4000 - 0.3) < 0.03 && Math.abs(counts.validation / 4000 - 0.2) < 0.03);
    fc.assert(
      fc.property(
        fc.double({ min: -179, max: 179, noNaN: true }),
        fc.double({ min: -80, max: 80, noNaN: true }),
        (lon, lat) => {
          // Two places in the middle half of one block share its split.
          const row = Math.floor((lat * 111_195) / 256);
          const degreeM = 111_195 * Math.cos((((row + 0.5) * 256) / 111_195 / 180) * Math.PI);
          const column = Math.floor((lon * degreeM) / 256);
          const at = (u: number, v: number) => ({
            lon: ((column + u) * 256) / degreeM,
            lat: ((row + v) * 256) / 111_195,
          });
          const splits = [at(0.25, 0.25), at(0.75, 0.25), at(0.25, 0.75), at(0.75, 0.75)].map((place) =>
            splitOfBlock(place, 256, 3, PHOTOS.shares),
          );
          assert.equal(new Set(splits).size, 1);
        },
      ),
    );
  });

  it('reports photos outside the imagery, plain photos, damaged ones and ones without heading', async () => {
    const bad = join(dir, 'bad');
    await mkdir(bad);
    for (const name of await readdir(root))
      if (name.endsWith('.jpg')) await copyFile(join(root, name), join(bad, name));
    const write = async (name: string, data: Uint8Array | string) => writeFile(join(bad, name), data);
    await write('outside.jpg', await photo(SIDE_M + 50, 100));
    await write('edge.jpg', await photo(12, 100)); // the tile is inside, its margin is not
    await write('inside-edge.jpg', await photo(16, 100));
    await write('damaged.jpg', 'nothing');
    await write(
      'plain.jpg',
      await sharp({ create: { width: 90, height: 60, channels: 3, background: '#777' } })
        .jpeg()
        .toBuffer(),
    );
    await write(
      'unheaded.png',
      await sharp({ create: { width: 128, height: 64, channels: 3, background: '#777' } })
        .png()
        .toBuffer(),
    );
    const options = { format: 'photos', root: bad, photos: { ...PHOTOS, imagery } } as const;
    await refused(
      options,
      'outside-imagery 2',
      'unreadable-image 1',
      'no-panorama 1',
      'no-heading 1',
      join(bad, 'edge.jpg'),
    );
    const { dropped, pairs } = await openDataset({ ...options, dropInvalid: true });
    const found = Object.fromEntries(
      dropped
        .filter(({ reason }) => reason !== 'near-test')
        .map(({ where, reason }) => [where.slice(bad.length + 1), reason]),
    );
    assert.deepEqual(found, {
      'outside.jpg': 'outside-imagery',
      'edge.jpg': 'outside-imagery',
      'damaged.jpg': 'unreadable-image',
      'plain.jpg': 'no-panorama',
      'unheaded.png': 'no-heading',
    });
    // Where it is said what photos show, in the data set or in the geometry, one of 3:2 lacks its heading only.
    const fieldOfView = { horizontalDeg: 120, verticalDeg: 80 };
    const config = await loadRunConfig('small', [
      'geometry.fieldOfView={ horizontalDeg: 120, verticalDeg: 80 }',
    ]);
    const source = { format: 'photos', root: bad, imagery, dropInvalid: true } as const;
    for (const made of [
      await openDataset({ ...options, dropInvalid: true, fieldOfView }),
      await openSource(source, config, () => () => {}),
    ]) {
      const plain = made.dropped.find(({ where }) => where.endsWith('plain.jpg'));
      assert.equal(plain?.reason, 'no-heading');
    }
    assert.ok(pairs.some(({ id }) => id === 'inside-edge.jpg'));
    await refused({ ...options, root: join(dir, 'none') }, 'not a folder');
    await mkdir(join(dir, 'empty'));
    await refused({ ...options, root: join(dir, 'empty') }, 'no photos');
    await refused({ format: 'photos', root }, '--imagery');
  });

  it('is prepared as it lies there: tiles with their margin from the imagery, unlabelled BEVs apart', async () => {
    const dataset = await open();
    const options = { cacheDir: join(dir, 'cache'), marginM: 4, panoramas: true, threads: 0 };
    const area = await prepareArea(dataset, 'test', PHOTO_GEOMETRY, options);
    assert.equal(area.marginPx, 4);
    const source = await openImagery(imagery);
    const tile = new Uint8Array(28 * 28 * 3);
    for (const [k, location] of area.locations.entries()) {
      area.tiles.read(k, tile);
      assert.deepEqual(tile, location && (await cutTile(source, location, 28, 28))?.data);
    }
    await source.close();
    const unpaired = await prepareUnpaired(dataset, 'train', PHOTO_GEOMETRY, options);
    assert.deepEqual(
      [unpaired?.ids, unpaired?.bevs.count, unpaired?.panoramas?.count],
      [['nowhere.jpg'], 1, 1],
    );
    assert.equal(await prepareUnpaired(dataset, 'test', PHOTO_GEOMETRY, options), undefined);
  });

  it('takes headings and places from a list beside it, and names what the list has wrong', async () => {
    const own = join(dir, 'listed');
    await mkdir(join(own, 'day'), { recursive: true });
    await writeFile(join(own, 'a.jpg'), await photo(300, 300, 10));
    await writeFile(join(own, 'day/b.jpg'), await photo(500, 300, 20));
    const bare = { create: { width: 128, height: 64, channels: 3, background: '#777' } } as const;
    await writeFile(join(own, 'c.png'), await sharp(bare).png().toBuffer());
    const metadata = join(dir, 'headings.csv');
    const { lon, lat } = toLonLat(700, 300);
    const rows = ['day\\b.jpg,120.5,,,', `c.png,-30,${lon},${lat},5`];
    await writeFile(metadata, `\uFEFFFile,HeadingDeg,lon,lat,pitchDeg\r\n${rows.join('\r\n')}`);
    const options = { format: 'photos', root: own, photos: { ...PHOTOS, imagery, metadata } } as const;
    const { pairs } = await openDataset(options);
    const told = Object.fromEntries(pairs.map((pair) => [pair.id, pair]));
    assert.deepEqual(
      ['a.jpg', 'day/b.jpg', 'c.png'].map((id) => told[id]?.headingDeg),
      [10, 120.5, -30],
    );
    assert.ok(distanceM(told['c.png']?.location ?? { lon: 0, lat: 0 }, { lon, lat }) < 0.01);
    assert.deepEqual(told['c.png']?.told, { headingDeg: -30, pitchDeg: 5 });
    // What is projected is what the list says: a photo whose own metadata say the same gives the same BEV.
    const twin = join(dir, 'twin');
    await mkdir(join(twin, 'day'), { recursive: true });
    await writeFile(join(twin, 'day/b.jpg'), await photo(500, 300, 120.5));
    const twins = await openDataset({ ...options, root: twin, photos: { ...PHOTOS, imagery } });
    const bevOf = async (dataset: Awaited<ReturnType<typeof open>>) => {
      const [pair] = dataset.pairs.filter(({ id }) => id === 'day/b.jpg');
      const one = { ...dataset, pairs: pair ? [{ ...pair, split: 'train' as const }] : [], gallery: [] };
      const source = panoramaSourceOf(one, one.pairs[0] as never);
      const { pose } = await decodeSource(source, PHOTO_GEOMETRY);
      return pose;
    };
    assert.deepEqual(await bevOf(await openDataset(options)), await bevOf(twins));
    const lines = (await readFile(metadata, 'utf8')).trim();
    for (const [row, reason] of [
      ['none.jpg,1,,,', 'missing-file'],
      ['a.jpg,north,,,', 'bad-value'],
      ['c.png,1,,,', 'duplicate-id'],
      ['a.jpg,1,8.5,,', 'bad-value'],
    ] as const) {
      await writeFile(metadata, `${lines}\n${row}\n`);
      await refused(options, reason, 'headings.csv line 4');
    }
    await writeFile(metadata, 'name,heading\nx,1\n');
    await refused(options, 'headings.csv', 'line 1 is "name,heading"', 'file,headingDeg');
  });

  it('is parted in blocks of the size asked for, and says which photos have no place', async () => {
    const whole = await open();
    const small = await open({ photos: { ...PHOTOS, imagery, blockM: 40 } });
    for (const { id, split, location } of small.pairs) {
      assert.ok(location);
      assert.equal(split, splitOfBlock(location, 40, PHOTOS.seed, PHOTOS.shares), id);
    }
    assert.notDeepEqual(
      small.pairs.map(({ id, split }) => [id, split]),
      whole.pairs.map(({ id, split }) => [id, split]),
    );
    await refused({ format: 'photos', root, photos: { ...PHOTOS, imagery, blockM: 20 } }, '20 m', '28 m');
    assert.match(whole.notes.join(), /1 photos without a GPS position are unlabelled: nowhere\.jpg/);
  });

  it('is read by the command', async () => {
    const run = (...more: readonly string[]) =>
      spawnSync(process.execPath, [BIN, 'dataset', '--format', 'photos', '--root', root, ...more], {
        encoding: 'utf8',
      });
    const told = run('--imagery', imagery, '--tile-size-m', '20', '--margin-m', '4', '--split-seed', '3');
    assert.equal(told.status, 0, told.stderr);
    assert.match(told.stdout, /data set +own photos/);
    assert.match(told.stdout, /pairs +\d+ \(train \d+, validation \d+, test \d+\)/);
    assert.match(told.stdout, /panoramas +1 without a tile/);
    assert.match(told.stdout, /cut from a mosaic; 20\.0 m on the ground/);
    assert.match(told.stdout, /dropped +\d+: near-test \d+/);
    const bare = run();
    assert.equal(bare.status, 1);
    assert.match(bare.stderr, /--imagery/);
    assert.equal(run('--imagery', imagery, '--tile-size-m', 'wide').status, 2);
    await assert.rejects(readFile(join(root, 'places.csv')));
  });
});
