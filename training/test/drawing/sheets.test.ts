// Sheets of images against sharp's own compositing, and grids with labels.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import sharp from 'sharp';
import type { RgbImage } from 'skyfix/geometry';
import { imageSheet, pasteImage, spreadEvenly } from '../../drawing/sheet.js';
import { sampleGrid } from '../../runs/sample-grid.js';

const filled = (widthPx: number, heightPx: number, value: number): RgbImage => ({
  widthPx,
  heightPx,
  data: new Uint8Array(widthPx * heightPx * 3).fill(value),
});

const raw = ({ widthPx, heightPx }: RgbImage) => ({
  raw: { width: widthPx, height: heightPx, channels: 3 as const },
});

describe('sheets', () => {
  it('paste like sharp does', async () => {
    const place = fc.record({
      widthPx: fc.integer({ min: 1, max: 9 }),
      heightPx: fc.integer({ min: 1, max: 9 }),
      left: fc.integer({ min: 0, max: 11 }),
      top: fc.integer({ min: 0, max: 11 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(place, { minLength: 1, maxLength: 5 }), async (places) => {
        const sheet = filled(20, 20, 255);
        const layers = places.map(({ widthPx, heightPx, left, top }, k) => {
          const data = Uint8Array.from({ length: widthPx * heightPx * 3 }, (_, i) => (i * 7 + k * 40) % 256);
          const image = { widthPx, heightPx, data };
          pasteImage(sheet, image, left, top);
          return { input: Buffer.from(data), left, top, ...raw(image) };
        });
        const blank = filled(20, 20, 255);
        const expected = await sharp(blank.data, raw(blank)).composite(layers).removeAlpha().raw().toBuffer();
        assert.deepEqual(Buffer.from(sheet.data), expected);
      }),
      { numRuns: 30 },
    );
  });

  it('refuse an image that would stick out', () => {
    for (const [left, top] of [
      [-1, 0],
      [0, -1],
      [8, 0],
      [0, 8],
    ] as const) {
      assert.throws(() => pasteImage(filled(10, 10, 255), filled(3, 3, 0), left, top), RangeError);
    }
  });

  it('put cells in rows, and images in the middle of their row', () => {
    const cell = [filled(4, 2, 10), filled(3, 6, 20)];
    const sheet = imageSheet([cell, cell, [filled(4, 6, 30)]], { columns: 2, gapPx: 1, cellGapPx: 5 });
    assert.deepEqual([sheet.widthPx, sheet.heightPx], [8 + 5 + 8, 6 + 5 + 6]);
    const at = (x: number, y: number) => sheet.data[(y * sheet.widthPx + x) * 3];
    assert.deepEqual([at(0, 1), at(0, 2), at(3, 3), at(0, 4)], [255, 10, 10, 255]);
    assert.deepEqual([at(4, 0), at(5, 0), at(7, 5), at(8, 0)], [255, 20, 20, 255]);
    assert.deepEqual([at(13, 2), at(18, 0), at(0, 11), at(13, 11)], [10, 20, 30, 255]);
    assert.deepEqual(imageSheet([], { columns: 2, gapPx: 1, cellGapPx: 5 }), filled(1, 1, 255));
  });

  it('draw evenly: in order, without twins, from the first on', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 1, max: 40 }), (count, wanted) => {
        const drawn = spreadEvenly(count, wanted);
        assert.equal(drawn.length, Math.min(count, wanted));
        assert.ok(
          drawn.every((value, k) => value < count && (k === 0 ? value === 0 : value > (drawn[k - 1] ?? 0))),
        );
        const gaps = drawn.map((value, k) => (drawn[k + 1] ?? count) - value);
        assert.ok(Math.max(0, ...gaps) - Math.min(...gaps, 1000) <= 1);
      }),
    );
  });

  it('carry labels above the images they name, and leave the images as they are', () => {
    const samples = [0, 1, 2, 3].map(() => [filled(40, 30, 100), filled(40, 30, 200)]);
    const plain = sampleGrid(samples, { across: 2 });
    const grid = sampleGrid(samples, { across: 2, labels: ['BEV', 'a <very> long name & more'] });
    assert.equal(grid.widthPx, plain.widthPx);
    const head = grid.heightPx - plain.heightPx;
    assert.deepEqual(grid.data.subarray(head * grid.widthPx * 3), plain.data);
    const inked = (from: number, to: number) => {
      let count = 0;
      for (let y = 0; y < head; y++)
        for (let x = from; x < to; x++) if ((grid.data[(y * grid.widthPx + x) * 3] ?? 255) < 128) count++;
      return count;
    };
    // four columns of 40 px; nothing is written between the two samples
    for (const left of [0, 42, 90, 132]) assert.ok(inked(left, left + 40) > 0, `label at ${left}`);
    assert.equal(inked(82, 90), 0);
  });
});
