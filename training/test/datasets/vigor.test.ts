// VIGOR in its published layout, and every way in which an entry is wrong.
import assert from 'node:assert/strict';
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { localOffsetM, offsetLonLat } from 'skyfix/geometry';
import { openDataset, VIGOR_TILE_PX } from '../../datasets/index.js';
import { idsOf, refused, refusedOrDropped } from '../support/dataset-checks.js';
import { put, putImage, VIGOR_TILES, vigorRow, writeVigor } from '../support/dataset-fixtures.js';

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

  it('puts the camera where the names say, by the metres a pixel of each city', async () => {
    // As in the corrected lists: places of six decimals in panoramas' names, of fourteen in tiles', whole pixels with ".0", no
    // line feed at the end. Metres a pixel and places are independent of each other in the published lists.
    const gsdM = { NewYork: 0.1132, Seattle: 0.1008, SanFrancisco: 0.1181, Chicago: 0.1113 };
    for (const [k, [city, metres]] of Object.entries(gsdM).entries()) {
      const centre = { lon: -87.68943505304125, lat: 41.87797179621101 };
      const rows = [0, 1, 2].map((n) => {
        const tiles = [0, 1, 2, 3].map((t) => offsetLonLat(centre, 90 * n + 36 * (t % 2), 36 * (t >> 1)));
        const camera = offsetLonLat(tiles[0] as typeof centre, 9 - 7 * n, 5 * n - 8 + k);
        const blocks = tiles.map((tile) => {
          const { eastM, northM } = localOffsetM(tile, camera);
          const [d0, d1] = [-northM / metres, -eastM / metres].map((px) => Math.round(px).toFixed(1));
          return `satellite_${tile.lat.toFixed(14)}_${tile.lon.toFixed(14)}.png ${d0} ${d1}`;
        });
        return `L-1poX8YZAmBZVLMqBu-${n},${camera.lat.toFixed(6)},${camera.lon.toFixed(6)},.jpg ${blocks.join(' ')}`;
      });
      const lists = join(root, 'splits__corrected', city);
      const tiles = new Set(
        rows.flatMap((row) => row.split(' ').filter((word) => word.startsWith('satellite_'))),
      );
      await put(join(lists, 'satellite_list.txt'), [...tiles].join('\n'));
      for (const split of ['train', 'test'])
        await put(
          join(lists, `same_area_balanced_${split}__corrected.txt`),
          split === 'train' ? rows.slice(1).join('\n') : (rows[0] ?? ''),
        );
      for (const name of tiles) await putImage(join(root, city, 'satellite', name), 20, 20);
      for (const row of rows) await putImage(join(root, city, 'panorama', row.split(' ')[0] ?? ''), 64, 32);
    }
    const { pairs, notes, dropped } = await openDataset(vigor());
    assert.deepEqual([pairs.length, dropped.length], [12, 0]);
    assert.match(notes.join(), /NewYork, Seattle, SanFrancisco, Chicago from splits__corrected\//);
    for (const { location, tiles } of pairs) {
      for (const { tile, cameraPx } of tiles) {
        assert.ok(location && tile.centre && cameraPx && tile.sizeM);
        const { eastM, northM } = localOffsetM(tile.centre, location);
        const metres = tile.sizeM / VIGOR_TILE_PX;
        // Half a pixel each way, and what six decimals of a degree leave open.
        assert.ok(Math.abs((cameraPx.x - 320) * metres - eastM) < 0.13);
        assert.ok(Math.abs((320 - cameraPx.y) * metres - northM) < 0.13);
      }
    }
  });

  it('names every folder that it looked for a list in', async () => {
    await rm(join(root, 'splits/SanFrancisco/same_area_balanced_test.txt'));
    const looked =
      'none of the folders splits__corrected, splits_new, splits has SanFrancisco/same_area_balanced_test.txt';
    await refused(vigor(), looked);
    await rm(join(root, 'splits/Chicago'), { recursive: true });
    await refused(vigor(), 'has Chicago/satellite_list.txt');
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
