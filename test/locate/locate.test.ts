import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import sharp from 'sharp';
import { SkyfixError } from '../../src/errors/index.js';
import { BevTableCache, distanceM, offsetLonLat } from '../../src/geometry/index.js';
import { type LocateOptions, locate, STEPS } from '../../src/locate/index.js';
import { type RegionLease, RegionService } from '../../src/regions/index.js';
import {
  CENTRE,
  descriptorByHand,
  noisePanorama,
  pngOf,
  publishTinyVersion,
  tinyTile,
} from '../support/tiny-region.js';

const HEIGHTS_M = [1.6, 2, 2.4];
const options: LocateOptions = { top: 3, distinct: true, headingDeg: 0 };

describe('locate', () => {
  let dataDir: string;
  let service: RegionService;
  let lease: RegionLease;
  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'skyfix-locate-'));
    await publishTinyVersion(dataDir, 'tiny');
    await publishTinyVersion(dataDir, 'plain', { generator: false });
    await publishTinyVersion(dataDir, 'heights', { cameraHeightsM: HEIGHTS_M });
    service = await RegionService.open(dataDir, { threads: 1 });
    lease = service.acquire('tiny');
  });
  after(async () => {
    lease.release();
    await service.close();
    await rm(dataDir, { recursive: true });
  });

  test('finds every place by the descriptor computed without the networks', async () => {
    for (let seed = 0; seed < 10; seed++) {
      const answer = await locate(lease.region, await pngOf(noisePanorama(seed)), options);
      const [first] = answer.results;
      const truth = tinyTile(seed);
      assert.equal(first?.tile, truth.tile);
      assert.ok(
        Math.abs((first?.lon ?? 0) - truth.lon) < 1e-7 && Math.abs((first?.lat ?? 0) - truth.lat) < 1e-7,
      );
      assert.ok((first?.score ?? 0) > 0.999 && (first?.score ?? 2) <= 1, `score ${first?.score}`);
    }
  });

  test('answers distinct places, or the raw tiles', async () => {
    const upload = await pngOf(noisePanorama(4));
    const places = await locate(lease.region, upload, { ...options, top: 10 });
    assert.equal(places.results.length, 10);
    assert.equal(new Set(places.results.map(({ tile }) => tile.split('+')[0])).size, 10);
    const tiles = await locate(lease.region, upload, { ...options, top: 2, distinct: false });
    assert.deepEqual(
      tiles.results.map(({ rank, tile }) => [rank, tile]),
      [
        [1, 'place-4'],
        [2, 'place-4+4'],
      ],
    );
    const all = await locate(lease.region, upload, { ...options, top: 50 });
    assert.equal(all.results.length, 10);
    assert.match(all.warnings.join(), /Only 10 of the 50/);
  });

  test('a turned camera with its heading gives the same answer, and a wrong heading does not', async () => {
    const panorama = noisePanorama(6);
    const { widthPx, heightPx, data } = panorama;
    const quarter = widthPx / 4;
    const turned = data.map((_, k) => {
      const [row, column] = [Math.floor(k / 3 / widthPx), Math.floor(k / 3) % widthPx];
      return data[(row * widthPx + ((column + quarter) % widthPx)) * 3 + (k % 3)] ?? 0;
    });
    const upload = await pngOf({ widthPx, heightPx, data: turned });
    const right = await locate(lease.region, upload, { ...options, headingDeg: 90 });
    assert.equal(right.results[0]?.tile, 'place-6');
    assert.ok((right.results[0]?.score ?? 0) > 0.999);
    const wrong = await locate(lease.region, upload, options);
    assert.ok((wrong.results[0]?.score ?? 1) < 0.9);
  });

  test('a heading that is given is taken as it is, without a word', async () => {
    const given = await locate(lease.region, await pngOf(noisePanorama(1)), { ...options, top: 1 });
    assert.deepEqual(given.heading, { deg: 0, source: 'request' });
    assert.deepEqual(given.warnings, []);
  });

  test('a prior or a box leaves only places inside', async () => {
    const upload = await pngOf(noisePanorama(2));
    const near7 = { centre: offsetLonLat(CENTRE, 7 * 40, 0), radiusM: 10 };
    const within = await locate(lease.region, upload, { ...options, prior: near7 });
    assert.deepEqual(
      within.results.map(({ tile }) => tile.split('+')[0]),
      ['place-7'],
    );
    const east = offsetLonLat(CENTRE, 2.5 * 40, 100);
    const west = offsetLonLat(CENTRE, 1.5 * 40, -100);
    const box = await locate(lease.region, upload, {
      ...options,
      prior: { bounds: [west.lon, west.lat, east.lon, east.lat] },
    });
    assert.deepEqual(
      box.results.map(({ tile }) => tile),
      ['place-2'],
    );
    // A circle between the tiles' centres: the camera may stand in it, and no raw tile does.
    const between = { centre: offsetLonLat(CENTRE, 2 * 40 + 9, 0), radiusM: 3 };
    const close = await locate(lease.region, upload, { ...options, prior: between });
    assert.equal(close.results.length, 1);
    assert.ok(distanceM(close.results[0] ?? CENTRE, between.centre) <= 3.001);
    const raw = await locate(lease.region, upload, { ...options, prior: between, distinct: false });
    assert.deepEqual(raw.results, []);
    const nowhere = await locate(lease.region, upload, {
      ...options,
      prior: { centre: { lon: 0, lat: 0 }, radiusM: 5 },
    });
    assert.deepEqual(nowhere.results, []);
    assert.match(nowhere.warnings.join(), /No tile/);
  });

  test("a strip without metadata shows the bundle's field of view", async () => {
    // What a BEV of 16 m cannot see is cut off: from 80 degrees up to 10 above the horizon.
    const { widthPx, heightPx, data } = noisePanorama(3);
    const skyPx = Math.floor((heightPx * 80) / 180);
    const strip = { widthPx, heightPx: heightPx - skyPx, data: data.subarray(skyPx * widthPx * 3) };
    const upload = await pngOf(strip);
    await assert.rejects(locate(lease.region, upload, options), { code: 'PANORAMA_FOV_UNKNOWN' });
    const verticalDeg = (180 * strip.heightPx) / heightPx;
    const fieldOfView = { verticalDeg, horizonShare: (heightPx / 2 - skyPx) / strip.heightPx };
    await publishTinyVersion(dataDir, 'strips', { fieldOfView });
    await service.reload('strips');
    const strips = service.acquire('strips');
    try {
      const answer = await locate(strips.region, upload, options);
      const expected = await locate(lease.region, await pngOf(noisePanorama(3)), options);
      assert.equal(answer.results[0]?.tile, 'place-3');
      assert.ok((answer.results[0]?.score ?? 0) > 0.999);
      assert.deepEqual(
        answer.results.map(({ tile }) => tile),
        expected.results.map(({ tile }) => tile),
      );
      assert.match(answer.warnings.join(), /taken to show 360 x [\d.]+ degrees/);
      assert.doesNotMatch(expected.warnings.join(), /taken to show/);
      // A request's angle leaves the bundle's horizon where it is; a request may say both.
      const said = { verticalFovDeg: verticalDeg, horizonShare: fieldOfView.horizonShare };
      for (const given of [{ verticalFovDeg: verticalDeg }, said]) {
        const told = await locate(strips.region, upload, { ...options, ...given });
        assert.deepEqual(told.results, answer.results);
        assert.doesNotMatch(told.warnings.join(), /taken to/);
      }
      const wrong = { verticalFovDeg: verticalDeg, horizonShare: 0.5 };
      const elsewhere = await locate(strips.region, upload, { ...options, ...wrong });
      assert.ok((elsewhere.results[0]?.score ?? 1) < 0.99);
      const own = await locate(lease.region, upload, { ...options, ...said });
      assert.equal(own.results[0]?.tile, 'place-3');
    } finally {
      strips.release();
    }
  });

  test('the camera height changes the view', async () => {
    const upload = await pngOf(noisePanorama(3));
    const low = await locate(lease.region, upload, { ...options, cameraHeightM: 0.5 });
    assert.ok((low.results[0]?.score ?? 1) < 0.99);
    await assert.rejects(locate(lease.region, upload, { ...options, cameraHeightM: -1 }), {
      code: 'PARAMETER_INVALID',
    });
  });

  test('a distance only where the upload has GPS, and never in the ranking', async () => {
    const png = await pngOf(noisePanorama(5));
    const without = await locate(lease.region, png, options);
    assert.ok(without.results.every((place) => !('distanceM' in place)));
    // 50 degrees 0' 0" N, 10 degrees 0' 0" E: place 5 lies 200 m further east.
    const withGps = await sharp(png)
      .withExif({
        IFD3: {
          GPSLatitudeRef: 'N',
          GPSLatitude: '50/1 0/1 0/1',
          GPSLongitudeRef: 'E',
          GPSLongitude: '10/1 0/1 0/1',
        },
      })
      .png()
      .toBuffer();
    const answer = await locate(lease.region, withGps, options);
    assert.deepEqual(
      answer.results.map(({ tile }) => tile),
      without.results.map(({ tile }) => tile),
    );
    assert.ok(Math.abs((answer.results[0]?.distanceM ?? 0) - 200) < 0.5, `${answer.results[0]?.distanceM} m`);
  });

  test('without a generator the BEV goes straight into the encoder, which is no reason to warn', async () => {
    const plain = service.acquire('plain');
    try {
      const answer = await locate(plain.region, await pngOf(noisePanorama(8)), { ...options, top: 10 });
      assert.deepEqual(answer.warnings, []);
      // Not inverted, the true place is the one it resembles least.
      assert.equal(answer.results.at(-1)?.tile.split('+')[0], 'place-8');
    } finally {
      plain.release();
    }
  });

  test('a camera height that nobody knows is each of the bundle, averaged; one that is given is that one', async () => {
    const heights = service.acquire('heights');
    try {
      const panorama = noisePanorama(5);
      const ask = async (more: Partial<LocateOptions>) => {
        const answer = await locate(heights.region, await pngOf(panorama), { ...options, ...more });
        return { ...answer, score: answer.results.find(({ tile }) => tile === 'place-5')?.score ?? 0 };
      };
      // The tile was described at 2 m.
      const tile = descriptorByHand(panorama);
      const sum = HEIGHTS_M.map((heightM) => descriptorByHand(panorama, heightM)).reduce((a, b) =>
        a.map((value, k) => value + (b[k] ?? 0)),
      );
      const cosine = sum.reduce((s, value, k) => s + value * (tile[k] ?? 0), 0) / Math.hypot(...sum);
      const averaged = await ask({});
      assert.deepEqual(averaged.cameraHeightsM, HEIGHTS_M);
      assert.ok(cosine < 0.99 && Math.abs(averaged.score - cosine) < 2e-3, `${averaged.score}, ${cosine}`);
      const given = await ask({ cameraHeightM: 2 });
      assert.deepEqual(given.cameraHeightsM, [2]);
      assert.ok(given.score > 0.999, `${given.score}`);
      assert.ok(heights.region.tables instanceof BevTableCache && heights.region.tables.count === 3);
    } finally {
      heights.release();
    }
  });

  test('every stage is timed by the given clock', async () => {
    let now = 0;
    const answer = await locate(lease.region, await pngOf(noisePanorama(0)), options, () => now++);
    // Both networks run as one: what is generated is part of what is embedded.
    for (const stage of STEPS) assert.equal(answer.timingsMs[stage], stage === 'generate' ? 0 : 1);
    assert.equal(answer.timingsMs.total, 9);
    assert.equal(answer.bundle, 'tiny@1');
    assert.equal(answer.indexVersion, '20260101T000000Z-00000001');
  });

  test('a request that nobody waits for any more ends between two steps, with the reason', async () => {
    const upload = await pngOf(noisePanorama(0));
    const reason = new SkyfixError('REQUEST_TIMEOUT', 'It took too long.');
    for (const after of [0, 1, 3]) {
      const abort = new AbortController();
      let reads = 0;
      // The clock is read once at the start and twice a step.
      const clock = () => {
        if (++reads === 1 + 2 * after) abort.abort(reason);
        return reads;
      };
      await assert.rejects(locate(lease.region, upload, { ...options, signal: abort.signal }, clock), {
        code: 'REQUEST_TIMEOUT',
      });
      assert.equal(reads, 1 + 2 * after);
    }
    const quiet = { ...options, signal: new AbortController().signal };
    assert.equal((await locate(lease.region, upload, quiet)).results.length, 3);
  });

  test('an upload that is no image is refused by its code', async () => {
    await assert.rejects(locate(lease.region, new Uint8Array(), options), { code: 'IMAGE_EMPTY' });
    await assert.rejects(locate(lease.region, new Uint8Array([1, 2, 3]), options), {
      code: 'IMAGE_UNDECODABLE',
    });
  });
});
