// GeoTIFFs of every kind against what GDAL reads of them (geotiffs/make.py wrote both): codecs, planes, byte orders, bits, masks.
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { inflateSync } from 'node:zlib';
import { openImagery } from '../../index/index.js';
import { SkyfixError } from '../../src/errors/index.js';
import { seededRandom } from '../../src/random/index.js';
import { temporaryFolder } from './fixtures.js';

const FOLDER = join(import.meta.dirname, '../../../test/index/geotiffs');

interface Expected {
  readonly readBy: { readonly widthPx: number; readonly heightPx: number };
  readonly files: Readonly<Record<string, { rgb: string; valid: string; tolerance: number }>>;
  readonly arrays: Readonly<Record<string, string>>;
}

const { readBy, files, arrays } = JSON.parse(
  await readFile(join(FOLDER, 'expected.json'), 'utf8'),
) as Expected;
const { widthPx, heightPx } = readBy;
const bytesOf = (key: string) => inflateSync(Buffer.from(arrays[key] ?? '', 'base64'));

/** The picture's pixels and validity, through the port. */
async function readWhole(path: string) {
  const source = await openImagery(path);
  try {
    const [west, south, east, north] = source.bounds;
    const [layer] = source.layersNear({ lon: (west + east) / 2, lat: (south + north) / 2 }, 1);
    assert.ok(layer);
    const block = await layer.block(0, 0);
    return { source, layer, block };
  } finally {
    await source.close();
  }
}

for (const [name, { rgb, valid, tolerance }] of Object.entries(files)) {
  test(`${name} is what GDAL reads of it`, async () => {
    const { block, layer } = await readWhole(join(FOLDER, `${name}.tif`));
    const [colours, mask] = [bytesOf(rgb), bytesOf(valid)];
    for (let y = 0; y < heightPx; y++) {
      for (let x = 0; x < widthPx; x++) {
        const [k, p] = [y * widthPx + x, y * layer.blockPx + x];
        const isValid = block ? (block.valid?.[p] ?? 1) : 0;
        assert.equal(isValid, mask[k], `imagery at ${x},${y}`);
        if (!isValid) continue;
        for (let c = 0; c < 3; c++) {
          const [found, expected] = [block?.image.data[p * 3 + c] ?? -1, colours[k * 3 + c] ?? -1];
          assert.ok(
            Math.abs(found - expected) <= tolerance + 0.5,
            `${found}, not ${expected}, at ${x},${y},${c}`,
          );
        }
      }
    }
  });
}

test('every file of the folder has its expectation', async () => {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.tif'));
  assert.deepEqual(names.map((name) => name.slice(0, -4)).sort(), Object.keys(files).sort());
});

test('cut off anywhere, every kind of file is refused by its name, within seconds', async () => {
  const folder = await temporaryFolder();
  const random = seededRandom(3);
  for (const name of Object.keys(files)) {
    const bytes = await readFile(join(FOLDER, `${name}.tif`));
    for (const share of [0.3 * random(), 0.55, 0.9 + 0.05 * random()]) {
      const path = join(folder, `${name}-${share.toFixed(2)}.tif`);
      await writeFile(path, bytes.subarray(0, Math.floor(share * bytes.length)));
      // Where only what nobody needs is missing (an overview at the end), the file may be read.
      await readWhole(path).then(undefined, (error: unknown) => assertRefusal(error, path));
    }
  }
});

test('damaged bytes anywhere end in pixels or a refusal, never in anything else', async () => {
  const folder = join(await temporaryFolder(), 'damaged');
  await mkdir(folder);
  const random = seededRandom(4);
  const began = performance.now();
  let refused = 0;
  for (const name of Object.keys(files)) {
    const whole = await readFile(join(FOLDER, `${name}.tif`));
    for (let n = 0; n < 12; n++) {
      const bytes = Uint8Array.from(whole);
      const flips = 1 + Math.floor(random() * 6);
      for (let k = 0; k < flips; k++) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      const path = join(folder, `${name}.tif`);
      await writeFile(path, bytes);
      try {
        await readWhole(path);
      } catch (error) {
        assertRefusal(error, path);
        refused++;
      }
    }
  }
  assert.ok(refused > 100, `${refused} were refused`);
  assert.ok(performance.now() - began < 120_000);
});

function assertRefusal(error: unknown, path: string): void {
  assert.ok(
    error instanceof SkyfixError && error.code === 'IMAGERY_INVALID',
    String((error as Error)?.stack),
  );
  assert.ok(error.detail.includes(path), error.detail);
}
