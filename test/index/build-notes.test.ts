// A build tells what it takes, makes and skips, shows samples of it, and is a version only once it could be opened.
import assert from 'node:assert/strict';
import { truncateSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import sharp from 'sharp';
import { type BuildNote, buildIndex } from '../../index/index.js';
import { openIndexVersion } from '../../src/versions/index.js';
import { geoKeys, placedAt, writeTiff } from '../support/tiff.js';
import { temporaryFolder, writeMosaic, writeTinyBundle } from './fixtures.js';

const folder = await temporaryFolder();
const bundleDir = join(folder, 'bundle');
const imagery = join(folder, 'mosaic.tif');

before(async () => {
  await writeTinyBundle(bundleDir, 5);
  await writeMosaic(imagery);
});

async function notesOf(options: Partial<Parameters<typeof buildIndex>[0]>, name: string) {
  const notes: BuildNote[] = [];
  await buildIndex({
    bundleDir,
    strideM: 20,
    outDir: join(folder, name),
    onNote: (note) => notes.push(note),
    ...options,
  });
  const of = (kind: BuildNote['kind']) => notes.filter((note) => note.kind === kind).map((note) => note.text);
  return { facts: of('fact').join('\n'), warnings: of('warning').join('\n') };
}

test('source, coordinate system, bounds, ground sampling distance, tiles; and a sheet of samples beside the folder', async () => {
  const contactSheet = join(folder, 'sheet.png');
  const { facts, warnings } = await notesOf({ imagery, contactSheet }, 'told');
  assert.match(facts, /^imagery: GeoTIFF mosaic\.tif \(EPSG:32632\); EPSG:32632$/m);
  assert.match(
    facts,
    /^imagery covers longitude 9\.00000 to 9\.00\d+, latitude 49\.65\d+ to 49\.65\d+, 0\.5 m a pixel$/m,
  );
  assert.match(facts, /^made 70 of 70 tiles; 0\.0 % of their ground is without data$/m);
  assert.doesNotMatch(facts, /skipped/);
  assert.equal(warnings, '');
  const { width, height, format } = await sharp(contactSheet).metadata();
  assert.deepEqual([width, height, format], [6 * 160 + 7 * 4, 4 * 160 + 5 * 4, 'png']);
  const { channels } = await sharp(contactSheet).stats();
  assert.ok(
    channels.every(({ stdev }) => stdev > 20),
    'the noise of the mosaic, not a white page',
  );
  const names = await readdir(join(folder, 'told'));
  assert.deepEqual(
    names.sort(),
    [
      'catalogue.bin',
      'descriptors.f16',
      'basemap.pmtiles',
      'bundle',
      'index.json',
      'tile-digests.bin',
    ].sort(),
    'nothing else in the version',
  );
});

test('what is skipped is counted, samples that are scaled are told of', async () => {
  const [size, half] = [400, 200];
  // 11 bits in 16, the right half without data.
  const samples = new Uint16Array(size * size * 3);
  for (let k = 0; k < samples.length; k++) {
    samples[k] = Math.floor(k / 3) % size < half ? 200 + ((k * 7919) % 1800) : 65535;
  }
  const path = join(folder, 'u11.tif');
  await writeTiff(path, [
    {
      widthPx: size,
      heightPx: size,
      bits: 16,
      block: new Uint8Array(samples.buffer),
      shorts: { 34735: geoKeys(32632) },
      doubles: placedAt(500000, 5500000, 0.5),
      ascii: { 42113: '65535' },
    },
  ]);
  const { facts } = await notesOf({ imagery: path }, 'skipped');
  assert.match(
    facts,
    /uint16 samples of 200 to 1999, .*: 0 to 2047 become 0 to 255 \(--range LOW HIGH sets others\)/,
  );
  assert.match(facts, /^made 50 of 100 tiles; 50\.\d % of their ground is without data$/m);
  assert.match(facts, /^skipped 50 tiles: no data on more than 2 % of each$/m);
  const given = await notesOf({ imagery: path, imageryOptions: { range: { low: 0, high: 4000 } } }, 'given');
  assert.match(given.facts, /0 to 4000 become 0 to 255, as given/);
  const dark = new Float32Array(64 * 64 * 3).map((_, k) => 300 + (k % 700));
  await writeTiff(join(folder, 'float.tif'), [
    {
      widthPx: 64,
      heightPx: 64,
      bits: 32,
      block: new Uint8Array(dark.buffer),
      shorts: { 339: [3, 3, 3], 34735: geoKeys(32632) },
      doubles: placedAt(500000, 5500000, 0.5),
    },
  ]);
  await assert.rejects(notesOf({ imagery: join(folder, 'float.tif') }, 'never'), {
    code: 'IMAGERY_INVALID',
    message:
      /float32 samples are 300 to 999, .*--range LOW HIGH.*gdal_translate .*-ot Byte -scale 313 985 0 255/,
  });
});

test('a version that cannot be opened never gets its name', async () => {
  const outDir = join(folder, 'opened');
  const version = join(`${outDir}.partial`, 'version');
  // Cut before its checksum is taken, as by a disk that loses what it was given.
  const cut = (done: number, total: number, stage: string) => {
    if (stage === 'recall' && done === total) truncateSync(join(version, 'descriptors.f16'), 1000);
  };
  await assert.rejects(buildIndex({ bundleDir, imagery, outDir, strideM: 20, onProgress: cut }), {
    code: 'INDEX_CORRUPT',
  });
  assert.equal(await stat(outDir).catch(() => 'none'), 'none');
  await buildIndex({ bundleDir, imagery, outDir, strideM: 20 });
  await (await openIndexVersion(outDir)).close();
  assert.equal(await stat(`${outDir}.partial`).catch(() => 'gone'), 'gone');
});
