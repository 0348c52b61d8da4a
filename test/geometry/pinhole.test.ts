// Perspective photos against exact rays: by the projection's own formula read backwards, and by a picture drawn ray by ray.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  BevTableCache,
  buildBevTable,
  cameraAxes,
  fieldOfViewOf,
  lowestCornerDeg,
  photoPointOfGround,
  pinholeOfFocal,
  pinholeOfFov,
  projectBev,
  scaledPinhole,
} from '../../src/geometry/index.js';
import { groundColour, photoOf } from '../support/wavy-ground.js';

/** Row entry of what is not seen. */
const OUTSIDE = -0x80000000;
const poses = fc.record({
  headingDeg: fc.double({ min: -720, max: 720, noNaN: true }),
  pitchDeg: fc.double({ min: -90, max: 90, noNaN: true }),
  rollDeg: fc.double({ min: -180, max: 180, noNaN: true }),
});

test('a ray through any pixel of any camera meets the ground where the projection looks for that pixel', () => {
  fc.assert(
    fc.property(
      poses,
      fc.double({ min: 5, max: 150, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (pose, fovDeg, x, y) => {
        const camera = pinholeOfFov(640, 480, fovDeg);
        const [u, v] = [640 * x, 480 * y];
        const { right, forward, up } = cameraAxes(pose);
        const ray = [0, 1, 2].map(
          (k) =>
            (u - 320) * (right[k] as number) +
            camera.focalPx * (forward[k] as number) +
            (240 - v) * (up[k] as number),
        ) as [number, number, number];
        if (ray[2] > -1e-3 * camera.focalPx) return;
        const along = 1.6 / -ray[2];
        const seen = photoPointOfGround(ray[0] * along, ray[1] * along, 1.6, camera, pose);
        assert.ok(seen, 'the point lies before the camera');
        assert.ok(Math.hypot(seen.u - u, seen.v - v) < 1e-6, `${seen.u}, ${seen.v} for ${u}, ${v}`);
      },
    ),
    { seed: 61, numRuns: 400 },
  );
});

test('tables agree with the exact projection, and what lies behind, beside, above or below is outside', () => {
  fc.assert(
    fc.property(poses, fc.double({ min: 20, max: 140, noNaN: true }), (pose, fovDeg) => {
      const camera = pinholeOfFov(400, 300, fovDeg);
      const table = buildBevTable({ sizePx: 15, gsdM: 0.9, cameraHeightM: 1.7 }, camera, pose);
      assert.equal(table.anyHeading, false);
      for (let k = 0; k < 15 * 15; k++) {
        const [eastM, northM] = [((k % 15) - 7) * 0.9, (7 - Math.floor(k / 15)) * 0.9];
        const seen = photoPointOfGround(eastM, northM, 1.7, camera, pose);
        const margin = seen && Math.min(seen.u, 400 - seen.u, seen.v, 300 - seen.v);
        if (margin !== undefined && Math.abs(margin) < 1e-6) continue;
        const inside = margin !== undefined && margin > 0;
        assert.equal(table.row[k] !== OUTSIDE, inside, `${eastM}, ${northM}`);
        if (!seen || !inside) continue;
        assert.ok(Math.abs((table.column[k] ?? Number.NaN) / 256 - seen.u) <= 0.5 / 256 + 1e-9);
        const row = Math.min(299.5, Math.max(0.5, seen.v));
        assert.ok(Math.abs((table.row[k] ?? Number.NaN) / 256 + 0.5 - row) <= 0.5 / 256 + 1e-9);
      }
    }),
    { seed: 62, numRuns: 200 },
  );
});

test('the BEV of a photo drawn ray by ray shows the ground it was drawn of, tilted cameras included', () => {
  const bev = { sizePx: 40, gsdM: 0.5, cameraHeightM: 2 };
  const cache = new BevTableCache();
  for (const pose of [
    { headingDeg: 0, pitchDeg: 0, rollDeg: 0 },
    { headingDeg: 130, pitchDeg: -12, rollDeg: 0 },
    { headingDeg: 301, pitchDeg: -25, rollDeg: 9 },
    { headingDeg: 44, pitchDeg: 6, rollDeg: -20 },
  ]) {
    const camera = { eastM: 3, northM: -8 };
    const photo = photoOf(camera, pose, { widthPx: 800, heightPx: 600 });
    const { image, mask } = projectBev(photo, pinholeOfFov(800, 600, 90), pose, bev, cache);
    let [seen, worst] = [0, 0];
    for (let k = 0; k < mask.length; k++) {
      const [east, north] = [((k % 40) - 19.5) * 0.5, (19.5 - Math.floor(k / 40)) * 0.5];
      const [red, green, blue] = [...image.data.subarray(3 * k, 3 * k + 3)];
      if (mask[k] === 0) {
        assert.deepEqual([red, green, blue], [0, 0, 0]);
        continue;
      }
      seen++;
      const truth = groundColour({ eastM: camera.eastM + east, northM: camera.northM + north });
      worst = Math.max(worst, ...truth.map((value, c) => Math.abs(value - ([red, green, blue][c] ?? 0))));
    }
    // A quarter of the circle and some of it hidden under the lower edge.
    assert.ok(seen > 150 && seen < 900, `${seen} pixels`);
    // Rows near the horizon are metres apart.
    assert.ok(worst < 16, `off by ${worst} of 255 under ${JSON.stringify(pose)}`);
  }
  assert.equal(cache.count, 0, 'of a pose that hardly comes again nothing is kept');
});

test('the lowest corner: half the diagonal under level, all above for a camera that looks up, turned with its roll', () => {
  const camera = pinholeOfFov(640, 480, 90);
  const at = (pitchDeg: number, rollDeg = 0) =>
    lowestCornerDeg(camera, { headingDeg: 77, pitchDeg, rollDeg });
  // tan = 240 px under the axis, over the corner's way along the plane.
  const expected = (-Math.atan(240 / Math.hypot(320, 320)) * 180) / Math.PI;
  assert.ok(Math.abs(at(0) - expected) < 1e-9, `${at(0)}`);
  assert.ok(at(60) > 0 && at(50) > 0 && at(20) < 0);
  // Upright, the long side reaches down.
  assert.ok(at(0, 90) < at(0) - 5);
});

test('a camera is its angle or its focal length; scaled it sees the same; impossible ones are refused', () => {
  const camera = pinholeOfFov(640, 480, 90);
  assert.ok(Math.abs(camera.focalPx - 320) < 1e-9);
  assert.deepEqual(pinholeOfFocal(640, 480, 320), { ...camera, focalPx: 320 });
  const down = pinholeOfFov(640, 480, 60, 'down');
  assert.ok(Math.abs(fieldOfViewOf(down).down - 60) < 1e-9);
  const small = scaledPinhole(camera, 320, 240);
  assert.ok(Math.abs(fieldOfViewOf(small).across - 90) < 1e-9 && Math.abs(small.centreYPx - 120) < 1e-9);
  for (const fovDeg of [0, -1, 171, 180, Number.NaN]) {
    assert.throws(() => pinholeOfFov(640, 480, fovDeg), {
      code: 'PARAMETER_INVALID',
      message: /horizontalFovDeg/,
    });
  }
  const bev = { sizePx: 4, gsdM: 1, cameraHeightM: 2 };
  const north = { headingDeg: 0, pitchDeg: 0, rollDeg: 0 };
  for (const focalPx of [0, Number.NaN, -5]) {
    assert.throws(() => buildBevTable(bev, pinholeOfFocal(64, 48, focalPx), north), {
      code: 'PARAMETER_INVALID',
    });
  }
});
