// Priors over many tiles: whole branches are joined as bits that are kept, and the rows are those of looking at each tile.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { distanceM, insideBbox } from '../../src/geometry/index.js';
import { seededRandom } from '../../src/random/index.js';
import { BranchBits } from '../../src/search/branch-bits.js';
import { TileTree } from '../../src/search/tile-tree.js';

/** A grid whose rows come in squares of eight, as along a space-filling curve; or in no order. */
function tilesOf(side: number, near: boolean) {
  const count = side * side;
  const [lons, lats] = [new Float64Array(count), new Float64Array(count)];
  const random = seededRandom(3);
  for (let k = 0; k < count; k++) {
    const [square, inside] = [k >> 6, k & 63];
    const x = near ? 8 * (square % (side / 8)) + (inside & 7) : side * random();
    const y = near ? 8 * Math.floor(square / (side / 8)) + (inside >> 3) : side * random();
    lons[k] = 8 + x * 5e-4;
    lats[k] = 47 + y * 3e-4;
  }
  return { lons, lats, count };
}

for (const near of [true, false]) {
  test(`boxes and circles over 73,984 tiles, asked twice: ${near ? 'rows in squares' : 'rows in no order'}`, () => {
    const { lons, lats, count } = tilesOf(272, near);
    const tree = new TileTree(lons, lats);
    const [width, height] = [272 * 5e-4, 272 * 3e-4];
    const assertRows = (rows: Uint32Array, keep: (lon: number, lat: number) => boolean) => {
      const expected = [...lons.keys()].filter((k) => keep(lons[k] ?? 0, lats[k] ?? 0));
      assert.deepEqual([...rows], expected);
    };
    for (const share of [0.15, 0.4, 0.6, 0.85]) {
      const bounds = [8 + 0.05 * width, 47, 8 + (0.05 + share) * width, 47 + share * height] as const;
      const centre = { lon: 8 + 0.45 * width, lat: 47 + 0.55 * height };
      const radiusM = share * 8000;
      for (let again = 0; again < 2; again++) {
        assertRows(tree.rowsInBbox(bounds).rows, (lon, lat) => insideBbox({ lon, lat }, bounds));
        assertRows(
          tree.rowsInRadius(centre, radiusM).rows,
          (lon, lat) => distanceM({ lon, lat }, centre) <= radiusM,
        );
      }
    }
    assert.equal(count, 73_984);
  });
}

test('what is kept takes less than the rows do; rows that lie apart, and few of them, are not kept', () => {
  const ids = Uint32Array.from({ length: 80_000 }, (_, k) => k);
  const kept = new BranchBits(ids);
  const branch = kept.of({ from: 40, to: 10_040 });
  assert.deepEqual([branch?.at[0], branch?.at.length], [1, 313]);
  assert.equal(branch?.words[0], 0xffffff00);
  assert.equal(kept.bytes, 313 * 8);
  assert.equal(kept.of({ from: 40, to: 10_040 }), branch);
  assert.equal(kept.of({ from: 0, to: 100 }), undefined);
  const apart = Uint32Array.from({ length: 80_000 }, (_, k) => (k * 32_003) % 80_000);
  assert.equal(new BranchBits(apart).of({ from: 0, to: 2_000 }), undefined);
  assert.equal(new BranchBits(ids.subarray(0, 60_000)).of({ from: 0, to: 30_000 }), undefined);
});
