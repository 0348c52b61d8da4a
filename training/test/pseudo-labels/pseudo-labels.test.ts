// Algorithm 1 and its baselines against the formulas, worked by hand.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  type CandidateScores,
  createStrategy,
  dynamicStrategy,
  histogramPeak,
  lambdaSchedule,
  momentOf,
  precision,
  type SelectionStrategy,
  type StrategyOptions,
} from '../../pseudo-labels/index.js';

/** Scores whose tile k has the confidence c[k] with its own view k. */
function scoresOf(c: readonly number[], parts: Partial<CandidateScores> = {}): CandidateScores {
  const confidence = Float32Array.from(c);
  return {
    best: Int32Array.from(c, (_, k) => k),
    top1: confidence,
    top2: confidence.map((x) => x - 0.1),
    confidence,
    mutual: new Uint8Array(c.length).fill(1),
    viewTop2: confidence.map((x) => x - 0.1),
    ...parts,
  };
}

const at = (iterationsSinceWarmup: number, totalIterations = 1000, epochShare = 0.5) => ({
  iteration: iterationsSinceWarmup + totalIterations / 5,
  iterationsSinceWarmup,
  totalIterations,
  epochShare,
});
const tilesOf = (strategy: SelectionStrategy, scores: CandidateScores, share = 0.5) =>
  strategy.select(scores, at(0, 1000, share)).pairs.map(({ tile }) => tile);

describe('the histogram peak', () => {
  const peak = (...c: number[]) => histogramPeak(Float32Array.from(c));
  test('is the right end of the fullest bin', () => {
    assert.equal(peak(0.71, 0.75, 0.78, 0.2, 0.95), 0.8); // the paper's example
    assert.equal(peak(0.05, 0.02), 0.1);
  });
  test('of equally full bins it is the higher one', () => assert.equal(peak(0.15, 0.35, 0.55), 0.6));
  test('bins are closed on the left, the last one on both sides', () => {
    assert.equal(peak(0.5), 0.6);
    assert.equal(peak(1), 1);
    assert.equal(peak(0), 0.1);
  });
  test('of nothing is undefined', () => assert.equal(peak(), undefined));
  test('equals a count by comparison for any confidences', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { minLength: 1 }), (c) => {
        let best = 0;
        let fullest = 0;
        for (let bin = 0; bin < 10; bin++) {
          const inside = c.filter((x) => x >= bin / 10 && (x < (bin + 1) / 10 || bin === 9)).length;
          if (inside >= fullest) [best, fullest] = [bin, inside];
        }
        assert.equal(histogramPeak(Float32Array.from(c)), (best + 1) / 10);
      }),
    );
  });
});

describe('lambda', () => {
  test('of equation (7), by default with T_d = T/50', () => {
    for (const gamma of [0.9, 0.7, 0.5, 0.4]) {
      const lambda = lambdaSchedule({ totalIterations: 5000, gamma });
      assert.equal(lambda(0), 0.5);
      assert.ok(Math.abs(lambda(100) - 0.5 * gamma) < 1e-12);
      assert.ok(Math.abs(lambda(1000) - 0.5 * gamma ** 10) < 1e-12);
    }
    assert.ok(lambdaSchedule({ totalIterations: 5000 })(4000) < 0.01); // fades, as figure 5 draws it
  });
  test('the literal formula hardly moves', () => {
    const lambda = lambdaSchedule({ totalIterations: 5000, decayShare: 1 });
    assert.ok(Math.abs(lambda(5000) - 0.45) < 1e-12);
  });
});

describe('dynamic threshold', () => {
  const low = [0.55, 0.56, 0.57, 0.62, 0.91];
  const high = [0.75, 0.76, 0.77, 0.62, 0.91];

  test('starts at the first peak and follows equation (6)', () => {
    const strategy = dynamicStrategy();
    const first = strategy.select(scoresOf(low), at(0));
    assert.equal(first.threshold, Math.fround(0.6));
    assert.deepEqual(
      first.pairs.map(({ tile }) => tile),
      [3, 4],
    );
    const second = strategy.select(scoresOf(high), at(50));
    const lambda = 0.5 * 0.9 ** (50 / 20);
    assert.equal(second.lambda, lambda);
    assert.equal(second.threshold, Math.fround(lambda * Math.fround(0.6) + (1 - lambda) * 0.8));
    assert.deepEqual(
      second.pairs.map(({ tile }) => tile),
      high.flatMap((c, k) => (c >= second.threshold ? [k] : [])),
    );
  });

  test('is capped, so that a converged model still selects', () => {
    const { threshold, pairs } = dynamicStrategy().select(scoresOf([0.99, 0.97, 0.94]), at(0));
    assert.equal(threshold, Math.fround(0.95));
    assert.equal(pairs.length, 2);
  });

  test('an update without tiles changes nothing', () => {
    const [with_, without] = [dynamicStrategy(), dynamicStrategy()];
    for (const strategy of [with_, without]) strategy.select(scoresOf(low), at(0));
    assert.deepEqual(with_.select(scoresOf([]), at(50)).pairs, []);
    assert.deepEqual(with_.select(scoresOf(high), at(100)), without.select(scoresOf(high), at(100)));
    assert.deepEqual(dynamicStrategy().select(scoresOf([]), at(0)).pairs, []);
  });

  test('a strategy restored after any update goes on to the bit', () => {
    const updates = fc.array(fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { maxLength: 20 }), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(updates, fc.nat(8), (all, cut) => {
        const whole = dynamicStrategy();
        let resumed = dynamicStrategy();
        all.forEach((c, k) => {
          if (k === cut) {
            const state = resumed.toArrays();
            resumed = dynamicStrategy();
            resumed.load(state);
          }
          assert.deepEqual(resumed.select(scoresOf(c), at(50 * k)), whole.select(scoresOf(c), at(50 * k)));
        });
      }),
    );
    assert.throws(() => dynamicStrategy().load({}), /no threshold/);
  });

  test('the threshold stays between the smallest and the largest peak, and only tiles at or above it pass', () => {
    const updates = fc.array(fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { minLength: 1 }), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(updates, (all) => {
        const strategy = dynamicStrategy();
        const peaks: number[] = [];
        all.forEach((c, k) => {
          peaks.push(Math.min(0.95, histogramPeak(Float32Array.from(c)) ?? 0));
          const { threshold, pairs } = strategy.select(scoresOf(c), at(50 * k));
          assert.ok(threshold >= Math.min(...peaks) - 1e-6 && threshold <= Math.max(...peaks) + 1e-6);
          const chosen = new Set(pairs.map(({ tile }) => tile));
          c.forEach((x, tile) => {
            assert.equal(chosen.has(tile), Math.fround(x) >= threshold);
          });
        });
      }),
    );
  });
});

describe('baselines', () => {
  test('fixed threshold on the top score', () => {
    const strategy = createStrategy({ name: 'fixed', threshold: 0.5 });
    assert.deepEqual(tilesOf(strategy, scoresOf([0.4, 0.5, 0.6])), [1, 2]);
    assert.deepEqual(tilesOf(createStrategy({ name: 'fixed' }), scoresOf([0.79, 0.81])), [1]);
  });
  test('top1 - top2', () => {
    const scores = scoresOf([0.9, 0.5, 0.7], { top2: Float32Array.of(0.875, 0.25, 0.5) });
    assert.deepEqual(tilesOf(createStrategy({ name: 'margin', threshold: 0.25 }), scores), [1]);
    assert.deepEqual(tilesOf(createStrategy({ name: 'margin' }), scores), [1, 2]);
  });
  test('UCVGL: mutual pairs with a margin that falls to zero', () => {
    const scores = scoresOf([0.75, 0.75, 0.75, 0.75], {
      mutual: Uint8Array.of(1, 1, 0, 1),
      // The view's own second tile counts, as in the authors' code, not the tile's second view.
      viewTop2: Float32Array.of(0.625, 0.5, 0, 0.75),
      best: Int32Array.of(0, 1, 2, 3),
    });
    const strategy = createStrategy({ name: 'ucvgl', threshold: 0.25 });
    assert.deepEqual(tilesOf(strategy, scores, 0), [1]);
    assert.deepEqual(tilesOf(strategy, scores, 0.5), [0, 1]);
    assert.deepEqual(tilesOf(strategy, scores, 1), [0, 1, 3]);
    assert.equal(strategy.select(scores, at(0, 1000, 0.5)).threshold, 0.125);
  });
  test('have no state', () => {
    for (const name of ['fixed', 'margin', 'ucvgl'] as const) {
      const strategy = createStrategy({ name });
      assert.equal(strategy.name, name);
      assert.deepEqual(strategy.toArrays(), {});
      strategy.load({});
    }
  });
});

test('a view may serve several tiles; with "unique" it serves the most similar one', () => {
  const scores = scoresOf([0.9, 0.95, 0.93, 0.95], { best: Int32Array.of(5, 5, 6, 5) });
  const pairsOf = (options: StrategyOptions) =>
    createStrategy(options)
      .select(scores, at(0))
      .pairs.map(({ tile, view }) => `${tile}-${view}`);
  assert.deepEqual(pairsOf({ name: 'fixed' }), ['0-5', '1-5', '2-6', '3-5']);
  for (const options of [{ name: 'fixed' }, { name: 'margin' }] as const) {
    assert.deepEqual(pairsOf({ ...options, unique: true }), ['1-5', '2-6']);
  }
  // The dynamic threshold of these scores is 0.95, cut from the last bin.
  assert.deepEqual(pairsOf({ name: 'dynamic' }), ['1-5', '3-5']);
  assert.deepEqual(pairsOf({ name: 'dynamic', unique: true }), ['1-5']);
});

test('a tile without any view is never chosen', () => {
  const scores = scoresOf([0.9, 0.9], { best: Int32Array.of(-1, 0), top2: Float32Array.of(-1, -1) });
  for (const name of ['dynamic', 'fixed', 'margin', 'ucvgl'] as const) {
    assert.deepEqual(tilesOf(createStrategy({ name }), scores), [1], name);
  }
});

test('updates begin after a fifth of the iterations and come every 50', () => {
  const schedule = { totalIterations: 1000 };
  const due = Array.from({ length: 1000 }, (_, i) => i).filter((i) => momentOf(i, schedule));
  assert.deepEqual(
    due,
    Array.from({ length: 16 }, (_, k) => 200 + 50 * k),
  );
  assert.deepEqual(momentOf(250, schedule), {
    iteration: 250,
    iterationsSinceWarmup: 50,
    totalIterations: 1000,
    epochShare: 0.25,
  });
  assert.equal(momentOf(7, { totalIterations: 33, every: 5 })?.iterationsSinceWarmup, 0);
});

test('precision counts what is known', () => {
  const pairs = [0, 1, 2, 3].map((tile) => ({ tile, view: tile, confidence: 1 }));
  const truth = [true, false, undefined, true];
  assert.deepEqual(
    precision({ pairs, threshold: 0 }, ({ tile }) => truth[tile]),
    { selected: 4, known: 3, correct: 2, precision: 2 / 3 },
  );
  assert.equal(precision({ pairs, threshold: 0 }, () => undefined).precision, null);
});
