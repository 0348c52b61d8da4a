// What WebAssembly makes of a BEV against the plain loops over the same tables: the same bits; and rays against tables.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { averageAreas, lookUp } from '../../src/geometry/bev.js';
import { halveByKernel, lookUpByKernel } from '../../src/geometry/bev-kernel.js';
import { OUTSIDE } from '../../src/geometry/bev-table.js';
import { followRays, placesOfRays } from '../../src/geometry/follow-rays.js';
import {
  areaDownsample,
  type Bev,
  type BevGeometry,
  type BevTable,
  buildBevTable,
  fullSphere,
  LEVEL_NORTH,
  pinholeOfFov,
  projectAveraged,
  projectBev,
  type RgbImage,
  type SphereWindow,
} from '../../src/geometry/index.js';
import { rayFunctions, SPARE_ENTRIES } from '../../src/geometry/ray-code.js';
import { type BevRays, bevRays, MOST_OFF_PX } from '../../src/geometry/rays.js';
import { seededRandom } from '../../src/random/index.js';
import { openKernel, placesFrom, reserve } from '../../src/wasm/index.js';

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

/** The table that rays stand for. */
function entriesOf(rays: BevRays): Pick<BevTable, 'column' | 'row'> {
  const { sizePx } = rays;
  const kernel = openKernel(rayFunctions());
  const place = placesFrom(0);
  const at = placesOfRays(place, sizePx);
  const bytes = 4 * (sizePx * sizePx + SPARE_ENTRIES);
  const [column, row] = [place(bytes), place(bytes)];
  reserve(kernel, place(0));
  followRays(kernel, rays, { ...at, column, row })(0, sizePx);
  const taken = (from: number) => new Int32Array(kernel.memory.buffer, from, sizePx * sizePx).slice();
  return { column: taken(column), row: taken(row) };
}

/** What a table's entries may be off by where rays lie between others: that, and twice the rounding to 1/256 pixels. */
const MOST_OFF = 256 * MOST_OFF_PX + 2;

/** Rays against the table that it has them stand for: each that is followed by its bits. Returns how many are not followed. */
function assertMeets(bev: BevGeometry, window: SphereWindow, table: BevTable, rays: BevRays): number {
  const { column, row } = entriesOf(rays);
  const circle = Math.round(window.fullWidthPx * 256);
  let between = 0;
  for (let i = 0, k = 0; i < bev.sizePx; i++) {
    const [from, to] = rays.followed(rays.ofRow(i));
    for (let j = 0; j < bev.sizePx; j++, k++) {
      const [u, v] = [column[k] as number, row[k] as number];
      const [exactU, exactV] = [table.column[k] as number, table.row[k] as number];
      if (j >= from && j < to) {
        assert.equal(v, exactV);
        if (v !== OUTSIDE) assert.equal(u, exactU);
        continue;
      }
      between++;
      if (v === OUTSIDE || exactV === OUTSIDE) {
        // At the border of what is seen, one may be and the other not.
        const seen = v === OUTSIDE ? exactV : v;
        const last = (window.heightPx - 1) * 256;
        assert.ok(seen === OUTSIDE || seen <= MOST_OFF || seen >= last - MOST_OFF);
        continue;
      }
      assert.ok(Math.abs(v - exactV) <= MOST_OFF, `row ${v} of ${exactV}`);
      const apart = Math.abs(u - exactU);
      assert.ok(Math.min(apart, circle - apart) <= MOST_OFF, `column ${u} of ${exactU}`);
    }
  }
  return between;
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
      const halved = { halved: true };
      if (sizePx % 2 === 0)
        assertSame(lookUpByKernel(image, table, columns, halved), averageAreas(expected, 2));
      // A level camera's table is the one under heading 0.
      const pose = { headingDeg: pitchDeg === 0 ? 0 : 30, pitchDeg, rollDeg: pitchDeg / 2 };
      const rays = bevRays(bev, window, pose);
      const met = lookUp(image, { ...table, ...entriesOf(rays) }, columns);
      assertSame(lookUpByKernel(image, rays, columns), met);
      if (sizePx % 2 === 0) assertSame(lookUpByKernel(image, rays, columns, halved), averageAreas(met, 2));
    }),
    { numRuns: 150 },
  );
});

test('rays meet a sphere under any pose where its table says, or within a sixteenth of a pixel: upside down too', () => {
  const cases = fc.record({
    sizePx: fc.integer({ min: 1, max: 90 }),
    gsdM: fc.double({ min: 0.01, max: 5, noNaN: true }),
    cameraHeightM: fc.double({ min: 0.1, max: 40, noNaN: true }),
    width: fc.integer({ min: 8, max: 4096 }),
    share: fc.double({ min: 0.2, max: 1, noNaN: true }),
    headingDeg: degrees(360),
    pitchDeg: fc.oneof(fc.constantFrom(0, 90, -90, 180), degrees(180)),
    rollDeg: fc.oneof(fc.constantFrom(0, 180), degrees(180)),
  });
  let between = 0;
  fc.assert(
    fc.property(cases, ({ headingDeg, pitchDeg, rollDeg, width, share, ...bev }) => {
      const pose = { headingDeg, pitchDeg, rollDeg };
      const level = pitchDeg === 0 && rollDeg === 0;
      const full = fullSphere(width, width / 2);
      const heightPx = Math.max(1, Math.round((width / 2) * share));
      const window = { ...full, heightPx, topPx: (width / 2 - heightPx) * share };
      const table = buildBevTable(bev, window, pose);
      const rays = bevRays(bev, window, level ? { ...pose, headingDeg: 0 } : pose);
      between += assertMeets(bev, window, table, rays);
    }),
    { numRuns: 300 },
  );
  assert.ok(between > 10_000, `${between} rays lay between others`);
});

test('a BEV that is averaged as it is made is the one averaged afterwards, of a level camera and of a tilted one', () => {
  const image = noise(512, 256, 9);
  for (const pitchDeg of [0, 4]) {
    const pose = { headingDeg: 200, pitchDeg, rollDeg: 0 };
    const bev = { sizePx: 132, gsdM: 0.4, cameraHeightM: 2.5 };
    const window = fullSphere(512, 256);
    for (const factor of [1, 2, 3]) {
      const expected = areaDownsample(projectBev(image, window, pose, bev), factor);
      assertSame(projectAveraged(image, window, pose, bev, factor), expected);
    }
    assert.throws(() => projectAveraged(image, window, pose, bev, 5), { code: 'INTERNAL' });
  }
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
  assert.equal(lookUpByKernel(noise(64, 32, 1), table, columns, { mostBytes: 1000 }), undefined);
  assert.ok(lookUpByKernel(noise(64, 32, 1), table, columns, { mostBytes: 10_000 }));
});
