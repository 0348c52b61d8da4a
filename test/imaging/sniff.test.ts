// What is none of the five formats never reaches a decoder, whatever libvips could make of it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import plainSharp from 'sharp';
import { decodeImage, decodePanorama, sharp } from '../../src/imaging/index.js';
import { CLOSED_LOADERS } from '../../src/imaging/sharp.js';
import { numberBytes, pngChunk, withChunks, withSegments } from '../support/image-files.js';

const solid = (width = 200, height = 100) =>
  plainSharp({ create: { width, height, channels: 3, background: '#c86432' } });

/** A 1.6 kB SVG that draws 10^8 rectangles: 17 s a level where it is rendered. */
function svgBomb(): Buffer {
  const levels = Array.from({ length: 8 }, (_, k) => {
    const inner = k === 0 ? '<rect width="9" height="9"/>' : `<use href="#a${k - 1}"/>`.repeat(10);
    return `<g id="a${k}">${inner}</g>`;
  });
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="2000" height="1000"><defs>${levels.join('')}</defs><use href="#a7"/></svg>`,
  );
}

/** Names of classes that load images, out of the library's own file; those of all libraries where there are several. */
async function loadersOfLibvips(): Promise<readonly string[]> {
  const packages = join(dirname(createRequire(import.meta.url).resolve('sharp')), '..', '..', '@img');
  const names = new Set<string>();
  for (const file of await readdir(packages, { recursive: true })) {
    if (!/libvips[^/\\]*\.(so|dylib|dll)[.\d]*$/.test(file)) continue;
    const text = (await readFile(join(packages, file))).toString('latin1');
    for (const [, name = ''] of text.matchAll(/\0(VipsForeignLoad[A-Za-z0-9]+)(?=\0)/g)) names.add(name);
  }
  return [...names];
}

const header = (text: string) => Buffer.concat([Buffer.from(text, 'latin1'), Buffer.alloc(200)]);

describe('other formats', () => {
  const files: readonly (readonly [string, RegExp, Buffer])[] = [
    ['SVG', /an XML document \(SVG\)/, svgBomb()],
    ['SVG behind a BOM and a comment', /SVG/, Buffer.concat([Buffer.from('\ufeff<!-- x -->'), svgBomb()])],
    ['SVGZ', /gzip/, gzipSync(svgBomb())],
    ['BMP', /a BMP/, header('BM')],
    ['PDF', /a PDF/, header('%PDF-1.7\n')],
    ['JPEG XL', /JPEG XL/, header('\xff\x0a')],
    ['JPEG 2000', /JPEG 2000/, header('\0\0\0\x0cjP  \r\n\x87\n')],
    ['HEIC', /HEIC/, header('\0\0\0\x18ftypheic\0\0\0\0mif1heic')],
    ['MP4', /a video/, header('\0\0\0\x18ftypisom\0\0\0\0isommp41')],
    ['OpenEXR', /OpenEXR/, header('v/1\x01')],
    ['Radiance', /Radiance/, header('#?RADIANCE\n')],
    ['PPM', /pixmap/, Buffer.from('P6 200 100 255\n')],
    ['FITS', /FITS/, header('SIMPLE  =                    T')],
    ['Photoshop', /Photoshop/, header('8BPS')],
    ['HTML', /an HTML page/, Buffer.from('<!DOCTYPE html><html>502 Bad Gateway</html>')],
    ['JSON', /JSON/, Buffer.from('{"error":"not found"}')],
    ['nothing known', /no known format/, header('\x08\xf2\xa6\xb6')],
  ];
  for (const [name, message, bytes] of files) {
    test(`are refused by name: ${name}`, async () => {
      await assert.rejects(decodePanorama(bytes), { code: 'IMAGE_UNDECODABLE', message });
      await assert.rejects(decodeImage(bytes), { code: 'IMAGE_UNDECODABLE' });
    });
  }

  test('GIF, of one picture or of more', async () => {
    const file = await solid().gif().toBuffer();
    await assert.rejects(decodePanorama(file), { code: 'IMAGE_UNDECODABLE', message: /a GIF/ });
  });

  test('are closed to libvips in the whole process, for whoever imports sharp', async () => {
    const gif = await solid().gif().toBuffer();
    for (const bytes of [svgBomb(), gif, Buffer.from('P6 2 1 255\n123456')]) {
      await assert.rejects(plainSharp(bytes).metadata(), /unsupported image format/);
      await assert.rejects(sharp(bytes).metadata(), /unsupported image format/);
    }
    for (const format of ['jpeg', 'png', 'webp', 'avif', 'tiff'] as const) {
      const file = await solid().toFormat(format).toBuffer();
      assert.equal((await plainSharp(file).metadata()).width, 200, format);
    }
  });

  test('are closed by name: every loader of the libvips that sharp brings is one of the five or closed', async () => {
    const open = ['Jpeg', 'Png', 'Webp', 'Heif', 'Tiff'].map((name) => `VipsForeignLoad${name}`);
    const found = await loadersOfLibvips();
    assert.ok(found.length > 30, `${found.length} loaders are no library's`);
    const unknown = found.filter(
      (name) => ![...open, ...CLOSED_LOADERS].some((stem) => name.startsWith(stem)),
    );
    assert.deepEqual(unknown, []);
    const closedToo = CLOSED_LOADERS.filter((stem) => open.some((name) => name.startsWith(stem)));
    assert.deepEqual(closedToo, [], 'a class that is closed closes all that are made of it');
  });

  test('stay closed, and the five open, while threads start that import the same', async () => {
    const jpeg = await solid(64, 32).jpeg().toBuffer();
    const door = new URL('../../src/imaging/sharp.js', import.meta.url).href;
    let starting = 2;
    const start = async () => {
      for (let k = 0; k < 15; k++) {
        await once(new Worker(`import(${JSON.stringify(door)})`, { eval: true }), 'exit');
      }
      starting--;
    };
    const decode = async () => {
      while (starting > 0) assert.equal((await decodeImage(jpeg)).widthPx, 64);
    };
    const work = await Promise.allSettled([start(), start(), decode(), decode(), decode(), decode()]);
    for (const one of work) if (one.status === 'rejected') throw one.reason;
    await assert.rejects(sharp(await solid().gif().toBuffer()).metadata(), /unsupported image format/);
  });
});

describe('a structure that no picture has is refused before it is decoded', () => {
  test('a JPEG of 20,000 empty segments', async () => {
    const jpeg = await solid().jpeg().toBuffer();
    const many = Array.from({ length: 20_000 }, () => [0xfe, new Uint8Array(0)] as const);
    await assert.rejects(decodePanorama(withSegments(jpeg, many)), {
      code: 'IMAGE_UNDECODABLE',
      message: /over 10000 segments/,
    });
  });

  test('a progressive JPEG of 100 scans', async () => {
    const file = await solid().jpeg({ progressive: true }).toBuffer();
    const scan = file.subarray(file.lastIndexOf(Buffer.from([0xff, 0xda])), -2);
    const scans = Array.from({ length: 100 }, () => scan);
    await assert.rejects(decodePanorama(Buffer.concat([file.subarray(0, -2), ...scans, file.subarray(-2)])), {
      code: 'IMAGE_UNDECODABLE',
      message: /over 64 scans/,
    });
    assert.equal((await decodePanorama(file)).image.widthPx, 200);
  });

  test('a PNG of 40,000 empty chunks', async () => {
    const chunks = Array.from({ length: 40_000 }, () => ['tEXt', new Uint8Array(0)] as const);
    const file = withChunks(await solid().png().toBuffer(), chunks);
    await assert.rejects(decodePanorama(file), { code: 'IMAGE_UNDECODABLE', message: /over 30000 chunks/ });
  });

  test('a PNG without its header, a JPEG without a frame, a TIFF without a directory', async () => {
    const png = await solid().png().toBuffer();
    const noHeader = Buffer.concat([
      png.subarray(0, 8),
      pngChunk('gAMA', numberBytes(1, 4, false)),
      png.subarray(33),
    ]);
    const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 2, 0xff, 0xd9]);
    const tiff = Buffer.concat([Buffer.from('II*\0'), numberBytes(1e9, 4, true)]);
    for (const file of [noHeader, jpeg, tiff, tiff.subarray(0, 4), png.subarray(0, 10)]) {
      await assert.rejects(decodePanorama(file), { code: 'IMAGE_UNDECODABLE' });
    }
  });

  test('a header that announces 4 gigapixels', async () => {
    const png = await solid().png().toBuffer();
    const large = Buffer.from(png);
    const ihdr = Buffer.concat([
      numberBytes(65535, 4, false),
      numberBytes(65535, 4, false),
      png.subarray(24, 29),
    ]);
    pngChunk('IHDR', ihdr).copy(large, 8);
    await assert.rejects(decodePanorama(large), { code: 'IMAGE_TOO_LARGE_PIXELS', message: /4294836225/ });
  });

  test('a TIFF whose directories follow each other in a circle', async () => {
    const tiff = await solid().tiff().toBuffer();
    const at = tiff.readUInt32LE(4);
    tiff.writeUInt32LE(at, at + 2 + 12 * tiff.readUInt16LE(at));
    await assert.rejects(decodePanorama(tiff), { code: /IMAGE_ANIMATED|IMAGE_UNDECODABLE/ });
  });
});
