// What WebAssembly makes of a BEV against the plain loops over the same tables: the same bits.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { averageAreas, lookUp } from '../../src/geometry/bev.js';
import { halveByKernel, lookUpByKernel } from '../../src/geometry/bev-kernel.js';
import {
  type Bev,
  buildBevTable,
  fullSphere,
  LEVEL_NORTH,
  pinholeOfFov,
  type RgbImage,
  type SphereWindow,
} from '../../src/geometry/index.js';
import { bevRays } from '../../src/geometry/rays.js';
import { seededRandom } from '../../src/random/index.js';

function noise(widthPx: number, heightPx: number, seed: number): RgbImage {
  const random = seededRandom(seed);
  const data = Uint8Array.from({ length: 3 * widthPx * heightPx }, () => {
    const value = random();
    // As many at both ends, where sums overflow.
    return value < 0.2 ? 0 : value > 0.8 ? 255 : 256 * random();
  });
  return { widthPx, heightPx, data };
}

function assertSame(actual: Bev | undefined, expected: Bev): void {
  assert.ok(actual);
  assert.equal(Buffer.compare(actual.image.data, expected.image.data), 0);
  assert.equal(Buffer.compare(actual.mask, expected.mask), 0);
}

const degrees = (most: number) => fc.double({ min: -most, max: most, noNaN: true });

test('a BEV of any sphere window under any pose is the same, seam, borders and unseen pixels included', () => {
  const cases = fc.record({
    width: fc.integer({ min: 2, max: 150 }),
    height: fc.integer({ min: 1, max: 80 }),
    share: fc.double({ min: 0.2, max: 1, noNaN: true }),
    top: fc.double({ min: 0, max: 1, noNaN: true }),
    sizePx: fc.integer({ min: 1, max: 70 }),
    pitchDeg: fc.oneof(fc.constant(0), degrees(60)),
    shift: fc.integer({ min: 0, max: 100_000 }),
    seed: fc.integer({ min: 1, max: 1e6 }),
  });
  fc.assert(
    fc.property(cases, ({ width, height, share, top, sizePx, pitchDeg, shift, seed }) => {
      const image = noise(width, height, seed);
      const wraps = share > 0.8;
      const fullHeightPx = height / Math.min(1, share + 0.1);
      const window: SphereWindow = {
        ...fullSphere(width, height),
        fullWidthPx: wraps ? width : width / share,
        fullHeightPx,
        topPx: top * (fullHeightPx - height),
      };
      const bev = { sizePx, gsdM: 20 / sizePx, cameraHeightM: 2.5 };
      const table = buildBevTable(bev, window, { headingDeg: 30, pitchDeg, rollDeg: pitchDeg / 2 });
      const circle = Math.round(window.fullWidthPx * 256);
      const columns = { shift: shift % circle, circle, wraps };
      const expected = lookUp(image, table, columns);
      assertSame(lookUpByKernel(image, table, columns), expected);
      // A level camera's table is the one under heading 0.
      const pose = { headingDeg: pitchDeg === 0 ? 0 : 30, pitchDeg, rollDeg: pitchDeg / 2 };
      assertSame(lookUpByKernel(image, bevRays(bev, window, pose), columns), expected);
    }),
    { numRuns: 150 },
  );
});

test('rays meet a sphere under any pose where its table says, down to the bit: upside down and straight down too', () => {
  const cases = fc.record({
    sizePx: fc.integer({ min: 1, max: 90 }),
    gsdM: fc.double({ min: 0.01, max: 5, noNaN: true }),
    cameraHeightM: fc.double({ min: 0.1, max: 40, noNaN: true }),
    headingDeg: degrees(360),
    pitchDeg: fc.oneof(fc.constantFrom(0, 90, -90, 180), degrees(180)),
    rollDeg: fc.oneof(fc.constantFrom(0, 180), degrees(180)),
  });
  const image = noise(256, 128, 7);
  fc.assert(
    fc.property(cases, ({ headingDeg, pitchDeg, rollDeg, ...bev }) => {
      const pose = { headingDeg, pitchDeg, rollDeg };
      const level = pitchDeg === 0 && rollDeg === 0;
      const table = buildBevTable(bev, fullSphere(256, 128), pose);
      const rays = bevRays(bev, fullSphere(256, 128), level ? { ...pose, headingDeg: 0 } : pose);
      const columns = { shift: 0, circle: 256 * 256, wraps: true };
      assertSame(lookUpByKernel(image, rays, columns), lookUp(image, table, columns));
    }),
    { numRuns: 300 },
  );
});

test('so is that of a perspective photo, and of one that sees no ground', () => {
  const image = noise(90, 60, 3);
  const camera = pinholeOfFov(90, 60, 80);
  for (const pitchDeg of [-20, 0, 80]) {
    const bev = { sizePx: 64, gsdM: 0.5, cameraHeightM: 2 };
    const pose = { headingDeg: 10, pitchDeg, rollDeg: 3 };
    const table = buildBevTable(bev, camera, pose);
    const columns = { shift: 0, circle: 91 * 256, wraps: false };
    const expected = lookUp(image, table, columns);
    assertSame(lookUpByKernel(image, table, columns), expected);
    assertSame(lookUpByKernel(image, bevRays(bev, camera, pose), columns), expected);
  }
});

test('means of 2 x 2 pixels are rounded as before, whatever of them is seen', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 1e6 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (half, seed, seen) => {
        const random = seededRandom(seed);
        const image = noise(2 * half, 2 * half, seed);
        const mask = Uint8Array.from({ length: 4 * half * half }, () => (random() < seen ? 1 : 0));
        assertSame(halveByKernel({ image, mask }), averageAreas({ image, mask }, 2));
      },
    ),
  );
});

test('an image that does not fit into the memory is left to the plain loop', () => {
  const table = buildBevTable({ sizePx: 8, gsdM: 2, cameraHeightM: 2 }, fullSphere(64, 32), LEVEL_NORTH);
  const columns = { shift: 0, circle: 64 * 256, wraps: true };
  assert.equal(lookUpByKernel(noise(64, 32, 1), table, columns, 1000), undefined);
  assert.ok(lookUpByKernel(noise(64, 32, 1), table, columns, 10_000));
});
