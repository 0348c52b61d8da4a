// A photo of a part of the circle shows the ground of its sector as the whole panorama does, and nothing beside it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fullSphere, projectBev } from 'skyfix/geometry';
import type { DecodedPanorama } from 'skyfix/imaging';
import { sectorOf } from '../../pipeline/evaluate-headings.js';

test('a sector is cut around the heading', () => {
  const [widthPx, heightPx, headingDeg] = [720, 360, 117];
  const data = new Uint8Array(widthPx * heightPx * 3).map((_, k) => 60 + ((k * 7) % 150));
  const pose = { headingDeg, pitchDeg: 0, rollDeg: 0 };
  const whole: DecodedPanorama = {
    image: { widthPx, heightPx, data },
    window: fullSphere(widthPx, heightPx),
    pose,
    headingSource: 'request',
    warnings: [],
    originalWidthPx: widthPx,
    originalHeightPx: heightPx,
  };
  const bev = { sizePx: 64, gsdM: 0.5, cameraHeightM: 2.5 };
  const all = projectBev(whole.image, whole.window, pose, bev).image.data;
  for (const fovDeg of [180, 90]) {
    const { image, window } = sectorOf(whole, fovDeg);
    assert.equal(image.widthPx, fovDeg * 2);
    const { image: seen, mask } = projectBev(image, window, pose, bev);
    for (let row = 0; row < 64; row++) {
      for (let column = 0; column < 64; column++) {
        const azimuth = (Math.atan2(column - 31.5, 31.5 - row) * 180) / Math.PI;
        const off = Math.abs(((azimuth - headingDeg + 540) % 360) - 180);
        if (Math.abs(off - fovDeg / 2) < 1) continue; // at the border a pixel of the panorama lies half outside
        const k = row * 64 + column;
        assert.equal(mask[k], off < fovDeg / 2 ? 1 : 0, `${fovDeg}: ${row}, ${column}`);
        const expected = off < fovDeg / 2 ? [...all.subarray(3 * k, 3 * k + 3)] : [0, 0, 0];
        assert.deepEqual([...seen.data.subarray(3 * k, 3 * k + 3)], expected);
      }
    }
  }
  assert.equal(sectorOf(whole, 360), whole);
  const half = sectorOf(whole, 180);
  assert.deepEqual(sectorOf(half, 90), sectorOf(whole, 90));
  assert.equal(sectorOf(half, 270), half, 'what a photo does not show is not added');
});
