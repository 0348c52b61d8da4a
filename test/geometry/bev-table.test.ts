import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { buildBevTable, fullSphere, panoramaPointOfGround } from '../../src/geometry/index.js';

/** Tables round to 1/256 pixel; half of that, and the angle's error at 16384 columns. */
const TOLERANCE_PX = 0.5 / 256 + 3e-4;

test('tables agree with the exact projection (Math.atan2) for any pose and panorama size', () => {
  fc.assert(
    fc.property(
      fc.record({
        headingDeg: fc.double({ min: -720, max: 720, noNaN: true }),
        pitchDeg: fc.double({ min: -90, max: 90, noNaN: true }),
        rollDeg: fc.double({ min: -180, max: 180, noNaN: true }),
      }),
      fc.constantFrom(512, 2048, 16384),
      fc.double({ min: 0.01, max: 2, noNaN: true }),
      (pose, widthPx, gsdM) => {
        const window = fullSphere(widthPx, widthPx / 2);
        const bev = { sizePx: 15, gsdM, cameraHeightM: 1.7 };
        const table = buildBevTable(bev, window, pose);
        const at = { ...pose, headingDeg: table.anyHeading ? 0 : pose.headingDeg };
        for (let k = 0; k < 15 * 15; k++) {
          const eastM = ((k % 15) - 7) * gsdM;
          const northM = (7 - Math.floor(k / 15)) * gsdM;
          const { u, v } = panoramaPointOfGround(eastM, northM, 1.7, window, at);
          const rowPx = (table.row[k] ?? Number.NaN) / 256 + 0.5;
          const wantedRow = Math.min(window.heightPx - 0.5, Math.max(0.5, v));
          assert.ok(Math.abs(rowPx - wantedRow) <= TOLERANCE_PX, `row ${rowPx}, exact ${wantedRow}`);
          // The azimuth of a ray straight up or down is undefined.
          if (Math.min(v, window.heightPx - v) < widthPx * 1e-6) continue;
          const apart = Math.abs((table.column[k] ?? Number.NaN) / 256 - u);
          const off = Math.min(apart, widthPx - apart);
          assert.ok(off <= TOLERANCE_PX, `column ${(table.column[k] ?? 0) / 256}, exact ${u}`);
        }
      },
    ),
    { seed: 31, numRuns: 300 },
  );
});
