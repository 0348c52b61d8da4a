// TIFFs that claim what is not so are refused at once and cost no memory; those that are only large are read.
import assert from 'node:assert/strict';
import { open, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openImagery } from '../../index/index.js';
import { geoKeys, placedAt, type TiffPicture, tiffBytes, writeTiff } from '../support/tiff.js';
import { temporaryFolder } from './fixtures.js';

const folder = await temporaryFolder();
const PLACE = { shorts: { 34735: geoKeys(32632) }, doubles: placedAt(500000, 5500000, 0.5) };
const small: TiffPicture = { widthPx: 16, heightPx: 16, block: new Uint8Array(768).fill(90), ...PLACE };
const with_ = (shorts: Record<number, readonly number[]>, more: Partial<TiffPicture> = {}): TiffPicture => ({
  ...small,
  ...more,
  shorts: { ...PLACE.shorts, ...shorts },
});

async function firstBlock(path: string) {
  const source = await openImagery(path);
  return source.layersNear({ lon: 9, lat: 49.65 }, 1e5)[0]?.block(0, 0);
}

const REFUSED: readonly (readonly [string, RegExp, TiffPicture])[] = [
  ['old-style JPEG', /old-style JPEG\. Rewrite it with "gdal_translate/, with_({ 259: [6] })],
  ['JPEG 2000', /JPEG 2000/, with_({ 259: [33003] })],
  ['JPEG XL', /JPEG XL/, with_({}, { longs: { 259: [50002] } })],
  ['LZMA', /LZMA/, with_({ 259: [34925] })],
  ['CCITT', /CCITT fax 4/, with_({ 259: [4] })],
  ['an unknown codec', /unknown kind \(4242\)/, with_({ 259: [4242] })],
  ['complex samples', /complex/, with_({ 339: [6, 6, 6] })],
  ['64-bit integers', /uint of 64 bits/, with_({ 258: [64, 64, 64] })],
  ['samples of several sizes', /different sizes \(5, 6, 5 bits\)/, with_({ 258: [5, 6, 5] })],
  ['CIELab', /L\*a\*b/, with_({ 262: [8] })],
  ['YCbCr that is subsampled and no JPEG', /subsampled 2 x 2/, with_({ 262: [6] })],
  ['bits backwards', /FillOrder 2/, with_({ 266: [2] })],
  ['a palette of the wrong size', /palette/, with_({ 262: [3], 320: [1, 2, 3] }, { samples: 1 })],
  ['a size of 0', /size is 0 x 16/, with_({}, { longs: { 256: [0] } })],
  [
    'one strip of 15 GiB',
    /strip of it holds 15259 MiB/,
    with_({ 259: [8] }, { longs: { 256: [80000], 257: [66667], 278: [66667] } }),
  ],
  ['more rows than it has strips', /names 1 blocks/, with_({}, { longs: { 257: [40000], 278: [16] } })],
  ['a block of other bytes than it says', /ends at byte/, with_({}, { longs: { 279: [10_000_000] } })],
  ['a block shorter than its pixels', /holds 100 bytes, not 768/, with_({}, { longs: { 279: [100] } })],
  ['a mask only', /overviews or masks only/, with_({}, { longs: { 254: [4] } })],
];

for (const [name, message, picture] of REFUSED) {
  test(`${name}: refused by its name`, async () => {
    const path = join(folder, 'refused.tif');
    await writeTiff(path, [picture]);
    await assert.rejects(firstBlock(path), { code: 'IMAGERY_INVALID', message });
  });
}

test('directories in a circle, too many of them, and counts beyond the file', async () => {
  const path = join(folder, 'circle.tif');
  const bytes = tiffBytes([small]);
  const start = new DataView(bytes.buffer).getUint32(4, true);
  await writeTiff(path, [small], { lastLink: start });
  await assert.rejects(openImagery(path), { code: 'IMAGERY_INVALID', message: /circle/ });
  await writeTiff(
    path,
    Array.from({ length: 300 }, () => small),
  );
  await assert.rejects(openImagery(path), { code: 'IMAGERY_INVALID', message: /more than 256/ });
  // Every count of every tag set to 2^32 - 1, one at a time.
  const entries = new DataView(bytes.buffer).getUint16(start, true);
  for (let k = 0; k < entries; k++) {
    const copy = Uint8Array.from(bytes);
    new DataView(copy.buffer).setUint32(start + 2 + 12 * k + 4, 0xffffffff, true);
    await writeFile(path, copy);
    await firstBlock(path).then(undefined, (error: { code?: string }) =>
      assert.equal(error.code, 'IMAGERY_INVALID'),
    );
  }
  assert.ok(process.memoryUsage().rss < 1.5e9);
});

test('a JPEG block that claims other sizes than its tile', async () => {
  const path = join(folder, 'jpeg.tif');
  // SOI, a frame of 65500 x 65500 pixels, nothing else.
  const block = Uint8Array.of(
    0xff,
    0xd8,
    0xff,
    0xc0,
    0,
    17,
    8,
    0xff,
    0xdc,
    0xff,
    0xdc,
    3,
    1,
    0x11,
    0,
    2,
    0x11,
    0,
    3,
    0x11,
    0,
  );
  await writeTiff(path, [with_({ 259: [7] }, { block })]);
  await assert.rejects(firstBlock(path), { code: 'IMAGERY_INVALID', message: /65500 x 65500/ });
  await writeTiff(path, [
    with_({ 259: [7] }, { block: Uint8Array.from(block, (byte, k) => (k === 6 ? 12 : byte)) }),
  ]);
  await assert.rejects(firstBlock(path), { code: 'IMAGERY_INVALID', message: /12 bits/ });
});

test('a deflate bomb stays within its block', async () => {
  const { deflateSync } = await import('node:zlib');
  const path = join(folder, 'bomb.tif');
  await writeTiff(path, [with_({ 259: [8] }, { block: deflateSync(Buffer.alloc(200_000_000)) })]);
  await assert.rejects(firstBlock(path), { code: 'IMAGERY_INVALID' });
});

test('premultiplied alpha is divided out; less than half opaque is no imagery', async () => {
  const path = join(folder, 'premultiplied.tif');
  // (100, 200, 50) at 160 / 255, and (255, 255, 255) at 40 / 255.
  const block = Uint8Array.of(63, 125, 31, 160, 40, 40, 40, 40);
  await writeTiff(path, [with_({ 338: [1] }, { widthPx: 2, heightPx: 1, samples: 4, block })]);
  const read = await firstBlock(path);
  assert.deepEqual([...(read?.image.data.subarray(0, 3) ?? [])], [100, 199, 49]);
  assert.deepEqual([...(read?.valid?.subarray(0, 2) ?? [])], [1, 0]);
});

test('BigTIFF of 6 GB, almost all of it a hole: its last block is read', async () => {
  const path = join(folder, 'large.tif');
  const at = 6e9;
  // One uncompressed strip whose first row lies at 6,000,000,000.
  const picture: TiffPicture = { ...small, block: new Uint8Array(0), longs: { 279: [768] } };
  const bytes = tiffBytes([picture], { bigTiff: true });
  const view = new DataView(bytes.buffer);
  const start = Number(view.getBigUint64(8, true));
  for (let k = 0; k < Number(view.getBigUint64(start, true)); k++) {
    const entry = start + 8 + 20 * k;
    if (view.getUint16(entry, true) !== 273) continue;
    view.setUint16(entry + 2, 16, true); // LONG8
    view.setBigUint64(entry + 12, BigInt(at), true);
  }
  await writeFile(path, bytes);
  await truncate(path, at + 768);
  const file = await open(path, 'r+');
  await file.write(new Uint8Array(768).fill(77), 0, 768, at);
  await file.close();
  const block = await firstBlock(path);
  assert.equal(block?.image.data[0], 77);
});

test('an uncompressed picture of one strip of 1.2 GB is read in pieces', async () => {
  const path = join(folder, 'one-strip.tif');
  const size = 20000;
  const picture: TiffPicture = {
    ...small,
    widthPx: size,
    heightPx: size,
    block: new Uint8Array(2),
    longs: { 279: [3 * size * size] },
  };
  await writeTiff(path, [picture]);
  await truncate(path, 3 * size * size + 4096);
  const source = await openImagery(path);
  const [layer] = source.layersNear({ lon: 9, lat: 49.65 }, 1e5);
  const before = process.memoryUsage().rss;
  assert.ok(await layer?.block(0, 30));
  assert.ok(process.memoryUsage().rss - before < 4e8);
});
