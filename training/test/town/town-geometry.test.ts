// The two views of the town agree with the geometry that serving uses, and with textbook formulas.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fromFile } from 'geotiff';
import { decodePanorama } from 'skyfix/imaging';
import { makeRng } from 'skyfix/random';
import { SPLITS } from '../../common/splits.js';
import { convergenceDeg, fromLonLat, toLonLat } from '../../town/overhead/georeference.js';
import { encodeGeoTiff } from '../../town/overhead/geotiff-writer.js';
import { renderOverhead } from '../../town/overhead/overhead.js';
import { paintAlbedo, paintSunlight } from '../../town/scene/light.js';
import { makeScene } from '../../town/scene/scene.js';
import { forBand } from '../../town/scene/stamp.js';
import { encodePanorama } from '../../town/street/camera-file.js';
import { renderPanorama } from '../../town/street/panorama.js';
import { GAP_M, splitAreas } from '../../town/street/places.js';
import { assertMarksSeen, markedSquare } from '../support/marked-square.js';

describe('georeference', () => {
  it('has the convergence of the transverse Mercator projection', () => {
    for (const [x, y] of [
      [0, 0],
      [700, 1500],
    ] as const) {
      const { lon, lat } = toLonLat(x, y);
      const rad = Math.PI / 180;
      // Snyder, Map Projections (1987), p. 57: tan(gamma) = tan(lambda - lambda0) sin(phi), on the sphere.
      const expected = Math.atan(Math.tan((lon - 9) * rad) * Math.sin(lat * rad)) / rad;
      assert.ok(Math.abs(convergenceDeg(x, y) - expected) < 0.002, `${convergenceDeg(x, y)} ${expected}`);
      const back = fromLonLat(lon, lat);
      assert.ok(Math.hypot(back.x - x, back.y - y) < 0.001);
    }
  });
});

describe('split areas', () => {
  it('keep more than a tile apart and test covers about half a square kilometre of a full town', () => {
    const areas = splitAreas(1664);
    for (const a of SPLITS) {
      for (const b of SPLITS) {
        if (a === b) continue;
        for (const p of areas[a]) {
          for (const q of areas[b]) {
            const dx = Math.max(q.west - p.east, p.west - q.east, 0);
            const dy = Math.max(q.south - p.north, p.south - q.north, 0);
            assert.ok(Math.max(dx, dy) >= GAP_M - 1e-9 && GAP_M > 64, `${a} and ${b} are ${dx}, ${dy} apart`);
          }
        }
      }
    }
    const test = areas.test[0];
    assert.ok(test !== undefined);
    const km2 = ((test.east - test.west) * (test.north - test.south)) / 1e6;
    assert.ok(km2 > 0.45 && km2 < 0.65, `${km2}`);
  });
});

describe('panorama and overhead of a marked square', () => {
  // White discs on new asphalt at known offsets from the camera.
  const { scene, marks } = markedSquare();
  const sun = { azimuthDeg: 180, elevationDeg: 50 };
  const lit = { scene, albedo: paintAlbedo(scene, 'autumn', 1, 1), sunlight: paintSunlight(scene, sun) };

  it('is seen where it is by the projection that serving uses, for any heading, pitch and roll', () => {
    for (const pose of [
      { headingDeg: 0, pitchDeg: 0, rollDeg: 0 },
      { headingDeg: 117, pitchDeg: 3, rollDeg: -2 },
      { headingDeg: -60, pitchDeg: -2.5, rollDeg: 4 },
    ]) {
      const { headingDeg, ...tilt } = pose;
      const data = renderPanorama(
        lit,
        { x: 32, y: 32, heightM: 2.5, gridHeadingDeg: headingDeg, ...tilt },
        { sunAzimuthDeg: 180, clear: 1, gain: [1, 1, 1], autumn: true, noise: 0, seed: 1 },
        1024,
      );
      assertMarksSeen(marks, data, pose, 110);
    }
  });

  it('lies north-up in the mosaic', () => {
    const options = { leanEast: 0.16, leanNorth: 0.2, canopies: true, autumn: false, sensor: false, seed: 1 };
    const mosaic = renderOverhead(scene, lit.albedo, lit.sunlight, options);
    const at = (east: number, north: number): number =>
      mosaic[((255 - Math.floor((32 + north) * 4)) * 256 + Math.floor((32 + east) * 4)) * 3] as number;
    for (const [east, north] of marks) assert.ok(at(east, north) > at(-east, -north) + 60);
  });
});

describe('camera file', () => {
  it('says its pose and position so that serving reads them back', async () => {
    const claim = { headingDeg: 211.25, pitchDeg: -1.5, rollDeg: 0.75, lon: 10.2912345, lat: 48.2054321 };
    const file = await encodePanorama(new Uint8Array(256 * 128 * 3).fill(90), 256, claim);
    const read = await decodePanorama(file, {});
    assert.equal(read.pose.headingDeg, 211.25);
    assert.equal(read.pose.pitchDeg, -1.5);
    assert.equal(read.pose.rollDeg, 0.75);
    assert.ok(read.gps !== undefined && read.gps !== null);
    assert.ok(Math.abs(read.gps.lon - claim.lon) < 1e-7 && Math.abs(read.gps.lat - claim.lat) < 1e-7);
  });
});

describe('GeoTIFF writer', () => {
  it('is read back by geotiff: place, size and pixels, tiles cut at the edges', async () => {
    const [widthPx, heightPx] = [700, 530];
    const data = new Uint8Array(widthPx * heightPx * 3);
    for (let y = 0; y < heightPx; y++) {
      for (let x = 0; x < widthPx; x++) data.set([x / 3, y / 3, 128], (y * widthPx + x) * 3);
    }
    const source = { widthPx, heightPx, data, west: 596000, north: 5341000, pixelM: 0.25, epsg: 32632 };
    const folder = await mkdtemp(join(tmpdir(), 'town-'));
    try {
      await writeFile(join(folder, 'a.tif'), await encodeGeoTiff(source, 90));
      const image = await (await fromFile(join(folder, 'a.tif'))).getImage();
      assert.equal(image.getWidth(), widthPx);
      assert.equal(image.getHeight(), heightPx);
      assert.deepEqual(image.getBoundingBox(), [596000, 5341000 - 132.5, 596175, 5341000]);
      assert.equal(image.getGeoKeys()?.ProjectedCSTypeGeoKey, 32632);
      const rgb = (await image.readRGB({ interleave: true })) as unknown as Uint8Array;
      let worst = 0;
      for (let k = 0; k < rgb.length; k++)
        worst = Math.max(worst, Math.abs((rgb[k] as number) - (data[k] as number)));
      assert.ok(worst <= 8, `pixels differ by up to ${worst}`);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe('drawing', () => {
  it('measures bands like the distance to a line, also around bends', () => {
    const canvas = makeScene(64, 1);
    const line = [
      { x: 10, y: 20 },
      { x: 30, y: 24 },
      { x: 50, y: 18 },
    ];
    const seen = new Map<number, number>();
    forBand(canvas, line, 6, true, (cell, left) => seen.set(cell, Math.abs(left)));
    const toSegment = (x: number, y: number, k: number): number => {
      const a = line[k] as { x: number; y: number };
      const b = line[k + 1] as { x: number; y: number };
      const t = ((x - a.x) * (b.x - a.x) + (y - a.y) * (b.y - a.y)) / ((b.x - a.x) ** 2 + (b.y - a.y) ** 2);
      const c = Math.min(Math.max(t, 0), 1);
      return Math.hypot(x - a.x - c * (b.x - a.x), y - a.y - c * (b.y - a.y));
    };
    for (let cell = 0; cell < canvas.n * canvas.n; cell++) {
      const x = ((cell % canvas.n) + 0.5) / 4;
      const y = (Math.floor(cell / canvas.n) + 0.5) / 4;
      const distance = Math.min(toSegment(x, y, 0), toSegment(x, y, 1));
      assert.equal(seen.has(cell), distance <= 6, `${x}, ${y} at ${distance}`);
    }
  });

  it('draws normal numbers with mean 0 and variance 1', () => {
    const rng = makeRng(5);
    let [sum, squares] = [0, 0];
    for (let k = 0; k < 40_000; k++) {
      const value = rng.normal();
      sum += value;
      squares += value * value;
    }
    assert.ok(Math.abs(sum / 40_000) < 0.02 && Math.abs(squares / 40_000 - 1) < 0.03);
  });
});
