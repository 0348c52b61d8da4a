import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { decodeImage, decodePanorama } from '../../src/imaging/index.js';

const [WIDTH, HEIGHT] = [200, 100];
const solid = (background: string | { r: number; g: number; b: number; alpha: number }) =>
  sharp({
    create: { width: WIDTH, height: HEIGHT, channels: typeof background === 'string' ? 3 : 4, background },
  });

/** Every pixel has this colour, as far as the format keeps it. */
async function expectColour(name: string, file: Buffer, wanted: readonly number[], tolerance: number) {
  const { image } = await decodePanorama(file);
  assert.equal(image.data.length, WIDTH * HEIGHT * 3, name);
  for (let k = 0; k < image.data.length; k++) {
    const off = Math.abs((image.data[k] ?? Number.NaN) - (wanted[k % 3] ?? 0));
    assert.ok(off <= tolerance, `${name}: value ${k} is ${image.data[k]}, not ${wanted[k % 3]}`);
  }
}

describe('colours become 8-bit sRGB', () => {
  test('grey of 8 and 16 bits, with and without alpha', async () => {
    const samples = (pixel: readonly number[]) =>
      sharp(
        Uint8Array.from({ length: WIDTH * HEIGHT * pixel.length }, (_, k) => pixel[k % pixel.length] ?? 0),
        {
          raw: { width: WIDTH, height: HEIGHT, channels: pixel.length as 1 | 2 },
        },
      );
    await expectColour('grey PNG', await samples([77]).png().toBuffer(), [77, 77, 77], 0);
    await expectColour('grey JPEG', await solid('#4d4d4d').greyscale().jpeg().toBuffer(), [77, 77, 77], 2);
    const deep = await solid('#4d4d4d').toColourspace('grey16').png().toBuffer();
    assert.equal((await sharp(deep).metadata()).depth, 'ushort');
    await expectColour('16-bit grey PNG', deep, [77, 77, 77], 1);
    // 200 at 128/255 over black is 100.4.
    await expectColour('grey and alpha', await samples([200, 128]).png().toBuffer(), [100, 100, 100], 1);
  });

  test('RGB of 16 bits', async () => {
    const file = await solid('#c86432').toColourspace('rgb16').png().toBuffer();
    assert.equal((await sharp(file).metadata()).depth, 'ushort');
    await expectColour('16-bit PNG', file, [200, 100, 50], 1);
  });

  test('alpha is laid over black', async () => {
    const file = await solid({ r: 200, g: 100, b: 50, alpha: 0.5 }).png().toBuffer();
    await expectColour('RGBA', file, [100, 50, 25], 1);
    const clear = await solid({ r: 200, g: 100, b: 50, alpha: 0 }).webp({ lossless: true }).toBuffer();
    await expectColour('transparent', clear, [0, 0, 0], 0);
  });

  test('CMYK, JPEG and TIFF', async () => {
    for (const format of ['jpeg', 'tiff'] as const) {
      const file = await solid('#787068').toColourspace('cmyk').toFormat(format, { quality: 100 }).toBuffer();
      assert.equal((await sharp(file).metadata()).space, 'cmyk');
      // Inks mix by the profile; the way there and back is not exact.
      await expectColour(`CMYK ${format}`, file, [0x78, 0x70, 0x68], 12);
    }
  });

  test('a palette', async () => {
    await expectColour('PNG8', await solid('#c86432').png({ palette: true }).toBuffer(), [200, 100, 50], 1);
  });
});

/** A PNG that announces `frames` frames as APNG does: an acTL chunk before the first IDAT. */
function withFrames(png: Buffer, frames: number): Buffer {
  const body = Buffer.alloc(12);
  body.write('acTL', 'latin1');
  body.writeUInt32BE(frames, 4);
  const chunk = Buffer.alloc(20);
  chunk.writeUInt32BE(8);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), 16);
  const at = png.indexOf('IDAT') - 4;
  return Buffer.concat([png.subarray(0, at), chunk, png.subarray(at)]);
}

describe('more than one picture', () => {
  const pages = async () => [
    await solid('#c86432').png().toBuffer(),
    await solid('#102030').png().toBuffer(),
  ];

  for (const format of ['webp', 'tiff'] as const) {
    test(`is refused: ${format}`, async () => {
      const file = await sharp(await pages(), { join: { animated: true } })
        .toFormat(format)
        .toBuffer();
      await assert.rejects(decodePanorama(file), { code: 'IMAGE_ANIMATED', message: new RegExp(format) });
    });
  }

  test('is refused: animated PNG, which the decoder takes for a still', async () => {
    const [png = Buffer.alloc(0)] = await pages();
    const animated = withFrames(png, 2);
    assert.equal((await sharp(animated).metadata()).pages, undefined);
    await assert.rejects(decodePanorama(animated), { code: 'IMAGE_ANIMATED' });
    await expectColour('one frame', withFrames(png, 1), [200, 100, 50], 0);
  });
});

test('a 100-megapixel bomb is refused by its header, before it is decoded', async () => {
  const wide = { width: 14_200, height: 7_100, channels: 3 as const, background: '#000' };
  const bomb = await sharp({ create: wide }).png({ compressionLevel: 9 }).toBuffer();
  assert.ok(bomb.length < 500_000, `${bomb.length} bytes`);
  const before = process.memoryUsage().rss;
  await assert.rejects(decodePanorama(bomb, { maxPixels: 80_000_000 }), {
    code: 'IMAGE_TOO_LARGE_PIXELS',
    message: /14200x7100 = 100820000 pixels; the limit is 80000000/,
  });
  const grownMb = (process.memoryUsage().rss - before) / 1e6;
  assert.ok(grownMb < 100, `decoding would need 302 MB; the process grew by ${grownMb} MB`);
});

test(
  "every orientation of EXIF's turns the picture as the decoder does by itself, though the " +
    'rest of EXIF is kept from it',
  async () => {
    const values = Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, (_, k) =>
      k % 3 === 0 ? k / 300 : (k % 600) / 3,
    );
    for (const format of ['jpeg', 'png', 'webp', 'tiff'] as const) {
      for (let orientation = 1; orientation <= 8; orientation++) {
        const file = await sharp(values, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } })
          .withMetadata({ orientation })
          .toFormat(format)
          .toBuffer();
        const { data, info } = await sharp(file).autoOrient().raw().toBuffer({ resolveWithObject: true });
        const image = await decodeImage(file);
        assert.deepEqual(
          [image.widthPx, image.heightPx],
          [info.width, info.height],
          `${format} ${orientation}`,
        );
        assert.ok(data.equals(image.data), `${format} ${orientation}`);
      }
    }
  },
);
