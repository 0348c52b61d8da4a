import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { RgbImage } from 'skyfix/geometry';
import { decodeImage } from 'skyfix/imaging';
import { captionSize, drawCaption } from '../../drawing/caption.js';
import { failureSheet, topFiveSheet, triplesSheet, writeSheet } from '../../report/sheets.js';
import { plain } from '../support/report-fixtures.js';

const panorama = plain(400, 200, [10, 20, 30]);
const bev = plain(64, 64, [40, 50, 60]);
const view = plain(64, 64, [70, 80, 90]);
const tile = plain(64, 64, [100, 110, 120]);

function pixel({ widthPx, data }: RgbImage, x: number, y: number): number[] {
  return [...data.subarray((y * widthPx + x) * 3, (y * widthPx + x) * 3 + 3)];
}
/** Middle of a column's first row; the panorama is the first column and two cells wide. */
const middle = (sheet: RgbImage, column: number) => pixel(sheet, 6 + column * 198 + 96, 20 + 6 + 96);
/** A pixel of the frame. */
const frame = (sheet: RgbImage, column: number) => pixel(sheet, 6 + column * 198 + 2, 20 + 6 + 96);

describe('sheets', () => {
  it('triples: panorama, BEV, view and tile stand side by side', async () => {
    const sheet = await triplesSheet([
      { panorama, bev, view, tile, caption: 'one' },
      { panorama, bev, view, tile },
    ]);
    assert.deepEqual(
      [0, 2, 3, 4].map((k) => middle(sheet, k)),
      [
        [10, 20, 30],
        [40, 50, 60],
        [70, 80, 90],
        [100, 110, 120],
      ],
    );
    assert.deepEqual([sheet.widthPx, sheet.heightPx], [5 * 198 + 6, 26 + 2 * 218]);
  });
  it('answers: right ones have a green frame, wrong ones a red one, missing ones none', async () => {
    const answers = [
      { tile, right: false, score: 0.9, distanceM: 40 },
      { tile, right: true, score: 0.8 },
    ];
    const sheet = await topFiveSheet([{ panorama, bev, view, answers }]);
    const [red, green, nothing] = [frame(sheet, 4), frame(sheet, 5), frame(sheet, 6)];
    assert.ok((red[0] ?? 0) > 150 && (red[1] ?? 255) < 80, String(red));
    assert.ok((green[1] ?? 0) > 120 && (green[0] ?? 255) < 80, String(green));
    assert.deepEqual(nothing, [255, 255, 255]);
    assert.deepEqual(middle(sheet, 4), [100, 110, 120]);
  });
  it('failures show the truth last; without views there is no column for them', async () => {
    const truth = plain(64, 64, [1, 200, 3]);
    const with5 = await failureSheet([{ panorama, bev, view, truth, answers: [] }]);
    assert.deepEqual(middle(with5, 9), [1, 200, 3]);
    const without = await failureSheet([{ panorama, bev, truth, answers: [] }]);
    assert.equal(with5.widthPx - without.widthPx, 198);
    assert.deepEqual(middle(without, 8), [1, 200, 3]);
  });
  it('are written as PNG', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'skyfix-sheets-'));
    try {
      const sheet = await triplesSheet([{ panorama, bev, tile }]);
      await writeSheet(join(folder, 'triples.png'), sheet);
      const read = await decodeImage(await readFile(join(folder, 'triples.png')));
      assert.deepEqual(read.data, sheet.data);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('captions', () => {
  const drawn = (text: string): string[] => {
    const { widthPx, heightPx } = captionSize(text, 1);
    const image = plain(widthPx, heightPx, [255, 255, 255]);
    drawCaption(image, text, 0, 0, 1);
    return Array.from({ length: heightPx }, (_, y) =>
      Array.from({ length: widthPx }, (_, x) => (pixel(image, x, y)[0] === 0 ? '#' : '.')).join(''),
    );
  };
  it('letters are drawn', () => {
    assert.deepEqual(drawn('T1'), [
      '#####...#...',
      '#.#.#..##...',
      '..#.....#...',
      '..#.....#...',
      '..#.....#...',
      '..#.....#...',
      '..#....###..',
      '............',
    ]);
  });
  it('every printable letter differs from every other, and others are question marks', () => {
    const letters = Array.from({ length: 95 }, (_, k) => String.fromCharCode(32 + k));
    assert.equal(new Set(letters.map((letter) => drawn(letter).join('\n'))).size, 95);
    assert.deepEqual(drawn('é'), drawn('?'));
    assert.notDeepEqual(drawn('°'), drawn('?'));
    assert.deepEqual(drawn('−'), drawn('-'));
  });
  it('what leaves the image is cut', () => {
    const image = plain(4, 4, [255, 255, 255]);
    drawCaption(image, 'MMMM', -3, -2, 3);
    assert.equal(image.data.length, 48);
  });
});
