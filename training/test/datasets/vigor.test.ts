// VIGOR in its published layout, and every way in which an entry is wrong.
import assert from 'node:assert/strict';
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { openDataset } from '../../datasets/index.js';
import { idsOf, refused, refusedOrDropped } from '../support/dataset-checks.js';
import { putImage, VIGOR_TILES, vigorRow, writeVigor } from '../support/dataset-fixtures.js';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'skyfix-datasets-'));
});
afterEach(async () => {
  await rm(root, { recursive: true });
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
