// PSNR, SSIM and RMSE against scikit-image (fixtures/make_image_quality.py made the expected values).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { RgbImage } from 'skyfix/geometry';
import { meanQuality, psnrOf, rmseOf, ssimOf } from '../../evaluation/image-quality.js';

interface Case {
  readonly name: string;
  readonly heightPx: number;
  readonly widthPx: number;
  readonly sum: number;
  readonly psnrDb: number;
  readonly ssim: number;
  readonly rmse: number;
}

const PATH = fileURLToPath(new URL('../../../test/fixtures/image-quality.json', import.meta.url));
const { cases } = JSON.parse(readFileSync(PATH, 'utf8')) as { readonly cases: readonly Case[] };

type Sample = (i: number, j: number, c: number) => number;

function picture(heightPx: number, widthPx: number, sample: Sample): RgbImage {
  const data = new Uint8Array(heightPx * widthPx * 3);
  let at = 0;
  for (let i = 0; i < heightPx; i++)
    for (let j = 0; j < widthPx; j++) for (let c = 0; c < 3; c++) data[at++] = sample(i, j, c);
  return { heightPx, widthPx, data };
}

const plaid: Sample = (i, j, c) =>
  (3 * i + 2 * j + 40 * c + 60 * ((Math.floor(i / 5) + Math.floor(j / 7)) % 2) + Math.floor((i * j) / 9)) %
  256;

const grain =
  (strength: number): Sample =>
  (i, j, c) => {
    const pattern = ((i * 53 + j * 97 + c * 31 + i * j * 7) % (2 * strength + 1)) - strength;
    return Math.min(255, Math.max(0, plaid(i, j, c) + pattern));
  };

function changed({ name, heightPx, widthPx }: Case): Sample {
  switch (name) {
    case 'light grain':
      return grain(8);
    case 'strong grain':
      return grain(90);
    case 'smallest':
      return grain(30);
    case 'upside down':
      return (i, j, c) => plaid(heightPx - 1 - i, j, c);
    case 'inverted':
      return (i, j, c) => 255 - plaid(i, j, c);
    case 'one pixel to the right':
      return (i, j, c) => plaid(i, (j + widthPx - 1) % widthPx, c);
    default:
      throw new RangeError(`The fixture's case "${name}" is unknown here.`);
  }
}

const close = (found: number, expected: number, what: string) =>
  assert.ok(
    Math.abs(found - expected) < 1e-9 * Math.max(1, Math.abs(expected)),
    `${what}: ${found}, ${expected}`,
  );

describe('image quality is what scikit-image computes', () => {
  const pairs = cases.map((one) => {
    const a = picture(one.heightPx, one.widthPx, plaid);
    const b = picture(one.heightPx, one.widthPx, changed(one));
    return { one, a, b };
  });
  for (const { one, a, b } of pairs) {
    it(one.name, () => {
      const sum = [...a.data, ...b.data].reduce((x, y) => x + y, 0);
      assert.equal(sum, one.sum, 'the test makes another image than the script');
      close(psnrOf(a, b), one.psnrDb, 'PSNR');
      close(ssimOf(a, b), one.ssim, 'SSIM');
      close(rmseOf(a, b), one.rmse, 'RMSE');
    });
  }
  it('the mean over pairs is the mean of the figures', async () => {
    const mean = (of: (one: Case) => number) => cases.reduce((sum, one) => sum + of(one), 0) / cases.length;
    let alive = 0;
    async function* oneByOne() {
      for (const { a, b } of pairs) {
        assert.equal(alive++, 0, 'the next pair is asked for when the one before is done');
        yield [a, b] as const;
        alive--;
      }
    }
    const found = await meanQuality(oneByOne());
    assert.deepEqual(await meanQuality(pairs.map(({ a, b }) => [a, b] as const)), found);
    close(
      found.psnrDb,
      mean((one) => one.psnrDb),
      'PSNR',
    );
    close(
      found.ssim,
      mean((one) => one.ssim),
      'SSIM',
    );
    close(
      found.rmse,
      mean((one) => one.rmse),
      'RMSE',
    );
  });
});
