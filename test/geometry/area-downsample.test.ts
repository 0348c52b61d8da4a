// BEVs averaged down: means of the pixels that are valid.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { areaDownsample } from '../../src/geometry/index.js';
import { seededRandom } from '../../src/random/index.js';

test('areas are averaged over their valid pixels', () => {
  const data = new Uint8Array([10, 0, 0, 20, 0, 0, 30, 0, 0, 255, 0, 0]);
  const image = { widthPx: 2, heightPx: 2, data };
  assert.deepEqual(areaDownsample({ image, mask: new Uint8Array([1, 1, 1, 0]) }, 2), {
    image: { widthPx: 1, heightPx: 1, data: new Uint8Array([20, 0, 0]) },
    mask: new Uint8Array([1]),
  });
  assert.equal(areaDownsample({ image, mask: new Uint8Array([1, 0, 0, 0]) }, 2).mask[0], 0);
  assert.throws(() => areaDownsample({ image, mask: new Uint8Array(4) }, 3), { code: 'INTERNAL' });
});

test('areas are averaged as the sentence says, whatever is valid in them', () => {
  const random = seededRandom(3);
  for (const [sizePx, factor] of [
    [12, 2],
    [12, 3],
    [16, 4],
  ] as const) {
    const mask = Uint8Array.from({ length: sizePx * sizePx }, () => Number(random() < 0.7));
    const data = Uint8Array.from({ length: 3 * mask.length }, () => 256 * random());
    const shrunk = areaDownsample({ image: { widthPx: sizePx, heightPx: sizePx, data }, mask }, factor);
    const side = sizePx / factor;
    for (let k = 0; k < side * side; k++) {
      const inside = [...mask.keys()].filter(
        (p) =>
          Math.floor(Math.floor(p / sizePx) / factor) === Math.floor(k / side) &&
          Math.floor((p % sizePx) / factor) === k % side,
      );
      const valid = inside.filter((p) => mask[p] === 1);
      const enough = valid.length > 0 && 2 * valid.length >= inside.length;
      assert.equal(shrunk.mask[k], Number(enough));
      for (const channel of [0, 1, 2]) {
        const sum = valid.reduce((total, p) => total + (data[3 * p + channel] ?? 0), 0);
        assert.equal(shrunk.image.data[3 * k + channel], enough ? Math.round(sum / valid.length) : 0);
      }
    }
  }
});
