// Fitting against outside truths: another optimiser's optimum, numbers drawn from known weights, coverage on fresh draws.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectedCalibrationError } from '../../src/calibration/index.js';
import {
  crossValidate,
  evidenceOf,
  fitCalibration,
  fitWeights,
  type LabelledAnswer,
  measure,
  probabilitiesOf,
  quantiles,
  solve,
  verify,
} from '../../src/confidence/index.js';
import { offsetLonLat } from '../../src/geometry/index.js';
import { makeRng, type Rng } from '../../src/random/index.js';

const HOME = { lon: 10, lat: 48 };
const FIT = { encoderSha256: 'a'.repeat(64), createdAt: '2026-01-01T00:00:00.000Z' };
const ground = Array.from({ length: 100 }, (_, k) =>
  offsetLonLat(HOME, 50 * (k % 10), 50 * Math.floor(k / 10)),
);
const place = (k: number) => offsetLonLat(HOME, 50 * (k % 10), 50 * Math.floor(k / 10));

test('a system of equations is solved as by hand, and one that is none of its kind refused', () => {
  // 4x + 2y = 10, 2x + 3y = 9: x = 1.5, y = 2.
  const [x = 0, y = 0] = solve(
    [
      [4, 2],
      [2, 3],
    ],
    [10, 9],
  );
  assert.ok(Math.abs(x - 1.5) < 1e-12 && Math.abs(y - 2) < 1e-12);
  assert.throws(() => solve([[0]], [1]), /positive definite/);
});

test('quantiles are those of numpy', () => {
  // numpy.quantile([1, 2, 4, 8], [0, 0.25, 0.5, 0.75, 1])
  assert.deepEqual(quantiles([8, 1, 4, 2], 5), [1, 1.75, 3, 5, 8]);
});

/** Places with scores that are given; the camera stood at the number `truth` of them, elsewhere (-1) or outside. */
function answerOf(scores: readonly number[], truth: number | undefined, errorM = 3): LabelledAnswer {
  const places = scores.map((score, k) => ({ ...place(k), score }));
  const evidence = evidenceOf(places);
  if (truth === undefined) return { evidence, truth, ground };
  return { evidence, truth: truth < 0 ? place(77) : offsetLonLat(place(truth), errorM, 0), ground };
}

test('the weights are those that another optimiser finds', () => {
  const answers = [
    answerOf([0.8, 0.6, 0.55], 0),
    answerOf([0.75, 0.7, 0.6], 0),
    answerOf([0.72, 0.71, 0.7], 1),
    answerOf([0.66, 0.65, 0.6], -1),
    answerOf([0.6, 0.59, 0.58], undefined),
  ];
  // scipy.optimize.minimize (BFGS, gtol 1e-12) of the same penalised likelihood, written anew in Python.
  const expected = [40.92152, 0, -0.069004, 22.801392, 8.178953, 35.283744, -12.2358];
  const found = fitWeights(answers, 0.2);
  for (const [k, value] of expected.entries()) {
    assert.ok(
      Math.abs((found[k] ?? 0) - value) < 1e-4 * Math.max(1, Math.abs(value)),
      `${k}: ${found[k]}, not ${value}`,
    );
  }
});

/** An answer drawn from known probabilities: of six places, elsewhere or outside, as the weights say. */
function drawn(rng: Rng): LabelledAnswer {
  const scores = Array.from({ length: 6 }, () => 0.6 + 0.03 * rng.normal());
  if (rng.chance(0.9)) scores[0] = 0.75 + 0.06 * rng.normal();
  scores.sort((a, b) => b - a);
  const { evidence } = answerOf(scores, 0);
  const { places, elsewhere } = probabilitiesOf(evidence, KNOWN);
  let left = rng.next();
  for (const [k, probability] of [...places, elsewhere].entries()) {
    left -= probability;
    if (left > 0) continue;
    return answerOf(scores, k < places.length ? k : -1, 10 * rng.next());
  }
  return answerOf(scores, undefined);
}
const KNOWN = {
  place: { score: 40, agreement: 0, excess: 0 },
  elsewhere: { constant: 26, background: 0 },
  outside: { constant: 24, background: 0 },
};

test('what was drawn by known probabilities is given them back, and circles hold what they say', () => {
  const rng = makeRng(7);
  const draw = (count: number) => Array.from({ length: count }, () => drawn(rng));
  const fitted = fitCalibration(draw(600), { ...FIT, outsideShare: 0.1 });
  const fresh = draw(2000);
  const said = fresh.map((answer) => verify(answer, fitted));
  const known = fresh.map((answer) => probabilitiesOf(answer.evidence, KNOWN).places[0] ?? 0);
  const off = said.map(({ probability }, k) => Math.abs(probability - (known[k] ?? 0)));
  assert.ok(
    off.reduce((sum, value) => sum + value, 0) / off.length < 0.04,
    'probabilities are far from the known ones',
  );
  assert.ok(expectedCalibrationError(said) < 0.04, `ECE ${expectedCalibrationError(said)}`);
  const { held } = measure(said);
  assert.ok(held.p68 > 0.63 && held.p68 < 0.75, `68 %: ${held.p68}`);
  assert.ok(held.p95 > 0.93 && held.p95 < 0.97, `95 %: ${held.p95}`);
});

test('cross-validation tells of answers that were not fitted to, the same for the same seed', () => {
  const rng = makeRng(8);
  const answers = Array.from({ length: 120 }, () => drawn(rng));
  const once = crossValidate(answers, FIT);
  assert.equal(once.length, answers.length);
  assert.deepEqual(crossValidate(answers, FIT), once);
  const figures = measure(once);
  assert.ok(figures.aurocRight > 0.6 && figures.ece < 0.15, JSON.stringify(figures));
});
