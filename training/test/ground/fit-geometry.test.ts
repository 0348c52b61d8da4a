// Camera height, horizon and heading measured on a town whose own are known, as full spheres and as strips.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { FieldOfView } from 'skyfix/geometry';
import { openDataset } from '../../datasets/index.js';
import { fitGeometry, fitReport, type PolarPair, readPolarPairs } from '../../ground/index.js';
import { peakOf } from '../../ground/peak.js';
import { CAMERA_HEIGHT_M, DEFAULT_TOWN, makeTown } from '../../town/index.js';
import { writeTownStrips } from '../support/town-strips.js';

/** CVUSA's strips; the list's headings are 7 degrees too small. */
const STRIPS = { verticalDeg: (360 * 224) / 1232, horizonShare: 0.585, headingErrorDeg: -7, tileFileM: 80 };

describe('a geometry fitted to pairs', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'skyfix-fit-'));
    const town = join(folder, 'town');
    // Level cameras: strips say no pose, and those of mapping cars are level.
    await makeTown({
      ...DEFAULT_TOWN,
      seed: 12,
      places: 24,
      panoramaWidthPx: 768,
      tilt: false,
      workers: 1,
      out: town,
    });
    await writeTownStrips(town, join(folder, 'strips'), STRIPS);
  });
  after(() => rm(folder, { recursive: true }));

  const geometryOf = (cameraHeightM: number) => ({
    tileSizeM: 60,
    inputSizePx: 64,
    bevSizePx: 128,
    cameraHeightM,
  });
  const spheres = async (cameraHeightM: number): Promise<PolarPair[]> => {
    const dataset = await openDataset({ format: 'town', root: join(folder, 'town') });
    return readPolarPairs(dataset, dataset.pairs, geometryOf(cameraHeightM));
  };
  const strips = async (
    cameraHeightM: number,
    fieldOfView: FieldOfView,
    tileFileM: number = STRIPS.tileFileM,
  ): Promise<PolarPair[]> => {
    const root = join(folder, 'strips');
    const dataset = await openDataset({ format: 'csv', root, fieldOfView, tileFileM });
    return readPolarPairs(dataset, dataset.pairs, geometryOf(cameraHeightM));
  };
  const near = (value: number, truth: number, within: number) =>
    assert.ok(Math.abs(value - truth) <= within, `${value} is not within ${within} of ${truth}`);

  it('of full spheres is the camera height, from far beside it', async () => {
    for (const configured of [1.2, CAMERA_HEIGHT_M, 5]) {
      const pairs = await spheres(configured);
      const fit = fitGeometry(pairs, 1);
      near(fit.heightFactor.value * configured, CAMERA_HEIGHT_M, 0.1);
      near(fit.headingOffsetDeg.value, 0, 0.8);
      assert.equal(fit.horizonLowerDeg, undefined);
      const { heightFactor: factor } = fit;
      assert.ok(
        factor.low < factor.value &&
          factor.value < factor.high &&
          factor.high - factor.low < 0.2 * factor.value,
      );
      const { text, warnings } = fitReport(fit, pairs, undefined);
      assert.match(text, /camera height, m +[\d.]+ +2\.[3-6]\d* +2\.[3-6]\d* to 2\.[3-6]\d*\n/);
      assert.match(text, /24 pairs; .*full spheres/);
      assert.equal(warnings.length, configured === CAMERA_HEIGHT_M ? 0 : 1, warnings.join());
      if (warnings.length > 0) assert.match(warnings.join(), /not (1\.2|5): set geometry\.cameraHeightM/);
    }
  });

  it('of strips is height, horizon and heading at once, and what to set is said', async () => {
    const pairs = await strips(2, { verticalDeg: STRIPS.verticalDeg });
    const fit = fitGeometry(pairs, 1);
    near(fit.heightFactor.value * 2, CAMERA_HEIGHT_M, 0.15);
    near((fit.horizonLowerDeg?.value ?? 0) / STRIPS.verticalDeg + 0.5, STRIPS.horizonShare, 0.015);
    near(fit.headingOffsetDeg.value, -STRIPS.headingErrorDeg, 0.8);
    assert.ok(fit.similarity.fitted > 2 * fit.similarity.configured);
    assert.deepEqual(fitGeometry(pairs, 1), fit, 'the same again');
    const { text, warnings } = fitReport(fit, pairs, STRIPS.tileFileM);
    assert.match(text, /horizon, share of 65\.\d+ degrees +0\.5 +0\.(5[789]|60?)\d* +0\.5\d* to 0\.\d+\n/);
    assert.equal(warnings.length, 3, warnings.join('\n'));
    assert.match(
      warnings[0] ?? '',
      /cameraHeightM\. The same is seen if a tile file shows 6\d(\.\d)? m instead of 80 \(tileFileM\)/,
    );
    assert.match(warnings[1] ?? '', /5\.\d degrees below where it is configured: set horizonShare 0\.5[789]/);
    assert.match(warnings[2] ?? '', /Headings are off: [67]\.?\d* degrees have to be added/);
  });

  it('of strips that are configured right is what is configured', async () => {
    const { verticalDeg, horizonShare } = STRIPS;
    const pairs = await strips(CAMERA_HEIGHT_M, { verticalDeg, horizonShare });
    const { warnings } = fitReport(fitGeometry(pairs, 1), pairs, STRIPS.tileFileM);
    assert.equal(warnings.length, 1, warnings.join('\n'));
    assert.match(warnings.join(), /Headings/);
  });

  it('tells tiles whose ground is wrong by a camera that nobody has', async () => {
    const { verticalDeg, horizonShare } = STRIPS;
    const pairs = await strips(CAMERA_HEIGHT_M, { verticalDeg, horizonShare }, 30);
    const { warnings } = fitReport(fitGeometry(pairs, 1), pairs, 30);
    assert.match(
      warnings[0] ?? '',
      /a tile file shows (7[5-9]|8[0-5])(\.\d)? m instead of 30, which is more likely/,
    );
  });

  it('is uncertain of pairs that do not belong together', async () => {
    const pairs = await spheres(CAMERA_HEIGHT_M);
    const mixed = pairs.map((pair, k) => ({
      ...pair,
      tile: (pairs[(k + 7) % pairs.length] as PolarPair).tile,
    }));
    const { warnings } = fitReport(fitGeometry(mixed, 1), mixed, undefined);
    assert.equal(warnings.length, 1);
    assert.match(warnings.join(), /Nothing certain can be said: the 24 pairs/);
  });
});

describe('the top between the cells of a grid', () => {
  it('is that of a paraboloid, its axes crossed', () => {
    const lengths = [7, 5, 6] as const;
    const [a, b, c] = [2.8, 1.6, 3.3];
    const values = new Float64Array(7 * 5 * 6);
    for (let i = 0, at = 0; i < 7; i++) {
      for (let j = 0; j < 5; j++) {
        for (let k = 0; k < 6; k++, at++) {
          const [x, y, z] = [i - a, j - b, k - c];
          values[at] = -(x * x + 2 * y * y + z * z + 0.5 * x * y - 0.3 * y * z);
        }
      }
    }
    for (const [axis, value] of peakOf({ lengths, values }).entries()) {
      assert.ok(Math.abs(value - ([a, b, c][axis] ?? 0)) < 1e-9, `${axis}: ${value}`);
    }
  });

  it('stays on an axis of one cell, and on a border', () => {
    const values = Float64Array.from([5, 3, 1, 2, 1, 0]);
    assert.deepEqual(peakOf({ lengths: [2, 1, 3], values }), [0, 0, 0]);
  });
});
