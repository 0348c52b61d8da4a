import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Scalar, Tensor2D, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { seededRandom } from 'skyfix/random';
import { HistoryPool, hardTriplet, infoNce, patchContrast, samplePositions } from '../../losses/index.js';
import { unitLength } from '../../networks/layers.js';
import { tf } from '../../runtime/tf.js';
import { normal } from '../support/finite-differences.js';

const value = (loss: Scalar) => loss.dataSync()[0] ?? Number.NaN;
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);
const close = (found: number, expected: number) =>
  assert.ok(
    Math.abs(found - expected) < 1e-5 * Math.max(1, Math.abs(expected)),
    `${found} is not ${expected}`,
  );

describe('losses equal a second, scalar implementation in float64', () => {
  const views = unitLength(normal<Tensor2D>([5, 4], 1));
  const tiles = unitLength(normal<Tensor2D>([5, 4], 2));
  const s = views.arraySync().map((v) => tiles.arraySync().map((t) => dot(v, t)));
  const transposed = s.map((_, j) => s.map((row) => row[j] ?? 0));

  test('hard triplet, equation (8)', () => {
    const places = [0, 1, 1, 2, 3];
    const oneWay = (m: number[][]) => {
      const rows = m.map((row, a) => {
        const p = Math.min(...row.filter((_, b) => places[b] === places[a]));
        const n = Math.max(...row.filter((_, b) => places[b] !== places[a]));
        return { w: Math.exp((n - p) / 0.2), hinge: Math.max(0, 1 - p - (1 - n) + 0.2) };
      });
      const mean = rows.reduce((sum, row) => sum + row.w, 0) / rows.length;
      return rows.reduce((sum, row) => sum + Math.min(10, Math.max(0.1, row.w / mean)) * row.hinge, 0) / 5;
    };
    close(value(hardTriplet(views, tiles, { places })), (oneWay(s) + oneWay(transposed)) / 2);
  });

  test('InfoNCE with label smoothing', () => {
    const oneWay = (m: number[][]) =>
      m.reduce((sum, row, a) => {
        const total = Math.log(row.reduce((z, x) => z + Math.exp(10 * x), 0));
        return sum - row.reduce((z, x, b) => z + ((a === b ? 0.9 : 0) + 0.1 / 5) * (10 * x - total), 0);
      }, 0) / 5;
    close(
      value(infoNce(views, tiles, { scale: 10, labelSmoothing: 0.1 })),
      (oneWay(s) + oneWay(transposed)) / 2,
    );
  });

  test('patch contrast, equation (4), all positions of two layers', () => {
    const layer = (n: number, seed: number) => unitLength(normal<Tensor4D>([2, n, n, 3], seed));
    const anchors = [layer(3, 3), layer(2, 4)];
    const positives = [layer(3, 5), layer(2, 6)];
    const expected = anchors.reduce((total, map, l) => {
      const [v, w] = [map, positives[l] as Tensor4D].map((m) => m.arraySync().map((image) => image.flat()));
      const terms = (v ?? []).flatMap((image, b) =>
        image.map((anchor, i) => {
          const exps = (w?.[b] ?? []).map((other) => Math.exp(dot(anchor, other) / 0.07));
          return -Math.log((exps[i] ?? 0) / exps.reduce((a, x) => a + x, 0));
        }),
      );
      return total + terms.reduce((a, x) => a + x, 0) / terms.length;
    }, 0);
    const found = value(patchContrast(anchors, positives, { seed: 1 }));
    assert.ok(Math.abs(found - expected) < 1e-3, `${found} is not ${expected}`);
  });
});

test('sampled positions are different, in range, and the same for the same seed', () => {
  const positions = samplePositions(100, 40, seededRandom(5));
  assert.equal(new Set(positions).size, 40);
  assert.ok(positions.every((p) => p >= 0 && p < 100));
  assert.deepEqual(positions, samplePositions(100, 40, seededRandom(5)));
  assert.deepEqual([...samplePositions(4, 256, seededRandom(5))].sort(), [0, 1, 2, 3]);
});

test('history pool: fills, then swaps about half; a restored pool goes on alike; nothing leaks', () => {
  const image = (i: number) => tf.fill([1, 2, 2, 3], i) as Tensor4D;
  const before = tf.memory().numTensors;
  const pool = new HistoryPool(10, 3);
  const ask = (p: HistoryPool, i: number) => tf.tidy(() => p.query(image(i)).dataSync()[0] ?? -1);
  for (let i = 0; i < 10; i++) assert.equal(ask(pool, i), i);
  let swapped = 0;
  for (let i = 10; i < 110; i++) swapped += ask(pool, i) === i ? 0 : 1;
  assert.ok(swapped > 30 && swapped < 70, `${swapped} of 100 swapped`);
  assert.equal(pool.size, 10);
  const restored = new HistoryPool(10, 3);
  restored.load(pool.toArrays());
  for (let i = 110; i < 140; i++) assert.equal(ask(restored, i), ask(pool, i));
  pool.dispose();
  restored.dispose();
  assert.equal(tf.memory().numTensors, before);
});
