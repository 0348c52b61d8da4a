// What a request says of the heading, what the file says, and what comes of neither.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import sharp from 'sharp';
import { distanceM, turnBetweenDeg } from '../../src/geometry/index.js';
import { type LocateAnswer, type LocateOptions, locate } from '../../src/locate/index.js';
import { type RegionLease, RegionService } from '../../src/regions/index.js';
import { pngOf } from '../support/tiny-region.js';
import { onMap, panoramaOf, photoOf, publishWavyGround } from '../support/wavy-ground.js';

const options: LocateOptions = { top: 3, distinct: true };
const CAMERA = { eastM: 9, northM: -17 };
const HEADING_DEG = 197;

/** The same picture, whose GPano says that it looks there. */
const saying = (image: Buffer, headingDeg: number) =>
  sharp(image)
    .withXmp(
      '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">' +
        '<rdf:Description xmlns:GPano="http://ns.google.com/photos/1.0/panorama/" ' +
        `GPano:PoseHeadingDegrees="${headingDeg}"/></rdf:RDF></x:xmpmeta>`,
    )
    .png()
    .toBuffer();

describe('the heading of an answer', () => {
  let dataDir: string;
  let service: RegionService;
  let lease: RegionLease;
  let upload: Buffer;
  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'skyfix-heading-'));
    await publishWavyGround(dataDir, 'waves');
    service = await RegionService.open(dataDir, { threads: 1 });
    lease = service.acquire('waves');
    upload = await pngOf(panoramaOf(CAMERA, { headingDeg: HEADING_DEG, pitchDeg: 0, rollDeg: 0 }));
  });
  after(async () => {
    lease.release();
    await service.close();
    await rm(dataDir, { recursive: true });
  });

  const ask = (more: Partial<LocateOptions>, image = upload) =>
    locate(lease.region, image, { ...options, ...more });
  const offM = ({ results: [first] }: LocateAnswer) => (first ? distanceM(first, onMap(CAMERA)) : Number.NaN);

  function assertEstimated(answer: LocateAnswer, withinDeg = 2): void {
    const { deg, source, uncertaintyDeg } = answer.heading;
    assert.equal(source, 'estimated');
    assert.ok(Math.abs(turnBetweenDeg(HEADING_DEG, deg)) < withinDeg, `${deg}`);
    assert.ok(
      uncertaintyDeg !== undefined && uncertaintyDeg >= 0 && uncertaintyDeg < 15,
      `${uncertaintyDeg}`,
    );
    assert.ok(offM(answer) < 4, `${offM(answer)} m`);
  }

  test('is estimated where neither the request nor the file says it, and 0 still is north', async () => {
    const answer = await ask({});
    assertEstimated(answer);
    assert.match(answer.warnings.join(), /No heading was given.*estimated/);
    const north = await ask({ headingDeg: 0 });
    assert.deepEqual(north.heading, { deg: 0, source: 'request' });
    assert.doesNotMatch(north.warnings.join(), /heading/i);
    assert.ok(!(offM(north) < 4));
  });

  test("is the file's where the file says it, unless it is to be unknown", async () => {
    const wrong = await saying(upload, 17);
    assert.deepEqual((await ask({}, wrong)).heading, { deg: 17, source: 'metadata' });
    const unknown = await ask({ heading: 'unknown' }, wrong);
    assertEstimated(unknown);
    assert.doesNotMatch(unknown.warnings.join(), /No heading was given/);
  });

  test('is estimated around what is known to a tolerance', async () => {
    assertEstimated(await ask({ headingDeg: HEADING_DEG - 31, headingToleranceDeg: 45 }));
    assertEstimated(await ask({ headingToleranceDeg: 10 }, await saying(upload, HEADING_DEG + 7)));
    const beyond = await ask({ headingDeg: HEADING_DEG + 90, headingToleranceDeg: 20 });
    assert.ok(Math.abs(turnBetweenDeg(HEADING_DEG + 90, beyond.heading.deg)) <= 20);
    // A tolerance of nothing is none.
    const answer = await ask({ headingToleranceDeg: 5 });
    assertEstimated(answer);
    assert.match(answer.warnings.join(), /headingToleranceDeg/);
  });

  test('raw tiles are those under the estimated heading; a prior holds', async () => {
    const raw = await ask({ distinct: false });
    assert.equal(raw.heading.source, 'estimated');
    // A look sees a tile's ground from beside it.
    assert.ok(raw.results.length === 3 && raw.results.every((place) => distanceM(place, onMap(CAMERA)) < 20));
    const prior = { centre: onMap({ eastM: 24, northM: -17 }), radiusM: 5 };
    const { results } = await ask({ prior });
    assert.ok(results.length > 0 && results.every((place) => distanceM(place, prior.centre) <= 5.01));
    const nowhere = await ask({ prior: { centre: { lon: 0, lat: 0 }, radiusM: 5 } });
    assert.deepEqual(nowhere.results, []);
    assert.equal(nowhere.heading.source, 'estimated');
    assert.match(nowhere.warnings.join(), /No tile.*|uncertain/);
  });

  test('a perspective photo is found by what it shows of the ground, its heading known, about known, or not', async () => {
    const pose = { headingDeg: HEADING_DEG, pitchDeg: -14, rollDeg: 3 };
    const photo = await pngOf(photoOf(CAMERA, pose, { fovDeg: 100 }));
    const shown = { horizontalFovDeg: 100, pitchDeg: -14, rollDeg: 3, cameraHeightM: 2 };
    const known = await ask({ ...shown, headingDeg: HEADING_DEG }, photo);
    assert.ok(offM(known) < 6, `${offM(known)} m`);
    assert.match(known.warnings.join(), /perspective photo of 100\.0 x/);
    const about = await ask({ ...shown, headingDeg: HEADING_DEG + 30, headingToleranceDeg: 45 }, photo);
    assert.ok(Math.abs(turnBetweenDeg(HEADING_DEG, about.heading.deg)) < 8, `${about.heading.deg}`);
    const unknown = await ask({ ...shown, projection: 'perspective' }, photo);
    assert.equal(unknown.heading.source, 'estimated');
    // Taken for something else it is lost.
    const lost = await ask({ ...shown, headingDeg: HEADING_DEG, projection: 'equirectangular' }, photo);
    assert.ok(!(offM(lost) < 6), `${offM(lost)} m`);
  });

  test('a photo of nothing but sky is refused as that', async () => {
    const up = await pngOf(photoOf(CAMERA, { headingDeg: 0, pitchDeg: 60, rollDeg: 0 }));
    const sky = { horizontalFovDeg: 60, pitchDeg: 60 };
    for (const heading of [{ headingDeg: 0 }, {}]) {
      const asked = ask({ ...sky, ...heading }, up);
      await assert.rejects(asked, {
        code: 'PANORAMA_BLANK',
        message: /horizon lies below.*pitch of 60 and 60\.0 x 46\.8 degrees it looks 3\d\.\d degrees above/,
      });
    }
  });

  test('contradictions are refused before anything is decoded', async () => {
    const refused = [
      [{ heading: 'unknown', headingDeg: 3 }, /heading is "unknown" and headingDeg 3/],
      [{ heading: 'unknown', headingToleranceDeg: 45 }, /exclude/],
      [{ headingDeg: 3, headingToleranceDeg: 0 }, /headingToleranceDeg is 0/],
      [{ headingDeg: 3, headingToleranceDeg: 181 }, /from 1 to 180/],
      [{ headingDeg: 3, headingToleranceDeg: Number.NaN }, /headingToleranceDeg is NaN/],
    ] as const;
    for (const [more, message] of refused) {
      await assert.rejects(ask(more, Buffer.from('no image')), { code: 'PARAMETER_INVALID', message });
    }
  });

  test('takes its time step by step, told each time, until nobody waits any more', async () => {
    const told: string[] = [];
    let now = 0;
    const clock = () => now++;
    const onStep = ({ step }: { readonly step: string }) => told.push(step);
    const answer = await locate(lease.region, upload, { ...options, onStep }, clock);
    // Half of the headings, the neighbours of the best, and at least one closely.
    assert.ok(told.filter((step) => step === 'search').length > 14);
    // Each step took one tick of this clock.
    for (const step of ['decode', 'bev', 'generate', 'embed', 'search'] as const) {
      assert.equal(answer.timingsMs[step], told.filter((name) => name === step).length);
    }
    const abort = new AbortController();
    const stopped: string[] = [];
    await assert.rejects(
      ask({
        signal: abort.signal,
        onStep: ({ step }) => {
          stopped.push(step);
          if (stopped.length === 12) abort.abort(new Error('gone'));
        },
      }),
      /gone/,
    );
    assert.equal(stopped.length, 12);
  });
});
