// Coherence: of noise 0 by its making, of squares what geometry says, of real panoramas far from both.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { coherenceOf, decodePanorama } from '../../src/imaging/index.js';
import { seededRandom } from '../../src/random/index.js';

const WIDTH_PX = 1024;

/** Squares of `sidePx` with a grey value each, by chance. */
function squares(sidePx: number, widthPx = WIDTH_PX) {
  const random = seededRandom(7);
  const across = Math.ceil(widthPx / sidePx);
  const greys = Array.from({ length: across * across }, () => 256 * random());
  const [heightPx, data] = [widthPx / 2, new Uint8Array((3 * widthPx * widthPx) / 2)];
  for (let k = 0; k < widthPx * heightPx; k++) {
    const [x, y] = [k % widthPx, Math.floor(k / widthPx)];
    data.fill(greys[Math.floor(y / sidePx) * across + Math.floor(x / sidePx)] as number, 3 * k, 3 * k + 3);
  }
  return { widthPx, heightPx, data };
}

test('neighbours in noise are strangers, however coarse its grain up to a 128th of the width', () => {
  for (const sidePx of [1, 2, 4, 8]) assert.ok(Math.abs(coherenceOf(squares(sidePx))) < 0.06, `${sidePx} px`);
});

test('of squares as many neighbours lie in the same one as geometry says', () => {
  // A 128th of 1024 is 8 pixels: three quarters of the points of a square of 32 have their neighbour in it.
  assert.ok(Math.abs(coherenceOf(squares(32)) - 0.75) < 0.05);
});

test('a plain image, and one of a few pixels, are no noise', () => {
  const plain = { widthPx: 64, heightPx: 32, data: new Uint8Array(64 * 32 * 3).fill(90) };
  assert.equal(coherenceOf(plain), 1);
  assert.equal(coherenceOf({ widthPx: 2, heightPx: 1, data: Uint8Array.of(0, 0, 0, 255, 255, 255) }), 1);
});

test('panoramas are coherent', async () => {
  for (const name of ['p00015', 'p00020', 'p00113']) {
    const file = new URL(`../../../demo/panoramas/${name}.jpg`, import.meta.url);
    const { image } = await decodePanorama(await readFile(file));
    assert.ok(coherenceOf(image) > 0.7, name);
  }
});
