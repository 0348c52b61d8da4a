import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  BevTableCache,
  type CameraPose,
  fieldOfViewFault,
  fullSphere,
  LEVEL_NORTH,
  panoramaPointOfGround,
  projectBev,
  type RgbImage,
  type SphereWindow,
  sphereWindowFromVerticalFov,
  sphereWindowOf,
} from '../../src/geometry/index.js';

type Matrix = readonly [readonly number[], readonly number[], readonly number[]];
const rad = (deg: number) => (deg * Math.PI) / 180;

// Second implementation: rotation matrices as SPEC writes them, multiplied out, applied by transposition.
const rx = (a: number): Matrix => [
  [1, 0, 0],
  [0, Math.cos(a), -Math.sin(a)],
  [0, Math.sin(a), Math.cos(a)],
];
const ry = (a: number): Matrix => [
  [Math.cos(a), 0, Math.sin(a)],
  [0, 1, 0],
  [-Math.sin(a), 0, Math.cos(a)],
];
const rz = (a: number): Matrix => [
  [Math.cos(a), -Math.sin(a), 0],
  [Math.sin(a), Math.cos(a), 0],
  [0, 0, 1],
];
const cell = (m: Matrix, i: number, j: number) => m[i]?.[j] ?? Number.NaN;
const times = (a: Matrix, b: Matrix): Matrix =>
  [0, 1, 2].map((i) =>
    [0, 1, 2].map((j) => [0, 1, 2].reduce((s, k) => s + cell(a, i, k) * cell(b, k, j), 0)),
  ) as unknown as Matrix;
const apply = (m: Matrix, v: readonly number[]) =>
  [0, 1, 2].map((i) => [0, 1, 2].reduce((s, k) => s + cell(m, i, k) * (v[k] ?? Number.NaN), 0));
const worldFromCamera = (p: CameraPose) =>
  times(times(rz(-rad(p.headingDeg)), rx(rad(p.pitchDeg))), ry(rad(p.rollDeg)));

/** Panorama edge coordinates to the ground point the ray hits (undefined above the horizon). */
function groundOf(u: number, v: number, height: number, w: SphereWindow, pose: CameraPose) {
  const azimuth = (u / w.fullWidthPx - 0.5) * 2 * Math.PI;
  const elevation = (0.5 - v / w.fullHeightPx) * Math.PI;
  const camera = [
    Math.cos(elevation) * Math.sin(azimuth),
    Math.cos(elevation) * Math.cos(azimuth),
    Math.sin(elevation),
  ];
  const [x = 0, y = 0, z = 0] = apply(worldFromCamera(pose), camera);
  return z < 0 ? { eastM: (-x * height) / z, northM: (-y * height) / z } : undefined;
}

const poses = fc.record({
  headingDeg: fc.double({ min: -720, max: 720, noNaN: true }),
  pitchDeg: fc.double({ min: -40, max: 40, noNaN: true }),
  rollDeg: fc.double({ min: -40, max: 40, noNaN: true }),
});

/** A smooth image whose every pixel is a function of direction, continuous across the seam. */
function smoothPanorama(widthPx: number, heightPx: number): RgbImage {
  const data = new Uint8Array(widthPx * heightPx * 3);
  for (let y = 0, o = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++, o += 3) {
      const a = ((x + 0.5) / widthPx) * 2 * Math.PI;
      data[o] = Math.round(128 + 100 * Math.sin(a));
      data[o + 1] = Math.round(128 + 100 * Math.cos(a));
      data[o + 2] = Math.round(40 + (200 * y) / heightPx);
    }
  }
  return { widthPx, heightPx, data };
}

test('the numbers of the published reference (EP-BEV)', () => {
  const window = fullSphere(1664, 832);
  const at = (i: number, j: number) =>
    panoramaPointOfGround((j - 255.5) * 0.06, (255.5 - i) * 0.06, 1.5, window, LEVEL_NORTH);
  for (const [i, j, u, v] of [
    [0, 0, 624.0, 434.294],
    [0, 255, 831.482, 441.831],
    [255, 255, 624.0, 824.511],
  ] as const) {
    const point = at(i, j);
    assert.ok(Math.abs(point.u - u) < 5e-4, `u of (${i},${j}) is ${point.u}`);
    assert.ok(Math.abs(point.v - v) < 5e-4, `v of (${i},${j}) is ${point.v}`);
  }
});

test('directions: heading right, pitch up lowers the ground, roll right lowers the right side', () => {
  const window = fullSphere(3600, 1800);
  const ahead = (pose: Partial<CameraPose>, east = 0, north = 10) =>
    panoramaPointOfGround(east, north, 10, window, { ...LEVEL_NORTH, ...pose });
  assert.ok(Math.abs(ahead({}).u - 1800) < 1e-6);
  assert.ok(Math.abs(ahead({}).v - (900 + 450)) < 1e-6);
  assert.ok(Math.abs(ahead({ headingDeg: 90 }).u - 900) < 1e-6, 'looking east, north is on the left');
  assert.ok(Math.abs(ahead({ pitchDeg: 10 }).v - 1450) < 1e-6, 'looking up, the ground ahead is lower');
  assert.ok(
    ahead({ rollDeg: 10 }, 10, 0).v < ahead({}, 10, 0).v - 99,
    'right side down: right ground is higher',
  );
});

test('every BEV ray meets the ground where its pixel lies, for any pose', () => {
  fc.assert(
    fc.property(
      poses,
      fc.double({ min: -40, max: 40, noNaN: true }),
      fc.double({ min: -40, max: 40, noNaN: true }),
      fc.double({ min: 0.5, max: 5, noNaN: true }),
      (pose, eastM, northM, height) => {
        const window = fullSphere(2048, 1024);
        const { u, v } = panoramaPointOfGround(eastM, northM, height, window, pose);
        assert.ok(u >= 0 && u < 2048 && v >= 0 && v <= 1024);
        const ground = groundOf(u, v, height, window, pose);
        assert.ok(ground !== undefined);
        const tolerance = 1e-6 * (1 + Math.hypot(eastM, northM) ** 2 / height);
        assert.ok(Math.abs(ground.eastM - eastM) < tolerance && Math.abs(ground.northM - northM) < tolerance);
      },
    ),
    { seed: 11 },
  );
});

test('a projected image agrees with plain floating-point bilinear sampling, for any pose', () => {
  const image = smoothPanorama(256, 128);
  const window = fullSphere(256, 128);
  const bev = { sizePx: 24, gsdM: 0.7, cameraHeightM: 2 };
  const pixel = (x: number, y: number, c: number) =>
    image.data[(Math.min(127, Math.max(0, y)) * 256 + ((x + 256) % 256)) * 3 + c] ?? Number.NaN;
  fc.assert(
    fc.property(poses, (pose) => {
      const out = projectBev(image, window, pose, bev);
      for (let i = 0; i < 24; i++) {
        for (let j = 0; j < 24; j++) {
          const { u, v } = panoramaPointOfGround((j - 11.5) * 0.7, (11.5 - i) * 0.7, 2, window, pose);
          const [x, y] = [Math.floor(u - 0.5), Math.floor(v - 0.5)];
          const [fx, fy] = [u - 0.5 - x, v - 0.5 - y];
          for (let c = 0; c < 3; c++) {
            const want =
              (pixel(x, y, c) * (1 - fx) + pixel(x + 1, y, c) * fx) * (1 - fy) +
              (pixel(x, y + 1, c) * (1 - fx) + pixel(x + 1, y + 1, c) * fx) * fy;
            const got = out.image.data[(i * 24 + j) * 3 + c] ?? Number.NaN;
            assert.ok(Math.abs(got - want) <= 1, `(${i},${j},${c}): ${got}, expected ${want}`);
          }
        }
      }
    }),
    { seed: 12, numRuns: 40 },
  );
});

test('the seam is wrapped: no black below the centre, and no step across it', () => {
  const image = smoothPanorama(1664, 832);
  const out = projectBev(image, fullSphere(1664, 832), LEVEL_NORTH, {
    sizePx: 512,
    gsdM: 0.06,
    cameraHeightM: 1.5,
  });
  assert.ok(out.mask.every((m) => m === 1));
  for (let i = 300; i < 512; i++) {
    for (let c = 0; c < 3; c++) {
      const at = (j: number) => out.image.data[(i * 512 + j) * 3 + c] ?? Number.NaN;
      assert.ok(at(255) > 0 && at(256) > 0);
      assert.ok(Math.abs(at(255) - at(256)) <= 4, `row ${i} steps from ${at(255)} to ${at(256)}`);
    }
  }
});

test('all headings share one table, and shifting it equals a turned panorama', () => {
  const image = smoothPanorama(360, 180);
  const window = fullSphere(360, 180);
  const bev = { sizePx: 40, gsdM: 0.5, cameraHeightM: 1.5 };
  const cache = new BevTableCache();
  for (const headingDeg of [0, 1, 37, 180, 359, -90, 725]) {
    const turned = new Uint8Array(image.data.length);
    for (let y = 0; y < 180; y++) {
      for (let x = 0; x < 360; x++) {
        const from = (((x - headingDeg) % 360) + 360) % 360;
        for (let c = 0; c < 3; c++) turned[(y * 360 + x) * 3 + c] = image.data[(y * 360 + from) * 3 + c] ?? 0;
      }
    }
    const shifted = projectBev(image, window, { ...LEVEL_NORTH, headingDeg }, bev, cache);
    const level = projectBev({ ...image, data: turned }, window, LEVEL_NORTH, bev);
    assert.deepEqual(shifted.image.data, level.image.data);
  }
  assert.equal(cache.count, 1);
});

test('a heading shift equals a table rebuilt for that heading', () => {
  const image = smoothPanorama(512, 256);
  const window = fullSphere(512, 256);
  const bev = { sizePx: 32, gsdM: 0.5, cameraHeightM: 1.5 };
  fc.assert(
    fc.property(fc.double({ min: -360, max: 360, noNaN: true }), (headingDeg) => {
      const shifted = projectBev(image, window, { headingDeg, pitchDeg: 0, rollDeg: 0 }, bev);
      const rebuilt = projectBev(image, window, { headingDeg, pitchDeg: 1e-9, rollDeg: 0 }, bev);
      shifted.image.data.forEach((value, k) => {
        assert.ok(Math.abs(value - (rebuilt.image.data[k] ?? Number.NaN)) <= 1);
      });
    }),
    { seed: 13, numRuns: 30 },
  );
});

test('a strip shows only its own angles; the rest is black and masked', () => {
  const window = sphereWindowFromVerticalFov(1232, 224, 65.45);
  const image = { widthPx: 1232, heightPx: 224, data: new Uint8Array(1232 * 224 * 3).fill(200) };
  const bev = { sizePx: 64, gsdM: 0.25, cameraHeightM: 2 };
  const out = projectBev(image, window, { ...LEVEL_NORTH, headingDeg: 77 }, bev);
  for (let i = 0, k = 0; i < 64; i++) {
    for (let j = 0; j < 64; j++, k++) {
      const depression = (Math.atan2(2, 0.25 * Math.hypot(i - 31.5, j - 31.5)) * 180) / Math.PI;
      if (Math.abs(depression - 65.45 / 2) < 1e-6) continue;
      const shown = depression < 65.45 / 2;
      assert.equal(out.mask[k], shown ? 1 : 0);
      assert.equal(out.image.data[k * 3], shown ? 200 : 0);
    }
  }
});

/** Fields of view whose rows lie between zenith and nadir, whether the horizon lies in the image or not. */
const anyFieldOfView = fc
  .record({
    horizontalDeg: fc.double({ min: 1, max: 360, noNaN: true }),
    topDeg: fc.double({ min: -89, max: 90, noNaN: true }),
    bottomDeg: fc.double({ min: -90, max: 89, noNaN: true }),
  })
  .filter(({ topDeg, bottomDeg }) => topDeg - bottomDeg > 1)
  .map(({ horizontalDeg, topDeg, bottomDeg }) => {
    const verticalDeg = topDeg - bottomDeg;
    return { horizontalDeg, verticalDeg, horizonShare: topDeg / verticalDeg, topDeg, bottomDeg };
  });

test('a field of view puts the edges of the image at its angles', () => {
  const size = fc.integer({ min: 16, max: 4000 });
  fc.assert(
    fc.property(anyFieldOfView, size, size, ({ topDeg, bottomDeg, ...fov }, widthPx, heightPx) => {
      const window = sphereWindowOf(widthPx, heightPx, fov);
      const elevation = (row: number) => 90 - (180 * (window.topPx + row)) / window.fullHeightPx;
      const azimuth = (column: number) => (360 * (window.leftPx + column)) / window.fullWidthPx - 180;
      assert.ok(Math.abs(elevation(0) - topDeg) < 1e-9);
      assert.ok(Math.abs(elevation(heightPx) - bottomDeg) < 1e-9);
      assert.ok(Math.abs(azimuth(0) + fov.horizontalDeg / 2) < 1e-9);
      assert.ok(Math.abs(azimuth(widthPx) - fov.horizontalDeg / 2) < 1e-9);
      // The whole circle about the horizon is the strip that a request describes by verticalFovDeg alone, to the bit.
      const { verticalDeg } = fov;
      const top = ((heightPx * 180) / verticalDeg - heightPx) / 2;
      assert.equal(sphereWindowOf(widthPx, heightPx, { verticalDeg }).topPx, top);
      assert.deepEqual(
        sphereWindowOf(widthPx, heightPx, { verticalDeg }),
        sphereWindowFromVerticalFov(widthPx, heightPx, verticalDeg),
      );
    }),
    { seed: 15 },
  );
  for (const [fov, told] of [
    [{ verticalDeg: 0 }, /verticalDeg is 0/],
    [{ verticalDeg: 181 }, /verticalDeg is 181/],
    [{ verticalDeg: 90, horizontalDeg: 361 }, /horizontalDeg is 361/],
    [{ verticalDeg: 100, horizonShare: 0.95 }, /horizonShare is 0.95, .* from -5.* to 95 degrees/],
    [{ verticalDeg: 100, horizonShare: 0 }, /horizonShare is 0, .* from -100 to 0 degrees/],
    [{ verticalDeg: 100, horizonShare: Number.NaN }, /horizonShare is NaN/],
  ] as const) {
    const thrown = { code: 'PARAMETER_INVALID', message: told };
    assert.throws(() => sphereWindowOf(100, 50, fov), thrown);
  }
  assert.equal(fieldOfViewFault({ verticalDeg: 180, horizonShare: 0.5 }), undefined);
});

test('a strip cut out of a panorama shows the ground that the panorama shows there', () => {
  // 360 x 180 pixels: a degree each. The strip: azimuths -60 to 60, elevations 20 down to -70.
  const full = { widthPx: 360, heightPx: 180, data: new Uint8Array(360 * 180 * 3) };
  for (let k = 0; k < full.data.length; k++) full.data[k] = (k * 2654435761) >>> 13;
  const strip = { widthPx: 120, heightPx: 90, data: new Uint8Array(120 * 90 * 3) };
  for (let row = 0; row < 90; row++) {
    const from = ((row + 70) * 360 + 120) * 3;
    strip.data.set(full.data.subarray(from, from + 360), row * 360);
  }
  const fov = { horizontalDeg: 120, verticalDeg: 90, horizonShare: 2 / 9 };
  const bev = { sizePx: 40, gsdM: 0.5, cameraHeightM: 2 };
  const pose = { ...LEVEL_NORTH, headingDeg: 33 };
  const whole = projectBev(full, fullSphere(360, 180), pose, bev);
  const part = projectBev(strip, sphereWindowOf(120, 90, fov), pose, bev);
  let shown = 0;
  for (let i = 0, k = 0; i < 40; i++) {
    for (let j = 0; j < 40; j++, k++) {
      const [east, north] = [j - 19.5, 19.5 - i];
      const azimuth = (((Math.atan2(east, north) * 180) / Math.PI - 33 + 540) % 360) - 180;
      const depression = (Math.atan2(2, 0.5 * Math.hypot(east, north)) * 180) / Math.PI;
      // Half a degree from its edges the strip has no neighbour to interpolate with.
      const inside = Math.min(60 - Math.abs(azimuth), 70 - depression);
      if (Math.abs(inside) < 0.6) continue;
      assert.equal(part.mask[k], inside > 0 ? 1 : 0, `${azimuth} ${depression}`);
      if (inside < 0) continue;
      shown++;
      const pixel = (of: typeof whole) => [...of.image.data.subarray(k * 3, k * 3 + 3)];
      pixel(part).forEach((value, c) => {
        assert.ok(Math.abs(value - (pixel(whole)[c] ?? -99)) <= 1, `${azimuth} ${depression}`);
      });
    }
  }
  assert.ok(shown > 400, `${shown} pixels`);
});

test('a limited horizontal field of view masks what lies beside it, at any heading', () => {
  const window = sphereWindowFromVerticalFov(300, 450, 180, 120);
  const image = { widthPx: 300, heightPx: 450, data: new Uint8Array(300 * 450 * 3).fill(90) };
  const bev = { sizePx: 50, gsdM: 0.5, cameraHeightM: 2 };
  fc.assert(
    fc.property(fc.integer({ min: -180, max: 540 }), (headingDeg) => {
      const out = projectBev(image, window, { ...LEVEL_NORTH, headingDeg }, bev);
      for (let i = 0, k = 0; i < 50; i++) {
        for (let j = 0; j < 50; j++, k++) {
          const azimuth = (Math.atan2(j - 24.5, 24.5 - i) * 180) / Math.PI - headingDeg;
          const off = Math.abs(((((azimuth + 180) % 360) + 360) % 360) - 180);
          if (Math.abs(off - 60) > 0.01) assert.equal(out.mask[k], off < 60 ? 1 : 0);
        }
      }
    }),
    { seed: 14, numRuns: 30 },
  );
});

test('the table cache stays within its bytes and drops the least recently used', () => {
  const window = fullSphere(64, 32);
  const bev = (gsdM: number) => ({ sizePx: 16, gsdM, cameraHeightM: 1.5 });
  const cache = new BevTableCache(3 * 16 * 16 * 8);
  const first = cache.get(bev(1), window, LEVEL_NORTH);
  for (const g of [2, 3]) cache.get(bev(g), window, LEVEL_NORTH);
  assert.equal(cache.get(bev(1), window, LEVEL_NORTH), first);
  const second = cache.get(bev(2), window, LEVEL_NORTH);
  cache.get(bev(1), window, LEVEL_NORTH);
  cache.get(bev(2), window, LEVEL_NORTH);
  cache.get(bev(4), window, LEVEL_NORTH);
  assert.equal(cache.count, 3);
  assert.ok(cache.bytes <= cache.maxBytes);
  assert.equal(cache.get(bev(2), window, LEVEL_NORTH), second, 'recently used ones stay');
  const large = cache.get({ ...bev(1), sizePx: 64 }, window, LEVEL_NORTH);
  assert.equal(large.sizePx, 64, 'one over the bound is made');
  assert.deepEqual([cache.count, cache.get(bev(2), window, LEVEL_NORTH)], [3, second], 'and not kept');
});

test('impossible parameters are refused by name', () => {
  const image = smoothPanorama(64, 32);
  const good = { sizePx: 8, gsdM: 1, cameraHeightM: 1.5 };
  const run = (bev: object, pose: object = {}) =>
    projectBev(image, fullSphere(64, 32), { ...LEVEL_NORTH, ...pose }, { ...good, ...bev });
  for (const [bev, pose, name] of [
    [{ cameraHeightM: 0 }, {}, /cameraHeightM is 0/],
    [{ gsdM: Number.NaN }, {}, /ground sampling distance is NaN/],
    [{ sizePx: 1.5 }, {}, /size is 1.5/],
    [{}, { headingDeg: Number.NaN }, /headingDeg is NaN/],
    [{}, { pitchDeg: Number.POSITIVE_INFINITY }, /pitchDeg is Infinity/],
  ] as const) {
    assert.throws(() => run(bev, pose), { code: 'PARAMETER_INVALID', message: name });
  }
  assert.throws(() => sphereWindowFromVerticalFov(10, 10, 0), /verticalFovDeg is 0/);
  assert.throws(() => projectBev(image, fullSphere(128, 64), LEVEL_NORTH, good), { code: 'INTERNAL' });
});
