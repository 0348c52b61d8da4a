// A build in parts is the build: every file to the bit, whatever is lost, killed or done in another order; and what does not
// belong together is refused by the name of what differs.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import {
  assembleIndex,
  type BuildNote,
  buildIndex,
  buildPart,
  cutTile,
  openImagery,
} from '../../index/index.js';
import { distanceM } from '../../src/geometry/index.js';
import { encodePng } from '../../src/imaging/index.js';
import { readCatalogue } from '../../src/search/index.js';
import { sums, temporaryFolder, writeMosaic, writeTinyBundle } from './fixtures.js';

const folder = await temporaryFolder();
const bundleDir = join(folder, 'bundle');
const imagery = join(folder, 'mosaic.tif');
const createdAt = '2026-02-03T04:05:06.000Z';
const tiles = { bundleDir, imagery, strideM: 6, createdAt };
/** So small a region has no graph unless it is asked for. */
const graph = { engine: 'hnswlib' } as const;
const whole = join(folder, 'whole');
const areaGeoJson = join(folder, 'area.geojson');

before(async () => {
  await writeTinyBundle(bundleDir, 5);
  await writeMosaic(imagery);
  const source = await openImagery(imagery);
  const [west, south, east, north] = source.bounds;
  const at = (x: number, y: number) => [west + (east - west) * x, south + (north - south) * y];
  const ring = [at(0.1, 0.1), at(0.9, 0.2), at(0.7, 0.95), at(0.1, 0.1)];
  await writeFile(areaGeoJson, JSON.stringify({ type: 'Polygon', coordinates: [ring] }));
  await source.close();
  await buildIndex({ ...tiles, graph, outDir: whole });
});

/** Every file below a folder with its checksum. */
async function partsOf(of: number, outDir: string, options: Partial<Parameters<typeof buildPart>[0]> = {}) {
  const dirs: string[] = [];
  for (let part = 1; part <= of; part++)
    dirs.push((await buildPart({ ...tiles, ...options, part, of, outDir })).dir);
  return dirs;
}

test('any number of parts, in any order: every file of the version as of a build that was not split', async () => {
  const expected = await sums(whole);
  assert.ok('graph.hnsw' in expected && 'basemap.pmtiles' in expected, Object.keys(expected).join());
  for (const of of [1, 3, 7]) {
    const parts = await partsOf(of, join(folder, `parts-${of}`));
    const outDir = join(folder, `assembled-${of}`);
    await assembleIndex({ parts: [...parts].reverse(), graph, outDir });
    assert.deepEqual(await sums(outDir), expected, `${of} parts`);
    assert.equal(await stat(`${outDir}.partial`).catch(() => 'gone'), 'gone');
  }
});

test('parts are neighbourhoods, and differ by at most one tile', async () => {
  const of = 5;
  const counts: number[] = [];
  const spreadM: number[] = [];
  for (let part = 1; part <= of; part++) {
    const { order } = (await buildPart({ ...tiles, part, of, outDir: join(folder, 'five') })).manifest;
    counts.push(order.to - order.from);
    const catalogue = await readCatalogue(join(whole, 'catalogue.bin'));
    const places = Array.from({ length: order.to - order.from }, (_, k) => catalogue.tile(order.from + k));
    spreadM.push(Math.max(...places.map((place) => distanceM(place, places[0] ?? place))));
  }
  assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, counts.join());
  // A fifth of 180 m x 130 m; in rows from west to east each would be over 180 m long. The last one is what is left over.
  const [, , middle] = spreadM.sort((a, b) => a - b);
  assert.ok((middle ?? Number.NaN) < 110, spreadM.join());
});

test('the curve visits each cell of a square once, and each next to the one before', async () => {
  const { alongCurveOfCell, curveOrder, rangeOfPart } = await import('../../index/hilbert.js');
  const side = 32;
  const cells = Array.from({ length: side * side }, (_, k) => [Math.floor(k / side), k % side] as const);
  const positions = Float64Array.from(cells, ([row, column]) => alongCurveOfCell(row, column));
  assert.equal(Math.max(...positions) - Math.min(...positions), side * side - 1, 'a run without gaps');
  const order = [...curveOrder(positions)].map((n) => cells[n] as readonly [number, number]);
  for (const [k, [row, column]] of order.entries()) {
    const [before, left] = order[k - 1] ?? [row, column - 1];
    assert.equal(Math.abs(row - before) + Math.abs(column - left), 1);
  }
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10_000 }), fc.integer({ min: 1, max: 64 }), (count, of) => {
      let next = 0;
      for (let part = 1; part <= of; part++) {
        const { from, to } = rangeOfPart({ part, of }, count);
        assert.equal(from, next);
        assert.ok(to - from >= Math.floor(count / of) && to - from <= Math.ceil(count / of));
        next = to;
      }
      assert.equal(next, count);
    }),
  );
});

test('one part killed and resumed, one lost and made again, one made twice', async () => {
  const outDir = join(folder, 'rough');
  const script = fileURLToPath(new URL('part-child.js', import.meta.url));
  const child = spawn(process.execPath, [script, bundleDir, imagery, outDir, '300'], { stdio: 'inherit' });
  assert.deepEqual(await once(child, 'exit'), [null, 'SIGKILL']);
  const [killed] = (await readdir(outDir)).filter((name) => name.endsWith('.partial'));
  assert.equal(killed, 'part-1-of-2.partial');
  await assert.rejects(assembleIndex({ parts: [join(outDir, killed ?? '')], outDir: join(folder, 'no') }), {
    code: 'PARTS_UNUSABLE',
    message: /part-1-of-2\.partial.*was stopped and will go on/,
  });
  const kept = (await readdir(join(outDir, killed ?? '', 'shards'))).filter((name) => name.endsWith('.f32'));
  assert.ok(kept.length >= 1, 'a shard was whole');
  const steps: number[] = [];
  const onProgress = (done: number) => steps.push(done);
  const first = await buildPart({ ...tiles, part: 1, of: 2, outDir, onProgress });
  assert.ok((steps[0] ?? 0) >= 250, 'the first shard is taken as it is');
  const second = await buildPart({ ...tiles, part: 2, of: 2, outDir });
  await rm(second.dir, { recursive: true });
  const again = await buildPart({ ...tiles, part: 2, of: 2, outDir });
  assert.ok(first.made && again.made);
  const before = await sums(again.dir);
  assert.equal((await buildPart({ ...tiles, part: 2, of: 2, outDir })).made, false, 'there already');
  assert.deepEqual(await sums(again.dir), before);
  assert.deepEqual((await readdir(outDir)).filter((name) => !name.startsWith('.')).sort(), [
    'part-1-of-2',
    'part-2-of-2',
  ]);
  const parts = (await readdir(outDir))
    .filter((name) => name.startsWith('part'))
    .map((name) => join(outDir, name));
  const assembled = join(folder, 'of-rough');
  await assembleIndex({ parts, graph, outDir: assembled });
  assert.deepEqual(await sums(assembled), await sums(whole));
});

test('on another machine: copies elsewhere with other times, and an area', async () => {
  const here = { ...tiles, areaGeoJson };
  // Fewer dimensions are fitted to all tiles: to those of all parts.
  const version = { dimensions: 8, graph: { engine: 'usearch' } } as const;
  const alone = join(folder, 'area-alone');
  await buildIndex({ ...here, ...version, outDir: alone });
  const parts = await partsOf(2, join(folder, 'area-parts'), here);
  const there = join(folder, 'there');
  await cp(bundleDir, join(there, 'bundle'), { recursive: true });
  for (const path of [imagery, areaGeoJson]) await cp(path, join(there, path.slice(folder.length + 1)));
  const later = new Date(Date.now() + 5000);
  await utimes(join(there, 'mosaic.tif'), later, later);
  const outDir = join(there, 'index');
  const [a, b, c] = ['bundle', 'mosaic.tif', 'area.geojson'].map((name) => join(there, name));
  await assembleIndex({ parts, outDir, bundleDir: a, imagery: b, areaGeoJson: c, ...version });
  assert.deepEqual(await sums(outDir), await sums(alone));
});

test('a list of images in parts, one of them without a tile', async () => {
  const source = await openImagery(imagery);
  const [west, south, east, north] = source.bounds;
  const lines = ['tile,lon,lat,sizeM,file'];
  for (let k = 0; k < 6; k++) {
    const place = {
      lon: west + ((k + 1) / 7) * (east - west),
      lat: south + ((k % 3) + 1) * 0.25 * (north - south),
    };
    const tile = await cutTile(source, place, 20, 32);
    assert.ok(tile);
    await writeFile(join(folder, `${k}.png`), await encodePng(tile));
    lines.push(`t${k},${place.lon},${place.lat},20,${k}.png`);
  }
  await source.close();
  const tilesCsv = join(folder, 'tiles.csv');
  await writeFile(tilesCsv, lines.join('\n'));
  const list = { bundleDir, tilesCsv, imagery: undefined, createdAt };
  await buildIndex({ ...list, outDir: join(folder, 'list-alone') });
  const parts = await partsOf(8, join(folder, 'list-parts'), list);
  await assembleIndex({ parts, outDir: join(folder, 'list') });
  assert.deepEqual(await sums(join(folder, 'list')), await sums(join(folder, 'list-alone')));
});

test('what is missing, twice there, damaged or of something else is named', async () => {
  const outDir = join(folder, 'strange');
  const parts = await partsOf(3, outDir);
  const [one = '', two = '', three = ''] = parts;
  const refuse = (given: readonly string[], message: RegExp, options = {}) =>
    assert.rejects(assembleIndex({ parts: given, outDir: join(folder, 'never'), ...options }), {
      code: 'PARTS_UNUSABLE',
      message,
    });
  await refuse([], /No parts are given/);
  await refuse([one, three], /Part 2 of 3 is not among those given/);
  await refuse([two], /Parts 1, 3 of 3 are not among those given/);
  await refuse([...parts, two], /part-2-of-3 is given twice/);
  const copy = join(folder, 'copy');
  await cp(two, copy, { recursive: true });
  await refuse([...parts, copy], /Part 2 is given twice: .*part-2-of-3 and .*copy/);
  await refuse([join(folder, 'nowhere')], /nowhere\/part\.json cannot be read/);

  const other = (name: string, change: Partial<Parameters<typeof buildPart>[0]>) =>
    buildPart({ ...tiles, part: 2, of: 3, outDir: join(folder, name), ...change });
  const otherBundle = join(folder, 'other-bundle');
  await writeTinyBundle(otherBundle, 6);
  const otherMosaic = join(folder, 'other', 'mosaic.tif');
  await cp(imagery, otherMosaic);
  await writeMosaic(otherMosaic, 2);
  const kinds: readonly [string, Partial<Parameters<typeof buildPart>[0]>, RegExp][] = [
    ['b', { bundleDir: otherBundle }, /differ in bundle\.version: 6 in .*b\/part-2-of-3, 5 in .*part-1-of-3/],
    ['i', { imagery: otherMosaic }, /differ in imagery\.sha256: [0-9a-f]{64} in .*i\/part-2-of-3/],
    ['g', { strideM: 7 }, /differ in grid\.strideM: 7 in .*g\/part-2-of-3, 6 in/],
    ['a', { areaGeoJson }, /differ in grid\.count|differ in area/],
    ['s', { batchSize: 8 }, /differ in settings\.batchSize: 8 in .*, 32 in/],
    ['n', { part: 3, of: 4 }, /differ in of: 4 in .*part-3-of-4, 3 in/],
  ];
  for (const [name, change, message] of kinds)
    await refuse([one, (await other(name, change)).dir, three], message);
  await refuse(parts, /What is here differs .* in imagery\.sha256: .*--imagery/, { imagery: otherMosaic });
  await assert.rejects(buildPart({ ...tiles, strideM: 7, part: 2, of: 3, outDir }), {
    code: 'PARTS_UNUSABLE',
    message: /part-2-of-3 is there already and is of another grid\.strideM/,
  });
  for (const part of [0, 4, 1.5]) {
    await assert.rejects(buildPart({ ...tiles, part, of: 3, outDir }), { code: 'PARAMETER_INVALID' });
  }

  for (const name of ['descriptors.f32', 'tile-digests.bin', 'skipped.json']) {
    const path = join(two, name);
    const bytes = await readFile(path);
    await writeFile(path, bytes.subarray(0, bytes.length - 1));
    await refuse(parts, new RegExp(`part-2-of-3/${name} has \\d+ bytes`));
    await rename(path, `${path}.away`);
    await refuse(parts, new RegExp(`part-2-of-3/${name} is missing`));
    await writeFile(path, bytes);
  }
  assert.equal(await stat(join(folder, 'never')).catch(() => 'missing'), 'missing');
  const notes: BuildNote[] = [];
  const manifest = JSON.parse(await readFile(join(two, 'part.json'), 'utf8')) as object;
  await writeFile(join(two, 'part.json'), JSON.stringify({ ...manifest, processor: 'another' }));
  await assembleIndex({ parts, outDir: join(folder, 'never'), onNote: (note) => notes.push(note) });
  assert.match(notes.map(({ text }) => text).join('\n'), /of 2 kinds of processors/);
});
