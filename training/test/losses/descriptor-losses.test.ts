// Options of the descriptor losses: values against scalar formulas in float64, gradients against finite differences.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-node-gpu';
import { createLearnableScale, hardTriplet, infoNce } from '../../losses/index.js';
import { stopGradient } from '../../losses/stop-gradient.js';
import { Adam, valueAndFlatGrads } from '../../networks/index.js';
import { unitLength } from '../../networks/layers.js';
import { tf } from '../../runtime/tf.js';
import { assertGradients, normal } from '../support/finite-differences.js';
import { close, dot, type Matrix, mean, transpose, value } from '../support/scalar-formulas.js';

const BATCH = 6;
const views = unitLength(normal<Tensor2D>([BATCH, 4], 1));
const tiles = unitLength(normal<Tensor2D>([BATCH, 4], 2));
const similarity: Matrix = views.arraySync().map((v) => tiles.arraySync().map((t) => dot(v, t)));
const noExclusion: Matrix = Array.from({ length: BATCH }, () => new Array(BATCH).fill(0));
/** Not symmetric, so that a direction with the wrong mask shows; row 5 keeps no negative at all. */
const exclusion: Matrix = noExclusion.map((row, i) =>
  row.map((_, j) => (i === 5 || (i === 0 && (j === 2 || j === 0)) || (i === 3 && j === 1) ? 1 : 0)),
);
const excludeTensor = tf.tensor2d(exclusion.map((row) => [...row]));

interface Triplet {
  readonly weight: number;
  readonly hinge: number;
}

/** One direction of equation (8), anchor by anchor. */
function triplets(m: Matrix, excluded: Matrix, places: readonly number[], dynamic: boolean): Triplet[] {
  const rows = m.map((row, a) => {
    const positives = row.filter((_, b) => places[b] === places[a]);
    const negatives = row.filter((_, b) => places[b] !== places[a] && excluded[a]?.[b] !== 1);
    if (negatives.length === 0) return undefined;
    const [p, n] = [Math.min(...positives), Math.max(...negatives)];
    return { raw: Math.exp((n - p) / 0.2), hinge: Math.max(0, 1 - p - (1 - n) + 0.2) };
  });
  const average = mean(rows.flatMap((row) => (row ? [row.raw] : [])));
  return rows.map((row) => {
    if (!row) return { weight: 0, hinge: 0 };
    return { weight: dynamic ? Math.min(10, Math.max(0.1, row.raw / average)) : 1, hinge: row.hinge };
  });
}

function tripletLoss(m: Matrix, excluded: Matrix, places: readonly number[], dynamic: boolean): number {
  const both = [
    triplets(m, excluded, places, dynamic),
    triplets(transpose(m), transpose(excluded), places, dynamic),
  ];
  return mean(both.map((rows) => mean(rows.map(({ weight, hinge }) => weight * hinge))));
}

describe('hard triplet', () => {
  const ownPlaces = [0, 1, 2, 3, 4, 5];
  const shared = [0, 1, 1, 2, 3, 3];
  for (const weights of ['dynamic', 'none'] as const) {
    for (const places of [ownPlaces, shared]) {
      test(`equals the formula: weights ${weights}, places ${places}`, () => {
        const dynamic = weights === 'dynamic';
        close(
          value(hardTriplet(views, tiles, { weights, places })),
          tripletLoss(similarity, noExclusion, places, dynamic),
        );
        close(
          value(hardTriplet(views, tiles, { weights, places, exclude: excludeTensor })),
          tripletLoss(similarity, exclusion, places, dynamic),
        );
      });
    }
  }

  test('weights reach both clips in a batch of one hard anchor among many easy ones', () => {
    // 40 anchors whose tiles are their own, and one whose view lies on another's tile.
    const count = 41;
    const rows = Array.from({ length: count }, (_, i) =>
      Array.from({ length: count }, (_, k) => (i === k ? 1 : 0)),
    );
    const moved = rows.map((row, i) => (i === 40 ? (rows[0] ?? row) : row));
    const m = moved.map((v) => rows.map((t) => dot(v, t)));
    const places = rows.map((_, i) => i);
    const weights = triplets(
      m,
      m.map((row) => row.map(() => 0)),
      places,
      true,
    ).map(({ weight }) => weight);
    assert.equal(Math.max(...weights), 10);
    assert.equal(Math.min(...weights), 0.1);
    const [v, t] = [tf.tensor2d(moved), tf.tensor2d(rows)];
    close(
      value(hardTriplet(v, t)),
      tripletLoss(
        m,
        m.map((row) => row.map(() => 0)),
        places,
        true,
      ),
    );
  });

  test('the plain gradient equals finite differences, with and without exclusion', () => {
    const [a, b] = [normal([BATCH, 5], 3), normal([BATCH, 5], 4)];
    for (const options of [{}, { exclude: excludeTensor }, { places: shared }]) {
      assertGradients(
        (a, b) =>
          hardTriplet(unitLength(a as Tensor2D), unitLength(b as Tensor2D), { ...options, weights: 'none' }),
        [a, b],
        2e-3,
      );
    }
  });

  test('the dynamic gradient is that of the formula with its weights frozen', () => {
    const frozen = [
      triplets(similarity, exclusion, ownPlaces, true),
      triplets(transpose(similarity), transpose(exclusion), ownPlaces, true),
    ];
    const loss = (v: Matrix) => {
      const m = v.map((row) => tiles.arraySync().map((t) => dot(row, t)));
      const now = [
        triplets(m, exclusion, ownPlaces, false),
        triplets(transpose(m), transpose(exclusion), ownPlaces, false),
      ];
      return mean(
        now.map((rows, d) => mean(rows.map(({ hinge }, a) => hinge * (frozen[d]?.[a]?.weight ?? 0)))),
      );
    };
    const start = views.arraySync();
    const gradient = tf
      .grad((v) => hardTriplet(v as Tensor2D, tiles, { exclude: excludeTensor }))(views)
      .arraySync() as number[][];
    for (let i = 0; i < BATCH; i++) {
      for (let k = 0; k < 4; k++) {
        const at = (h: number) =>
          loss(start.map((row, r) => row.map((x, c) => (r === i && c === k ? x + h : x))));
        close(gradient[i]?.[k] ?? Number.NaN, (at(1e-5) - at(-1e-5)) / 2e-5, 1e-4);
      }
    }
  });

  test('a batch without a negative costs nothing and has no gradient', () => {
    const places = new Array(BATCH).fill(7);
    for (const weights of ['dynamic', 'none'] as const) {
      const { value: loss, grad } = tf.valueAndGrad((v) =>
        hardTriplet(v as Tensor2D, tiles, { places, weights }),
      )(views);
      assert.equal(value(loss as Scalar), 0);
      assert.equal(grad.abs().max().dataSync()[0], 0);
    }
    assert.throws(() => hardTriplet(views, tiles, { places: [1, 2] }), /2 places for a batch of 6/);
  });
});

describe('InfoNCE', () => {
  function oneWay(m: Matrix, excluded: Matrix, scale: number, smoothing: number): number {
    return mean(
      m.map((row, a) => {
        const inside = row.map((_, b) => a === b || excluded[a]?.[b] !== 1);
        const kept = inside.filter(Boolean).length;
        const total = Math.log(row.reduce((z, x, b) => z + (inside[b] ? Math.exp(scale * x) : 0), 0));
        return -row.reduce((sum, x, b) => {
          if (!inside[b]) return sum;
          return sum + ((a === b ? 1 - smoothing : 0) + smoothing / kept) * (scale * x - total);
        }, 0);
      }),
    );
  }
  const expected = (excluded: Matrix, scale: number, smoothing: number) =>
    mean([
      oneWay(similarity, excluded, scale, smoothing),
      oneWay(transpose(similarity), transpose(excluded), scale, smoothing),
    ]);

  test('equals the formula with and without exclusion and smoothing', () => {
    for (const labelSmoothing of [0, 0.1]) {
      for (const scale of [1, 1 / 0.07, 100]) {
        close(
          value(infoNce(views, tiles, { scale, labelSmoothing })),
          expected(noExclusion, scale, labelSmoothing),
          1e-4,
        );
        const found = infoNce(views, tiles, { scale, labelSmoothing, exclude: excludeTensor });
        close(value(found), expected(exclusion, scale, labelSmoothing), 1e-4);
      }
    }
  });

  test('excluded entries get no gradient: moving the only tile that they hold changes nothing', () => {
    // Tile 2 is a negative of no view, and no view but its own is a negative of tile 2.
    const mask = tf.tensor2d(
      noExclusion.map((row, i) => row.map((_, j) => ((i === 2) !== (j === 2) ? 1 : 0))),
    );
    const loss = (t: Tensor) => infoNce(views, t as Tensor2D, { exclude: mask });
    const gradient = tf.grad(loss)(tiles).arraySync() as number[][];
    assert.ok(
      (gradient[2] ?? [1]).every((x) => Math.abs(x) < 1e-6),
      String(gradient[2]),
    );
    assert.ok(gradient.some((row) => row.some((x) => Math.abs(x) > 1e-3)));
  });

  test('the gradient equals finite differences with exclusion and smoothing, for the scale too', () => {
    assertGradients(
      (a, b, s) =>
        infoNce(unitLength(a as Tensor2D), unitLength(b as Tensor2D), {
          scale: tf.exp(s as Tensor),
          labelSmoothing: 0.2,
          exclude: excludeTensor,
        }),
      [normal([BATCH, 5], 5), normal([BATCH, 5], 6), tf.scalar(1)],
    );
  });

  test('the learnable scale starts at 1/0.07, has the right gradient, and learns', () => {
    const scale = createLearnableScale();
    close(value(scale.apply()), 1 / 0.07);
    assert.equal(scale.params.count, 1);
    const step = () =>
      valueAndFlatGrads(() => ({ loss: infoNce(views, tiles, { scale: scale.apply() }) }), [scale.params]);
    const { loss, grads } = step();
    const at = (log: number) => expected(noExclusion, Math.exp(log), 0.1);
    const start = Math.log(1 / 0.07);
    close(value(loss), at(start), 1e-4);
    close(
      (grads[0] as Tensor1D).dataSync()[0] ?? Number.NaN,
      (at(start + 1e-4) - at(start - 1e-4)) / 2e-4,
      1e-3,
    );
    const adam = new Adam(scale.params, { weightDecay: 0.05 });
    for (let k = 0; k < 5; k++) {
      const next = step();
      adam.step(next.grads[0] as Tensor1D, 0.05);
      tf.dispose([next.loss, ...next.grads]);
    }
    const after = step();
    assert.ok(value(after.loss) < value(loss));
    const copy = createLearnableScale(0);
    copy.params.load(scale.params.toArrays());
    assert.equal(value(copy.apply()), value(scale.apply()));
  });
});

test('stopGradient keeps the value and cuts the gradient', () => {
  const x = normal([4], 41);
  assert.deepEqual(stopGradient(x).dataSync(), x.dataSync());
  const gradient = tf.grad((x) => x.mul(stopGradient(x)).sum())(x);
  assert.deepEqual(gradient.dataSync(), x.dataSync());
});
