// What an answer is worth, against probabilities worked out by hand.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Calibration, checkCalibration, TRAINING_FREE } from '../../src/calibration/index.js';
import {
  assess,
  DEFAULT_THRESHOLDS,
  evidenceOf,
  probabilitiesOf,
  radiusAt,
} from '../../src/confidence/index.js';
import { offsetLonLat } from '../../src/geometry/index.js';

const HOME = { lon: 10, lat: 48 };
const at = (eastM: number, score: number) => ({ ...offsetLonLat(HOME, eastM, 0), score });
const GOOD = { validShare: 1, spread: 20, coherence: 0.9 };
const near = (value: number, expected: number, within = 1e-9) =>
  assert.ok(Math.abs(value - expected) <= within, `${value}, not ${expected}`);

test("spacings are Hill's estimate, and places near a better one are no candidates", () => {
  const evidence = evidenceOf([at(0, 0.9), at(20, 0.85), at(100, 0.6), at(200, 0.5), at(300, 0.45)]);
  assert.equal(evidence.candidates.length, 4);
  // Scores below the best: 0.6, 0.5, 0.45. Spacings 1 x 0.1 and 2 x 0.05: b = 0.1.
  near(evidence.candidates[0]?.excess ?? 0, 3);
  near(evidence.candidates[2]?.excess ?? 0, -1);
  near(evidence.background, (0.6 + 0.5 + 0.45) / 3);
});

test('probabilities are shares of exp(utility) and sum to 1', () => {
  const evidence = evidenceOf([at(0, 0.8), at(100, 0.7)]);
  const { places, elsewhere, outside } = probabilitiesOf(evidence, {
    place: { score: 10, agreement: 0, excess: 0 },
    elsewhere: { constant: 0, background: 10 },
    outside: { constant: 6, background: 0 },
  });
  const parts = [8, 7, 7, 6].map(Math.exp);
  const sum = parts.reduce((total, part) => total + part, 0);
  for (const [k, value] of [...places, elsewhere, outside].entries()) near(value, (parts[k] ?? 0) / sum);
});

test('without any calibration the odds of a false alarm are exp(-spacings)', () => {
  // b = 0.1 as above; the best stands ln(16) spacings above the second.
  const scores = [0.6 + 0.1 * Math.log(16), 0.6, 0.5, 0.45];
  const evidence = evidenceOf(scores.map((score, k) => at(100 * k, score)));
  const { places } = probabilitiesOf(evidence, TRAINING_FREE);
  const others = 1 + Math.exp(-1) + Math.exp(-1.5);
  near(places[0] ?? 0, 16 / (16 + others + 2 + 1));
});

describe('circles', () => {
  const calibration: Calibration = { ...TRAINING_FREE, errorsM: [0, 2, 4, 6, 8, 10] };
  const candidates = [HOME, offsetLonLat(HOME, 300, 0)];

  test('of a sure place are the quantiles of its errors', () => {
    const chances = {
      candidates,
      probabilities: { places: [1, 0], elsewhere: 0, outside: 0 },
      ground: [HOME],
    };
    const { p68, p95 } = radiusAt(HOME, chances, calibration);
    assert.ok(p68 > 5 && p68 < 8 && p95 > 8 && p95 <= 10, `${p68} ${p95}`);
  });

  test('reach as far as the other places that are likely', () => {
    const chances = {
      candidates,
      probabilities: { places: [0.8, 0.2], elsewhere: 0, outside: 0 },
      ground: [HOME],
    };
    const { p68, p95 } = radiusAt(HOME, chances, calibration);
    assert.ok(p68 <= 10, `${p68}`);
    assert.ok(p95 > 100 && p95 <= 300, `${p95}`);
  });
});

describe('verdicts', () => {
  const calibration: Calibration = {
    ...TRAINING_FREE,
    place: { score: 40, agreement: 0, excess: 0 },
    elsewhere: { constant: 28, background: 0 },
    outside: { constant: 26, background: 0 },
  };
  const say = (scores: readonly number[], image = GOOD, calibrated = calibration) => {
    const found = scores.map((score, k) => at(100 * k, score));
    return assess(
      { found, answered: found.slice(0, 2), image, ground: [HOME] },
      { calibration: calibrated, source: 'region' },
      DEFAULT_THRESHOLDS,
    );
  };

  test('each in its case, with the reason in words', () => {
    const sure = say([0.9, 0.6]);
    assert.equal(sure.verdict, 'located');
    assert.match(
      sure.reason,
      /^The best place has a probability of (over )?\d+(\.\d)? %\. The next place, 100 m away, has /,
    );
    near(sure.confidence.gap ?? 0, 0.3);
    assert.equal(say([0.8, 0.795]).verdict, 'ambiguous');
    assert.match(say([0.8, 0.795]).reason, /No place is likely enough/);
    const away = say([0.4, 0.3], GOOD, { ...calibration, outside: { constant: 30, background: 0 } });
    assert.equal(away.verdict, 'not in this region');
    assert.match(away.reason, /probability that the camera stood in it is \d+ %/);
    assert.equal(say([]).verdict, 'not in this region');
    assert.equal(say([0.9, 0.6], { ...GOOD, validShare: 0.04 }).verdict, 'unusable image');
    assert.match(say([0.9, 0.6], { ...GOOD, spread: 1 }).reason, /of one colour/);
    assert.equal(say([0.9, 0.6], { ...GOOD, coherence: 0.04 }).verdict, 'unusable image');
    assert.match(say([0.9, 0.6], { ...GOOD, coherence: 0.04 }).reason, /is noise/);
  });

  test("a tile beside a place has the place's probability", () => {
    const found = [at(0, 0.9), at(100, 0.8)];
    const { places } = assess(
      { found, answered: [at(10, 0.9), at(100, 0.8), at(500, 0.7)], image: GOOD, ground: [HOME] },
      { calibration, source: 'bundle' },
      DEFAULT_THRESHOLDS,
    );
    const alone = probabilitiesOf(evidenceOf(found), calibration);
    near(places[0]?.probability ?? 0, alone.places[0] ?? 0);
    near(places[1]?.probability ?? 0, alone.places[1] ?? 0);
    assert.ok((places[2]?.probability ?? 1) <= (places[1]?.probability ?? 0));
  });
});

test('a calibration that does not fit its schema is refused by the field', () => {
  assert.equal(checkCalibration(structuredClone(TRAINING_FREE), 'x.json').levels.p95, 0.95);
  const refused = (change: object, words: RegExp) =>
    assert.throws(() => checkCalibration({ ...TRAINING_FREE, ...change }, 'x.json'), {
      code: 'CALIBRATION_INVALID',
      message: words,
    });
  refused({ levels: { p68: 2, p95: 0.95 } }, /x\.json: \/levels\/p68/);
  refused({ errorsM: [3, 1] }, /errorsM\/1 is 1, below the one before it/);
  refused({ more: 1 }, /more/);
});
