// Views under another heading: against what a turn does to a pixel's azimuth and distance.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { storedImages, turnedViews } from '../../features/index.js';
import { memoryStore } from '../../stores/index.js';

const STORED = 96;
const SIZE = 64;

/** Black but for a white square of 3 px whose middle lies so far east and south of the image's. */
function marked(eastPx: number, southPx: number): Uint8Array {
  const data = new Uint8Array(STORED * STORED * 3);
  for (let k = 0; k < 9; k++) {
    const column = STORED / 2 + eastPx + (k % 3) - 1;
    const row = STORED / 2 + southPx + Math.floor(k / 3) - 1;
    data.fill(255, (row * STORED + column) * 3, (row * STORED + column + 1) * 3);
  }
  return data;
}

/** The middle of what is white, from the image's middle; half a pixel off, as the mark is. */
function markOf(data: Uint8Array): readonly [number, number] {
  let [east, south, weight] = [0, 0, 0];
  for (let k = 0; k < SIZE * SIZE; k++) {
    const light = data[3 * k] as number;
    east += light * ((k % SIZE) - SIZE / 2);
    south += light * (Math.floor(k / SIZE) - SIZE / 2);
    weight += light;
  }
  return [east / weight, south / weight];
}

describe('views under another heading', () => {
  const images = storedImages(memoryStore({ sizePx: STORED, count: 1, data: marked(0, -20) }));
  const viewOf = async (turnDeg: number, eastPx: number, southPx: number): Promise<Uint8Array> => {
    const turned = turnedViews(images, SIZE, 'a turn', () => ({ turnDeg, eastPx, southPx }));
    const image = await turned.image(0);
    assert.deepEqual([turned.sizePx, image.widthPx, image.heightPx], [SIZE, SIZE, SIZE]);
    return image.data as Uint8Array;
  };
  it('have what lay north at the azimuth of the turn', async () => {
    for (const turnDeg of [0, 30, 90, 200, -45]) {
      const [east, south] = markOf(await viewOf(turnDeg, 0, 0));
      const turn = (turnDeg * Math.PI) / 180;
      const off = Math.hypot(east - 20 * Math.sin(turn), south + 20 * Math.cos(turn));
      assert.ok(off < 1.5, `${turnDeg}: ${east}, ${south}`);
    }
  });
  it('are shifted before they are turned', async () => {
    // The mark lies 28 px north of a middle that lies 8 px south of the camera: after a quarter turn in the east.
    const [east, south] = markOf(await viewOf(90, 0, 8));
    assert.ok(Math.hypot(east - 28, south) < 1.5, `${east}, ${south}`);
  });
  it('are known apart by their key, and refuse to leave an image', async () => {
    const turn = { turnDeg: 1, eastPx: 0, southPx: 0 };
    const [a, b] = ['a', 'b'].map((key) => turnedViews(images, SIZE, key, () => turn).digest);
    assert.notEqual(a, b);
    await assert.rejects(viewOf(10, 17, 0), RangeError);
  });
});
