// Figures of probabilities against examples worked by hand and values of scikit-learn, written down once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  areaUnderRoc,
  expectedCalibrationError,
  type Forecast,
  reliability,
  riskAt,
  riskCoverage,
} from '../../src/calibration/index.js';

const near = (value: number, expected: number) =>
  assert.ok(Math.abs(value - expected) < 1e-12, `${value}, not ${expected}`);

test('the area under the ROC curve is that of the documentation of scikit-learn, ties count half', () => {
  // sklearn.metrics.roc_auc_score([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]) is 0.75 (its documentation's example).
  near(areaUnderRoc([0.35, 0.8], [0.1, 0.4]), 0.75);
  near(areaUnderRoc([1, 2, 3], [1, 2, 3]), 0.5);
  // By hand: of the four pairs two are won, one is a tie.
  near(areaUnderRoc([2, 1], [1, 1.5]), (1 + 1 + 0.5 + 0) / 4);
  assert.ok(Number.isNaN(areaUnderRoc([], [1])));
});

test('the expected calibration error is the one worked out by hand', () => {
  // Two bins of ten: (0.2, 0.3] says 0.25 and comes true in 1 of 4; (0.8, 0.9] says 0.9 and comes true in 3 of 6.
  const forecasts: Forecast[] = [
    ...[true, false, false, false].map((right) => ({ probability: 0.25, right })),
    ...[true, true, true, false, false, false].map((right) => ({ probability: 0.9, right })),
  ];
  near(expectedCalibrationError(forecasts), 0.4 * 0 + 0.6 * 0.4);
  assert.deepEqual(
    reliability(forecasts).map(({ came, count }) => [came, count]),
    [
      [0.25, 4],
      [0.5, 6],
    ],
  );
  near(
    expectedCalibrationError([
      { probability: 0, right: false },
      { probability: 1, right: true },
    ]),
    0,
  );
});

test('risk against coverage: the surest answers first, equal ones together', () => {
  const curve = riskCoverage([
    { probability: 0.9, right: true },
    { probability: 0.6, right: false },
    { probability: 0.8, right: true },
    { probability: 0.6, right: true },
    { probability: 0.1, right: false },
  ]);
  assert.deepEqual(curve, [
    { coverage: 0.2, risk: 0, threshold: 0.9 },
    { coverage: 0.4, risk: 0, threshold: 0.8 },
    { coverage: 0.8, risk: 0.25, threshold: 0.6 },
    { coverage: 1, risk: 0.4, threshold: 0.1 },
  ]);
  near(riskAt(curve, 0.8), 0.25);
  near(riskAt(curve, 0.5), 0.25);
});
