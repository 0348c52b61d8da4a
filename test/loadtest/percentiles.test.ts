import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { median, percentile } from '../../loadtest/percentiles.js';

test('nearest rank, as its definition says: at least p percent of the values are not above it', () => {
  const values = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1 });
  fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 100 }), (times, p) => {
      const found = percentile(times, p);
      const share = (limit: (time: number) => boolean) => times.filter(limit).length / times.length;
      assert.ok(times.includes(found));
      assert.ok(share((time) => time <= found) >= p / 100 - 1e-12);
      assert.ok(share((time) => time < found) < p / 100);
    }),
  );
});

test('the published example: 15, 20, 35, 40, 50', () => {
  const times = [50, 15, 40, 20, 35];
  assert.deepEqual(
    [5, 30, 40, 50, 100].map((p) => percentile(times, p)),
    [15, 20, 20, 35, 50],
  );
  assert.equal(median(times), 35);
  assert.ok(Number.isNaN(median([])));
});
