// Seeded randomness against its definitions, written again with big integers, and against the moments it should have.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hash3, makeRng, normalPair, seededRandom, shuffled } from '../../src/random/index.js';

const WORD = (1n << 32n) - 1n;

test('seededRandom is mulberry32', () => {
  fc.assert(
    fc.property(fc.nat({ max: 0xffffffff }), (seed) => {
      let state = BigInt(seed);
      const random = seededRandom(seed);
      for (let k = 0; k < 20; k++) {
        state = (state + 0x6d2b79f5n) & WORD;
        let t = ((state ^ (state >> 15n)) * (state | 1n)) & WORD;
        t = (t ^ (t + (((t ^ (t >> 7n)) * (t | 61n)) & WORD))) & WORD;
        assert.equal(random(), Number((t ^ (t >> 14n)) & WORD) / 2 ** 32);
      }
    }),
  );
});

test('makeRng gives the same numbers for a seed and a stream, and others for another stream', () => {
  const first = ({ next }: { next(): number }) => Array.from({ length: 50 }, next);
  assert.deepEqual(first(makeRng(7, 3)), first(makeRng(7, 3)));
  const [a, b, c] = [first(makeRng(7, 3)), first(makeRng(7, 4)), first(makeRng(8, 3))];
  assert.ok(a.every((value, k) => value !== b[k] && value !== c[k]));
  const rng = makeRng(1);
  const whole = Array.from({ length: 6000 }, () => rng.int(-1, 1));
  for (const value of [-1, 0, 1]) assert.ok(Math.abs(whole.filter((x) => x === value).length - 2000) < 150);
  assert.throws(() => rng.pick([]), RangeError);
});

test('normalPair gives two independent standard normal numbers', () => {
  const random = seededRandom(5);
  const pairs = Array.from({ length: 50_000 }, () => normalPair(random));
  const mean = (of: (pair: readonly [number, number]) => number) =>
    pairs.reduce((sum, pair) => sum + of(pair), 0) / pairs.length;
  for (const k of [0, 1] as const) {
    assert.ok(Math.abs(mean((pair) => pair[k])) < 0.02);
    assert.ok(Math.abs(mean((pair) => pair[k] ** 2) - 1) < 0.03);
    assert.ok(Math.abs(mean((pair) => pair[k] ** 4) - 3) < 0.2); // a normal number's fourth moment
  }
  assert.ok(Math.abs(mean(([a, b]) => a * b)) < 0.02);
  assert.ok(normalPair(() => 0).every(Number.isFinite));
});

test('hash3 is spread evenly over [0, 1)', () => {
  const counts = new Array<number>(10).fill(0);
  for (let x = -50; x < 50; x++) {
    for (let y = -50; y < 50; y++) {
      const bin = Math.floor(hash3(x, y, 3) * 10);
      counts[bin] = (counts[bin] ?? Number.NaN) + 1;
    }
  }
  assert.ok(counts.length === 10 && counts.every((count) => Math.abs(count - 1000) < 150), String(counts));
});

test('shuffled is a permutation, each as likely', () => {
  const seen = new Map<string, number>();
  const rng = makeRng(11);
  for (let k = 0; k < 6000; k++) {
    const order = shuffled(3, rng);
    assert.deepEqual(order.toSorted(), [0, 1, 2]);
    seen.set(order.join(), (seen.get(order.join()) ?? 0) + 1);
  }
  assert.equal(seen.size, 6);
  for (const count of seen.values()) assert.ok(Math.abs(count - 1000) < 150);
});
