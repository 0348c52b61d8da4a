// Lists of tile images that do not fit: sizes, shapes, transparent ones, files that change or are not there.
import assert from 'node:assert/strict';
import { mkdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import sharp from 'sharp';
import { type BuildNote, buildIndex, openTilesCsv } from '../../index/index.js';
import { sha256OfFile } from '../../src/files/index.js';
import { readCatalogue } from '../../src/search/index.js';
import { temporaryFolder, writeTinyBundle } from './fixtures.js';

const folder = await temporaryFolder();
const bundleDir = join(folder, 'bundle');

before(() => writeTinyBundle(bundleDir, 5));

/** A picture with a red square of `share` of its sides in the middle of blue. */
async function picture(name: string, width: number, height: number, share = 0.5, alpha = 1): Promise<void> {
  const inner = {
    width: Math.round(width * share),
    height: Math.round(height * share),
    channels: 4 as const,
  };
  const square = await sharp({ create: { ...inner, background: { r: 200, g: 0, b: 0, alpha } } })
    .png()
    .toBuffer();
  const background = { r: 0, g: 0, b: 200, alpha };
  const whole = sharp({ create: { width, height, channels: 4, background } });
  await writeFile(
    join(folder, name),
    await whole
      .composite([{ input: square, blend: 'over' }])
      .png()
      .toBuffer(),
  );
}

async function list(name: string, rows: readonly string[]): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, ['tile,lon,lat,sizeM,file', ...rows].join('\n'));
  return path;
}

test('a tile of twice the ground is cut to its middle and told of; a smaller one is refused by its line', async () => {
  await picture('wide.png', 80, 80);
  const tilesCsv = await list('wide.csv', ['t,10,50,20,wide.png', 'u,10,50,40,wide.png']);
  const source = await openTilesCsv(tilesCsv, 20);
  assert.match(source.warnings.join(), /1 of 2 listed tiles show more ground than 20 m \(line 3: 40 m\)/);
  const cut = (await source.image(1, 16)).image;
  assert.ok(cut);
  for (let k = 0; k < cut.data.length; k += 3) assert.ok((cut.data[k] ?? 0) > 180, 'only the red middle');
  assert.equal((await source.image(0, 16)).image?.data[2], 200, 'as it is: a blue corner');
  const outDir = join(folder, 'cut');
  await buildIndex({ bundleDir, tilesCsv, outDir });
  const catalogue = await readCatalogue(join(outDir, 'catalogue.bin'));
  assert.deepEqual([catalogue.tile(0).sizeM, catalogue.tile(1).sizeM], [20, 20]);
  await assert.rejects(
    openTilesCsv(await list('small.csv', ['t,10,50,20,wide.png', 'u,10,50,12,wide.png']), 20),
    {
      code: 'TILES_CSV_INVALID',
      message: /line 3: sizeM is 12, less than the tile of 20 m/,
    },
  );
});

test('oblong images, transparent ones, and files that are not there', async () => {
  await picture('square.png', 40, 40);
  await picture('oblong.png', 80, 40);
  await picture('clear.png', 40, 40, 0.5, 0);
  const oblong = await list('oblong.csv', ['t,10,50,20,oblong.png']);
  await assert.rejects(buildIndex({ bundleDir, tilesCsv: oblong, outDir: join(folder, 'no') }), {
    code: 'TILES_CSV_INVALID',
    message: /line 2: oblong\.png is 80 x 40 pixels, not square/,
  });
  const clear = await list('clear.csv', ['t,10,50,20,clear.png']);
  await assert.rejects(buildIndex({ bundleDir, tilesCsv: clear, outDir: join(folder, 'no') }), {
    code: 'IMAGERY_INVALID',
    message: /without data or transparent/,
  });
  const notes: BuildNote[] = [];
  const mixed = await list('mixed.csv', ['t,10,50,20,clear.png', 'u,10,50,20,square.png']);
  await buildIndex({
    bundleDir,
    tilesCsv: mixed,
    outDir: join(folder, 'one'),
    onNote: (note) => notes.push(note),
  });
  const text = notes.map((note) => note.text).join('\n');
  assert.match(text, /made 1 of 2 tiles; 50\.0 % of their ground is without data\nskipped 1 tiles: no data/);
  const gone = await list('gone.csv', ['t,10,50,20,square.png', 'u,10,50,20,x.png', 'v,10,50,20,y.png']);
  await assert.rejects(openTilesCsv(gone, 20), {
    code: 'TILES_CSV_INVALID',
    message: /line 3: x\.png cannot be read: there is no such file \(and 1 others are missing\)/,
  });
});

test('a build that goes on after its images changed embeds them anew', async () => {
  const names = Array.from({ length: 300 }, (_, k) => `${k}.png`);
  await mkdir(join(folder, 'many'));
  for (const [k, name] of names.entries()) await picture(join('many', name), 20, 20, 0.1 + (k % 40) / 50);
  const rows = names.map((name, k) => `${k},${10 + k / 1000},50,20,many/${name}`);
  const tilesCsv = await list('many.csv', rows);
  const outDir = join(folder, 'resumed');
  const stopped = new Error('stopped');
  const stop = (done: number) => {
    if (done > 256) throw stopped;
  };
  await assert.rejects(buildIndex({ bundleDir, tilesCsv, outDir, onProgress: stop }), /stopped/);
  assert.ok((await stat(`${outDir}.partial/shard-00000.json`)).isFile(), 'one shard was whole');
  await picture('many/3.png', 20, 20, 0.95);
  const later = new Date(Date.now() + 5000);
  await utimes(join(folder, 'many/3.png'), later, later);
  await buildIndex({ bundleDir, tilesCsv, outDir });
  const fresh = join(folder, 'fresh');
  await buildIndex({ bundleDir, tilesCsv, outDir: fresh });
  assert.equal(
    await sha256OfFile(join(outDir, 'descriptors.f16')),
    await sha256OfFile(join(fresh, 'descriptors.f16')),
  );
  assert.ok((await readFile(join(outDir, 'catalogue.bin'))).length > 300);
});
