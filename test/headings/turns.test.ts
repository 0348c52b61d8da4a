import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { turnBetweenDeg } from '../../src/geometry/index.js';
import { evenHeadings, peakDeg, spreadDeg } from '../../src/headings/index.js';

const headings = fc.double({ min: 0, max: 360, maxExcluded: true, noNaN: true });

test('no heading of a range is more than half the step from one that is tried, and none lies outside', () => {
  fc.assert(
    fc.property(
      headings,
      fc.double({ min: 1, max: 180, noNaN: true }),
      headings,
      (aroundDeg, toleranceDeg, any) => {
        const range = { aroundDeg, toleranceDeg };
        const { headings: tried, stepDeg } = evenHeadings(range, 15);
        assert.ok(stepDeg > 0 && stepDeg <= 15 && tried.length <= 25);
        for (const deg of tried) {
          assert.ok(deg >= 0 && deg < 360);
          assert.ok(Math.abs(turnBetweenDeg(aroundDeg, deg)) <= toleranceDeg + 1e-9);
        }
        if (Math.abs(turnBetweenDeg(aroundDeg, any)) > toleranceDeg) return;
        const nearest = Math.min(...tried.map((deg) => Math.abs(turnBetweenDeg(deg, any))));
        assert.ok(nearest <= stepDeg / 2 + 1e-9, `${any} is ${nearest} from the nearest`);
      },
    ),
  );
  const allRound = evenHeadings({ aroundDeg: 0, toleranceDeg: 180 }, 15).headings;
  assert.equal(new Set(allRound.map((deg) => Math.round(deg))).size, 24);
});

test('the peak of a parabola is found from three of its points, evenly spaced or not, across north', () => {
  fc.assert(
    fc.property(
      headings,
      fc.double({ min: 0.5, max: 5, noNaN: true }),
      fc.double({ min: 0.5, max: 5, noNaN: true }),
      fc.double({ min: -0.49, max: 0.49, noNaN: true }),
      (top, left, right, off) => {
        const best = top + off * Math.min(left, right);
        const scored = [best - left, best, best + right].map((deg) => ({
          headingDeg: (deg + 360) % 360,
          score: 0.8 - 0.001 * (deg - top) ** 2,
        }));
        assert.ok(Math.abs(turnBetweenDeg(top, peakDeg(scored, 5))) < 1e-5);
      },
    ),
  );
});

test('without a neighbour on one side, or with one too far, the best heading is the peak', () => {
  const scored = [
    { headingDeg: 355, score: 0.5 },
    { headingDeg: 5, score: 0.7 },
    { headingDeg: 20, score: 0.6 },
  ];
  assert.equal(peakDeg(scored, 10), 5);
  assert.notEqual(peakDeg(scored, 15), 5);
});

test('the spread is 0 of a heading without rivals, that of chance where all fit alike, and in between half of two', () => {
  const evenly = (count: number, score: (deg: number) => number) =>
    Array.from({ length: count }, (_, k) => ({
      headingDeg: (360 / count) * k,
      score: score((360 / count) * k),
    }));
  assert.ok(
    spreadDeg(
      90,
      evenly(24, (deg) => (deg === 90 ? 0.9 : 0.2)),
    ) < 1e-6,
  );
  // Uniform on [-180, 180): 180 / sqrt(3).
  const uniform = spreadDeg(
    0,
    evenly(3600, () => 0.4),
  );
  assert.ok(Math.abs(uniform - 180 / Math.sqrt(3)) < 0.01, `${uniform}`);
  const two = [
    { headingDeg: 350, score: 0.6 },
    { headingDeg: 50, score: 0.6 },
  ];
  assert.ok(Math.abs(spreadDeg(350, two) - 60 * Math.SQRT1_2) < 1e-9);
});
