// What counts as a picture of nothing must not depend on how finely it is looked at.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bevTexture, requireTexture } from '../../src/imaging/index.js';
import { seededRandom } from '../../src/random/index.js';

/** One grey with noise of up to `noise` levels, and a slope of `slope` levels from left to right. */
function ground(sizePx: number, noise: number, slope: number, validShare = 1) {
  const random = seededRandom(sizePx);
  const data = new Uint8Array(3 * sizePx * sizePx);
  const mask = new Uint8Array(sizePx * sizePx);
  for (let k = 0; k < mask.length; k++) {
    const x = (k % sizePx) / sizePx;
    data.fill(Math.round(120 + slope * (x - 0.5) + noise * (2 * random() - 1)), 3 * k, 3 * k + 3);
    mask[k] = Number(x < validShare);
  }
  return { image: { widthPx: sizePx, heightPx: sizePx, data }, mask };
}

for (const sizePx of [96, 144, 256, 448, 512]) {
  test(`a BEV of ${sizePx} pixels: noise on one colour is nothing, a slope is something`, () => {
    assert.throws(() => requireTexture(ground(sizePx, 4, 0)), { code: 'PANORAMA_BLANK' });
    assert.doesNotThrow(() => requireTexture(ground(sizePx, 4, 8)));
    // Evenly spread over 8 levels: 8 / sqrt(12) = 2.31.
    assert.ok(Math.abs(bevTexture(ground(sizePx, 0.5, 8)).spread - 2.31) < 0.3);
    assert.throws(() => requireTexture(ground(sizePx, 4, 80, 0.01)), { code: 'PANORAMA_BLANK' });
    assert.ok(Math.abs(bevTexture(ground(sizePx, 0, 80, 0.5)).validShare - 0.5) < 0.02);
  });
}
