// Search by matrix products answers what exact search answers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeRng } from 'skyfix/random';
import { ExactIndex } from 'skyfix/search';
import { MatrixIndex } from '../../evaluation/index.js';

const DIMENSIONS = 12;

function unitRows(count: number, seed: number): Float32Array {
  const rng = makeRng(seed);
  const data = Float32Array.from({ length: count * DIMENSIONS }, () => rng.normal());
  for (let row = 0; row < count; row++) {
    const own = data.subarray(row * DIMENSIONS, (row + 1) * DIMENSIONS);
    const length = Math.hypot(...own);
    for (let d = 0; d < DIMENSIONS; d++) own[d] = (own[d] as number) / length;
  }
  return data;
}

test('hits and cosines are those of exact search, for all rows and for some', async () => {
  const tiles = { count: 300, dimensions: DIMENSIONS, data: unitRows(300, 1) };
  tiles.data.copyWithin(0, 7 * DIMENSIONS, 8 * DIMENSIONS); // rows 0 and 7 are equal: the lower one is first
  const [matrix, exact] = [new MatrixIndex(tiles), new ExactIndex(tiles)];
  const asked = unitRows(5, 2);
  const descriptors = Array.from({ length: 5 }, (_, k) =>
    asked.slice(k * DIMENSIONS, (k + 1) * DIMENSIONS),
  ).concat(tiles.data.slice(0, DIMENSIONS));
  const some = Uint32Array.from([0, 3, 7, 50, 51, 299]);
  for (const allowed of [undefined, some]) {
    for (const k of [1, 4, 1000]) {
      const [own, true_] = await Promise.all(
        [matrix, exact].map((index) => Promise.all(descriptors.map((one) => index.search(one, k, allowed)))),
      );
      for (const [q, hits] of (true_ ?? []).entries()) {
        const found = own?.[q] ?? [];
        assert.deepEqual(
          found.map(({ row }) => row),
          hits.map(({ row }) => row),
        );
        for (const [h, { score }] of hits.entries()) {
          assert.ok(Math.abs((found[h]?.score ?? Number.NaN) - score) < 1e-6);
        }
      }
    }
  }
  const pairs = {
    looks: Uint32Array.from({ length: 30 }, (_, c) => c % descriptors.length),
    rows: Uint32Array.from({ length: 30 }, (_, c) => some[(c * c) % some.length] as number),
  };
  const [own, true_] = await Promise.all([matrix, exact].map((index) => index.cosines(descriptors, pairs)));
  for (const [c, value] of (true_ ?? []).entries()) {
    assert.ok(Math.abs((own?.[c] ?? Number.NaN) - value) < 1e-6);
  }
  const [alike, trueAlike] = await Promise.all(
    [matrix, exact].map((index) => index.mostAlike(descriptors, some)),
  );
  assert.deepEqual(alike, trueAlike);
  const none = { looks: new Uint32Array(), rows: new Uint32Array() };
  assert.equal((await matrix.cosines(descriptors, none)).length, 0);
  await matrix.close();
  assert.equal(matrix.state, 'closed');
  await assert.rejects(matrix.search(descriptors[0] as Float32Array, 1), /closed/);
});
