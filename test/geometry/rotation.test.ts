// A camera's axes against the product of the three rotations, and the pose back from them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bilinear, bilinearWeights, cameraAxes, poseOfAxes } from '../../src/geometry/index.js';

type Matrix = readonly (readonly number[])[];
const product = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => row.map((_, j) => row.reduce((sum, x, k) => sum + x * (b[k]?.[j] ?? Number.NaN), 0)));

/** Right-handed, about x, y and z (SPEC: world = Rz(-heading) Rx(pitch) Ry(roll) camera). */
const about = {
  x: (a: number): Matrix => [
    [1, 0, 0],
    [0, Math.cos(a), -Math.sin(a)],
    [0, Math.sin(a), Math.cos(a)],
  ],
  y: (a: number): Matrix => [
    [Math.cos(a), 0, Math.sin(a)],
    [0, 1, 0],
    [-Math.sin(a), 0, Math.cos(a)],
  ],
  z: (a: number): Matrix => [
    [Math.cos(a), -Math.sin(a), 0],
    [Math.sin(a), Math.cos(a), 0],
    [0, 0, 1],
  ],
};

const degrees = (low: number, high: number) => fc.double({ min: low, max: high, noNaN: true });
const pose = fc.record({
  headingDeg: degrees(-180, 180),
  pitchDeg: degrees(-89, 89),
  rollDeg: degrees(-179, 179),
});

test('the axes are the columns of Rz(-heading) Rx(pitch) Ry(roll)', () => {
  fc.assert(
    fc.property(pose, ({ headingDeg, pitchDeg, rollDeg }) => {
      const [h, p, r] = [headingDeg, pitchDeg, rollDeg].map((deg) => (deg * Math.PI) / 180) as [
        number,
        number,
        number,
      ];
      const expected = product(product(about.z(-h), about.x(p)), about.y(r));
      const { right, forward, up } = cameraAxes({ headingDeg, pitchDeg, rollDeg });
      [right, forward, up].forEach((axis, column) => {
        axis.forEach((value, row) => {
          assert.ok(Math.abs(value - (expected[row]?.[column] ?? Number.NaN)) < 1e-12);
        });
      });
    }),
  );
});

test('the pose comes back from the axes', () => {
  fc.assert(
    fc.property(pose, (given) => {
      const { right, forward, up } = cameraAxes(given);
      const back = poseOfAxes(right, forward, up);
      assert.ok(Math.abs(back.pitchDeg - given.pitchDeg) < 1e-6);
      assert.ok(Math.abs(back.rollDeg - given.rollDeg) < 1e-6);
      const turned = (((back.headingDeg - given.headingDeg) % 360) + 540) % 360;
      assert.ok(Math.abs(turned - 180) < 1e-6);
    }),
  );
});

test('bilinear interpolation is exact on planes and saddles', () => {
  const unit = degrees(0, 1);
  fc.assert(
    fc.property(unit, unit, degrees(-9, 9), degrees(-9, 9), degrees(-9, 9), (fx, fy, a, b, c) => {
      const at = (x: number, y: number) => 1 + a * x + b * y + c * x * y;
      const corners = [at(0, 0), at(1, 0), at(0, 1), at(1, 1)] as const;
      assert.ok(Math.abs(bilinear(...corners, fx, fy) - at(fx, fy)) < 1e-9);
      const weights = bilinearWeights(fx, fy);
      const weighted = corners.reduce((sum, value, k) => sum + value * (weights[k] ?? Number.NaN), 0);
      assert.ok(Math.abs(weighted - at(fx, fy)) < 1e-9);
    }),
  );
});
