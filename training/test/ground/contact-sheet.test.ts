// The sheet of pairs: what is where on it, and whose image it names where one cannot be read.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { decodeImage } from 'skyfix/imaging';
import { openDataset, samplePairs } from '../../datasets/index.js';
import { writeContactSheet } from '../../ground/index.js';
import { put, putImage, writeOwnData } from '../support/dataset-fixtures.js';

const GEOMETRY = { tileSizeM: 64, inputSizePx: 64, bevSizePx: 128, cameraHeightM: 2.5 };

describe('a contact sheet', () => {
  let root = '';
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'skyfix-sheet-'));
    await writeOwnData(root);
  });
  afterEach(() => rm(root, { recursive: true }));

  /** Grey levels at x, y of the sheet of one pair. */
  async function sheetOf(id: string, geometry = GEOMETRY) {
    const own = await openDataset({ format: 'csv', root });
    const path = join(root, 'sheet.png');
    await writeContactSheet(
      path,
      own,
      own.pairs.filter((pair) => pair.id === id),
      geometry,
    );
    const { data, widthPx, heightPx } = await decodeImage(await readFile(path));
    const at = (x: number, y: number) => [...data.subarray((y * widthPx + x) * 3, (y * widthPx + x) * 3 + 3)];
    return { at, widthPx, heightPx };
  }

  it('shows panorama, BEV, tile, and BEV and tile by turns', async () => {
    const { at, widthPx, heightPx } = await sheetOf('one');
    assert.deepEqual([widthPx, heightPx], [512 + 3 * (256 + 4), 256]);
    const [bev, tile, both] = [516, 776, 1036];
    const [ground, above] = [
      [40, 40, 40],
      [200, 200, 200],
    ];
    assert.deepEqual([at(256, 60), at(514, 60)], [ground, [255, 255, 255]]);
    assert.deepEqual([at(bev + 10, 60), at(tile + 10, 60)], [ground, above]);
    assert.deepEqual([at(both + 10, 80), at(both + 10, 50), at(both + 50, 50)], [ground, above, ground]);
  });

  it('has rings 10 and 20 m from the camera, the horizon, and north up', async () => {
    const { at } = await sheetOf('one');
    const yellow = [255, 220, 0];
    for (const left of [516, 776, 1036]) {
      assert.deepEqual(at(left + 128, 128), yellow);
      // 64 m on 256 px: 40 and 80 px.
      for (const radiusPx of [40, 80])
        assert.deepEqual(at(left + 128, 128 - radiusPx), yellow, `${left} ${radiusPx}`);
      const letters = [0, 1, 2, 3, 4].map((x) => at(left + 125 + x, 5));
      assert.ok(letters.some(([red]) => red === 255) && letters.some(([red]) => red === 0));
    }
    // A full sphere's horizon is its middle row; the centre looks east, so north is a quarter to its left.
    assert.deepEqual(at(0, 128), yellow);
    assert.ok([0, 1, 2, 3, 4].some((x) => at(126 + x, 118)[0] === 255));
  });

  it('shows the ground and the strip of each row', async () => {
    await putImage(join(root, 'g/2.png'), 240, 60, 90);
    await put(
      join(root, 'pairs.csv'),
      'id,ground,satellite,tile_size_m,vertical_fov_deg,horizon_share\nstrip,g/2.png,s/1.png,32,90,0.6\n',
    );
    const { at } = await sheetOf('strip');
    // A strip of 128 rows in the middle of 256, its horizon at 0.6 of them.
    assert.deepEqual(at(0, 64 + Math.round(0.6 * 128)), [255, 220, 0]);
    // 36 degrees below the horizon are the last of the ground: 2.5 m / tan 36 = 3.44 m, 13.8 px.
    assert.deepEqual(
      [at(516 + 128 + 8, 128 + 6), at(516 + 128 + 16, 128 + 6)],
      [
        [0, 0, 0],
        [90, 90, 90],
      ],
    );
    // 32 m of 64: the tile fills the middle half.
    assert.deepEqual(
      [at(776 + 60, 100), at(776 + 68, 100)],
      [
        [0, 0, 0],
        [200, 200, 200],
      ],
    );
  });

  it('names file and line where a pair cannot be read', async () => {
    const { pairs, ...own } = await openDataset({ format: 'csv', root });
    await writeFile(join(root, 'g/1.png'), 'nothing');
    await assert.rejects(
      writeContactSheet(join(root, 'none.png'), { ...own, pairs }, pairs.slice(0, 1), GEOMETRY),
      /pairs\.csv line 2: an image of "one" cannot be read/,
    );
  });
});

describe('pairs for a sheet or a fit', () => {
  it('are drawn by seed, each once', () => {
    const many = { pairs: Array.from({ length: 40 }, (_, k) => ({ id: `${k}` }) as never) };
    const drawn = (seed: number) => samplePairs(many, seed, 12).map(({ id }) => id);
    assert.equal(new Set(drawn(1)).size, 12);
    assert.deepEqual(drawn(1), drawn(1));
    assert.notDeepEqual(drawn(1), drawn(2));
    assert.equal(samplePairs(many, 1, 100).length, 40);
  });
});
