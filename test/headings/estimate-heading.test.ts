// Headings of cameras on ground that is known, drawn by exact rays.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { bevGeometryOf } from '../../src/bundles/index.js';
import { Describer } from '../../src/describe/index.js';
import { distanceM, fullSphere, projectBev, turnBetweenDeg } from '../../src/geometry/index.js';
import { estimateHeading, type HeadingQuestion, type HeadingRange } from '../../src/headings/index.js';
import type { RunStep } from '../../src/headings/looks-under.js';
import type { Offset } from '../../src/places/index.js';
import { type RegionLease, RegionService } from '../../src/regions/index.js';
import { seeded } from '../support/tiny-region.js';
import { onMap, panoramaOf, publishWavyGround } from '../support/wavy-ground.js';

const ALL_ROUND: HeadingRange = { aroundDeg: 0, toleranceDeg: 180 };

describe('the heading of a panorama that nobody knows', () => {
  let dataDir: string;
  let service: RegionService;
  let lease: RegionLease;
  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'skyfix-headings-'));
    await publishWavyGround(dataDir, 'waves');
    service = await RegionService.open(dataDir, { threads: 1 });
    lease = service.acquire('waves');
  });
  after(async () => {
    lease.release();
    await service.close();
    await rm(dataDir, { recursive: true });
  });

  function questionOf(
    camera: Offset,
    headingDeg: number,
    range: HeadingRange,
    tilt = { pitchDeg: 0, rollDeg: 0 },
  ) {
    const { region } = lease;
    const { geometry } = region.bundle.manifest;
    const image = panoramaOf(camera, { headingDeg, ...tilt });
    const window = fullSphere(image.widthPx, image.heightPx);
    const describer = new Describer(region.networks, region.bundle.manifest);
    const bevs: number[] = [];
    const bevAt = (deg: number) => {
      bevs.push(deg);
      return describer.shrink(
        projectBev(image, window, { headingDeg: deg, ...tilt }, bevGeometryOf(geometry)),
      );
    };
    return { question: { describer, tiles: region.version, bevAt, range, top: 3 }, bevs };
  }

  test('is found to 2 degrees all round, with the place, by at most 11 views', async () => {
    const random = seeded(5);
    for (let k = 0; k < 5; k++) {
      const camera = { eastM: (random() - 0.5) * 70, northM: (random() - 0.5) * 70 };
      const headingDeg = random() * 360;
      const { question, bevs } = questionOf(camera, headingDeg, ALL_ROUND);
      const found = await estimateHeading(question);
      assert.ok(
        Math.abs(turnBetweenDeg(headingDeg, found.headingDeg)) < 2,
        `${found.headingDeg} for ${headingDeg}`,
      );
      assert.ok(found.uncertaintyDeg < 10, `${found.uncertaintyDeg}`);
      const [first] = found.tried[0]?.places ?? [];
      assert.ok(
        first && distanceM(first, onMap(camera)) < 4,
        `${first && distanceM(first, onMap(camera))} m`,
      );
      assert.ok(bevs.length <= 11, `${bevs.length} views`);
    }
  });

  test('that stands out is found by half of the headings and its neighbours; one that does not, by all', async () => {
    const { question, bevs } = questionOf({ eastM: 9, northM: -14 }, 200, ALL_ROUND);
    const searchesOf = async (asked: HeadingQuestion) => {
      let searches = 0;
      const counted: RunStep = async (step, work) => {
        if (step === 'search') searches++;
        return work();
      };
      const { tried, headingDeg } = await estimateHeading(asked, counted);
      return { coarse: searches - tried.length, headingDeg };
    };
    const alone = await searchesOf(question);
    assert.equal(alone.coarse, 12 + 2);
    assert.ok(Math.abs(turnBetweenDeg(200, alone.headingDeg)) < 2, `${alone.headingDeg}`);
    assert.ok(bevs.length <= 7, `${bevs.length} views`);
    const grey = question.bevAt(0);
    grey.image.data.fill(128);
    assert.equal((await searchesOf({ ...question, bevAt: () => grey })).coarse, 24);
  });

  test('is found of a tilted camera, across north, and only within a tolerance that is given', async () => {
    const camera = { eastM: -12, northM: 21 };
    const tilted = questionOf(camera, 359, ALL_ROUND, { pitchDeg: 4, rollDeg: -6 });
    const found = await estimateHeading(tilted.question);
    assert.ok(Math.abs(turnBetweenDeg(359, found.headingDeg)) < 2, `${found.headingDeg}`);
    for (const [aroundDeg, toleranceDeg] of [
      [340, 45],
      [352, 10],
      [1, 3],
      [359, 1],
    ] as const) {
      const near = questionOf(camera, 359, { aroundDeg, toleranceDeg });
      const { headingDeg } = await estimateHeading(near.question);
      assert.ok(Math.abs(turnBetweenDeg(359, headingDeg)) < 2, `${headingDeg} around ${aroundDeg}`);
      assert.ok(near.bevs.every((deg) => Math.abs(turnBetweenDeg(aroundDeg, deg)) <= toleranceDeg + 1e-9));
    }
    const elsewhere = questionOf(camera, 359, { aroundDeg: 120, toleranceDeg: 30 });
    const wrong = await estimateHeading(elsewhere.question);
    assert.ok(Math.abs(turnBetweenDeg(120, wrong.headingDeg)) <= 30);
  });

  test('stays uncertain where nothing can be compared, and of ground that looks the same all round', async () => {
    const { question } = questionOf({ eastM: 0, northM: 0 }, 70, ALL_ROUND);
    const nowhere = await estimateHeading({ ...question, prior: { centre: { lon: 0, lat: 0 }, radiusM: 5 } });
    assert.deepEqual(nowhere.tried, []);
    assert.ok(nowhere.headingDeg >= 0 && nowhere.headingDeg < 360);
    assert.ok(nowhere.uncertaintyDeg > 60, `${nowhere.uncertaintyDeg}`);
    const bev = question.bevAt(0);
    const rings = bev.image.data.map((_, k) => {
      const [row, column] = [Math.floor(k / 3 / 20) - 9.5, (Math.floor(k / 3) % 20) - 9.5];
      return 128 + 100 * Math.sin(Math.hypot(row, column) / 2 + (k % 3));
    });
    const same = { ...bev, image: { ...bev.image, data: rings } };
    const round = await estimateHeading({ ...question, bevAt: () => same });
    assert.ok(round.uncertaintyDeg > 45, `${round.uncertaintyDeg}`);
  });

  test('a step that throws ends it there', async () => {
    const { question, bevs } = questionOf({ eastM: 0, northM: 0 }, 70, ALL_ROUND);
    let steps = 0;
    const run = async <T>(_: string, work: () => T | Promise<T>) => {
      if (++steps > 30) throw new Error('nobody waits');
      return work();
    };
    await assert.rejects(estimateHeading(question, run), /nobody waits/);
    assert.equal(steps, 31);
    assert.ok(bevs.length < 11);
  });
});
