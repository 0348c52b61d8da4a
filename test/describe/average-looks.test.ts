import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { averageLooks, type Look } from '../../src/describe/index.js';

const unit = (values: readonly number[]) => Float32Array.from(values, (v) => v / Math.hypot(...values));
const look = (eastM: number, values: readonly number[]): Look => ({
  eastM,
  northM: 0,
  descriptor: unit(values),
});
const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, v, k) => sum + v * (b[k] ?? 0), 0);

test('one view is as it is, and none is none', () => {
  const looks = [look(0, [1, 2]), look(4, [2, 1])];
  assert.equal(averageLooks([looks]), looks);
  assert.deepEqual(averageLooks([]), []);
});

test('looks of several heights rank tiles as the mean of their similarities does', () => {
  const vector = fc.array(fc.double({ min: 0.1, max: 1, noNaN: true }), { minLength: 6, maxLength: 6 });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(vector, vector), { minLength: 2, maxLength: 4 }),
      fc.array(vector, { minLength: 2, maxLength: 6 }),
      (pairs, tiles) => {
        const views = pairs.map(([a, b]) => [look(0, a), look(4, b)]);
        const averaged = averageLooks(views);
        assert.deepEqual(
          averaged.map(({ eastM }) => eastM),
          [0, 4],
        );
        for (const [k, { descriptor }] of averaged.entries()) {
          assert.ok(Math.abs(dot(descriptor, descriptor) - 1) < 1e-5);
          const ratios = tiles.map((values) => {
            const tile = unit(values);
            const mean =
              views.reduce((sum, looks) => sum + dot(looks[k]?.descriptor ?? tile, tile), 0) / views.length;
            return dot(descriptor, tile) / mean;
          });
          // One factor for all tiles, at least 1.
          for (const ratio of ratios)
            assert.ok(Math.abs(ratio / (ratios[0] ?? 1) - 1) < 1e-5 && ratio > 0.9999);
        }
      },
    ),
  );
});

test('looks that say the opposite of each other have no mean', () => {
  assert.throws(() => averageLooks([[look(4, [1, 0])], [look(4, [-1, 0])]]), {
    code: 'INTERNAL',
    message: /The look 4,0 m .* 2 camera heights/,
  });
});
