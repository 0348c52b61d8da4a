// Versions whose descriptors are in shards: the same rows as in one file, however the build was divided; an update of a small
// area leaves the shards of other ground the same files on disk; and whoever handles versions handles all of their files.
import assert from 'node:assert/strict';
import { cp, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { before, test } from 'node:test';
import {
  assembleIndex,
  buildIndex,
  buildPart,
  publishIndex,
  rollbackIndex,
  updateIndex,
  verifyIndex,
  writeCalibratedVersion,
} from '../../index/index.js';
import type { Calibration } from '../../src/calibration/index.js';
import { readCatalogue, readStored } from '../../src/search/index.js';
import {
  checkIndexFolder,
  currentVersionDir,
  openIndexVersion,
  readIndexManifest,
  SeenFiles,
  shardFilesOf,
} from '../../src/versions/index.js';
import { patch, sums, temporaryFolder, writeMosaic, writeTinyBundle } from './fixtures.js';

const folder = await temporaryFolder();
const bundleDir = join(folder, 'bundle');
const at = (name: string) => join(folder, name, 'mosaic.tif');
const createdAt = '2026-02-03T04:05:06.000Z';
const graph = { engine: 'hnswlib' } as const;
/** Squares of 8 x 8 cells, 48 m: of about 30 x 22 tiles that is a dozen. */
const [STRIDE_M, SIDE_CELLS] = [6, 8];
const shardCells = SIDE_CELLS ** 2;
const tiles = { bundleDir, strideM: STRIDE_M, createdAt };
const build = { ...tiles, graph, shardCells };
const indexDir = join(folder, 'first');

before(async () => {
  await writeTinyBundle(bundleDir, 5);
  for (const name of ['old', 'new', 'narrow']) await mkdir(join(folder, name));
  await writeMosaic(at('old'));
  await writeMosaic(at('new'), 1, { change: patch });
  await writeMosaic(at('narrow'), 1, { width: 300 });
  await buildIndex({ ...build, imagery: at('old'), outDir: indexDir });
});

const shardsOf = async (dir: string) => shardFilesOf(await readIndexManifest(dir));
const inode = async (dir: string, name: string) => (await stat(join(dir, name))).ino;

/** The aligned squares of the lattice that hold tiles, each with its tiles: by the names of these alone. */
async function squaresOf(dir: string): Promise<ReadonlyMap<string, string>> {
  const catalogue = await readCatalogue(join(dir, 'catalogue.bin'));
  const squares = new Map<string, string>();
  for (let row = 0; row < catalogue.count; row++) {
    const { tile } = catalogue.tile(row);
    const [, r, c] = /^r(-?\d+)c(-?\d+)$/.exec(tile) ?? [];
    const square = [r, c].map((cell) => Math.floor(Number(cell) / SIDE_CELLS)).join(' ');
    squares.set(square, `${squares.get(square) ?? ''} ${tile}`);
  }
  return squares;
}

/** Names of shards that are one file with another version's, and of those that are not. */
async function sharedShards(dir: string, other: string) {
  const there = new Set(await shardsOf(other));
  const [shared, own]: [string[], string[]] = [[], []];
  for (const name of await shardsOf(dir)) {
    const same = there.has(name) && (await inode(dir, name)) === (await inode(other, name));
    (same ? shared : own).push(name);
  }
  return { shared, own };
}

test('the rows, the graph and the catalogue of a version with one file, in a shard a square of the lattice', async () => {
  const single = join(folder, 'single');
  await buildIndex({ ...tiles, graph, imagery: at('old'), outDir: single });
  assert.deepEqual(await shardsOf(single), [], 'a small region has one file');
  const path = (dir: string) => join(dir, 'descriptors.f16');
  assert.deepEqual(await readStored(path(indexDir)), await readStored(path(single)));
  const [ours, others] = [await sums(indexDir), await sums(single)];
  for (const name of ['graph.hnsw', 'catalogue.bin', 'tile-digests.bin', 'basemap.pmtiles']) {
    assert.ok(ours[name]);
    assert.equal(ours[name], others[name], name);
  }
  const shards = await shardsOf(indexDir);
  assert.equal(shards.length, (await squaresOf(indexDir)).size);
  assert.ok(shards.length >= 10 && shards.length <= 24, String(shards.length));
  for (const name of shards) assert.equal(basename(name), `${ours[name]}.f16`);
});

test('parts, however many: every file of a build that was not split', async () => {
  const expected = await sums(indexDir);
  for (const of of [2, 5]) {
    const parts: string[] = [];
    for (let part = 1; part <= of; part++) {
      const outDir = join(folder, `parts-${of}`);
      parts.push((await buildPart({ ...tiles, imagery: at('old'), part, of, outDir })).dir);
    }
    const outDir = join(folder, `assembled-${of}`);
    await assembleIndex({ parts: parts.reverse(), graph, shardCells, outDir });
    assert.deepEqual(await sums(outDir), expected, `${of} parts`);
  }
});

test('an update of a small area: most shards are the same inodes, and all is as a build from nothing', async () => {
  const kept = await sums(indexDir);
  const outDir = join(folder, 'updated');
  const facts: string[] = [];
  const onNote = ({ text }: { readonly text: string }) => facts.push(text);
  await updateIndex({ indexDir, imagery: at('new'), createdAt, graph, shardCells, outDir, onNote });
  const expected = join(folder, 'from-nothing');
  await buildIndex({ ...build, imagery: at('new'), outDir: expected });
  assert.deepEqual(await sums(outDir), await sums(expected));
  assert.deepEqual(await sums(indexDir), kept, 'the version before is as it was');
  const { shared, own } = await sharedShards(outDir, indexDir);
  // 30 m of centres see the patch of 10 m: at most two squares of 48 m each way.
  assert.ok(own.length >= 1 && own.length <= 4, `${own.length} of ${own.length + shared.length}`);
  assert.ok(shared.length > 2 * own.length, `${shared.length} shared, ${own.length} not`);
  assert.ok(facts.some((text) => / MB are the same files on disk as in /.test(text)));
  // Answers, of an opened version.
  const [one, other] = [await openIndexVersion(outDir), await openIndexVersion(expected)];
  try {
    const stored = await readStored(join(expected, 'descriptors.f16'));
    const { count, dimensions } = stored;
    for (const row of [0, 200, count - 1]) {
      const query = Float32Array.from({ length: dimensions }, (_, i) => Math.sin(1 + i * (row + 1)));
      const norm = Math.hypot(...query);
      const asked = query.map((value) => value / norm);
      assert.deepEqual(await one.index.search(asked, 10), await other.index.search(asked, 10));
    }
  } finally {
    await one.close();
    await other.close();
  }
  // Removing the version before takes nothing from this one.
  const alone = join(folder, 'alone');
  await cp(indexDir, alone, { recursive: true });
  const next = join(folder, 'of-alone');
  await updateIndex({ indexDir: alone, imagery: at('new'), createdAt, graph, shardCells, outDir: next });
  assert.equal((await sharedShards(next, alone)).own.length, own.length);
  await rm(alone, { recursive: true });
  assert.deepEqual(await sums(next), await sums(expected));
});

test('ground that goes and comes: squares where nothing came or went stay the same files', async () => {
  const narrow = join(folder, 'narrow-index');
  await updateIndex({ indexDir, imagery: at('narrow'), createdAt, graph, shardCells, outDir: narrow });
  const { shared, own } = await sharedShards(narrow, indexDir);
  const [before, now] = [await squaresOf(indexDir), await squaresOf(narrow)];
  const same = [...now].filter(([square, tiles]) => before.get(square) === tiles);
  assert.ok(same.length >= 4 && same.length < now.size, `${same.length} of ${now.size}`);
  assert.deepEqual([shared.length, own.length], [same.length, now.size - same.length]);
  const again = join(folder, 'wide-again');
  await updateIndex({ indexDir: narrow, imagery: at('old'), createdAt, graph, shardCells, outDir: again });
  assert.deepEqual(await sums(again), await sums(indexDir));
  assert.deepEqual((await sharedShards(again, narrow)).shared, shared);
});

test('a version of one file is updated to shards, and one in shards of another size: all rows, none shared', async () => {
  const single = join(folder, 'single-before');
  await buildIndex({ ...tiles, graph, imagery: at('old'), outDir: single });
  const expected = await sums(join(folder, 'from-nothing'));
  const larger = join(folder, 'larger');
  await buildIndex({ ...build, imagery: at('old'), shardCells: 4 * shardCells, outDir: larger });
  for (const [k, from] of [single, larger].entries()) {
    const outDir = join(folder, `of-other-${k}`);
    await updateIndex({ indexDir: from, imagery: at('new'), createdAt, graph, shardCells, outDir });
    assert.deepEqual(await sums(outDir), expected);
    assert.deepEqual((await sharedShards(outDir, from)).shared, []);
  }
});

test('published, shared, pruned, rolled back, copied and calibrated: every shard comes along', async () => {
  const [dataDir, region] = [join(folder, 'data'), 'town'];
  await publishIndex({ indexDir, dataDir, region });
  const first = await currentVersionDir(dataDir, region);
  assert.deepEqual((await sharedShards(first, indexDir)).shared, [], 'a copy');
  const outDir = join(folder, 'next');
  await updateIndex({ indexDir: first, imagery: at('new'), graph, shardCells, outDir });
  await publishIndex({ indexDir: outDir, dataDir, region, share: true, keep: 2 });
  const second = await currentVersionDir(dataDir, region);
  const { shared, own } = await sharedShards(second, first);
  assert.ok(shared.length > 2 * own.length && own.length >= 1, `${shared.length} shared, ${own.length} not`);
  await rollbackIndex({ dataDir, region });
  assert.equal(await currentVersionDir(dataDir, region), first);
  await publishIndex({ indexDir: outDir, dataDir, region, share: true });
  await rm(first, { recursive: true });
  const copy = join(folder, 'copy-elsewhere');
  await cp(second, copy, { recursive: true });
  const calibrated = join(folder, 'calibrated');
  await writeCalibratedVersion(copy, calibrated, { createdAt } as Calibration);
  await checkIndexFolder(calibrated);
  assert.deepEqual(await shardsOf(calibrated), await shardsOf(copy));
  for (const dir of [second, copy]) assert.ok((await verifyIndex(dir)).recall.at1 > 0.95);
});

test('a shard that is missing, damaged or not the one that is named is a clear error, and is never taken over', async () => {
  const dir = join(folder, 'damaged');
  await cp(indexDir, dir, { recursive: true });
  const [name = '', other = ''] = await shardsOf(dir);
  const path = join(dir, name);
  const kept = await readFile(path);
  const flipped = Buffer.from(kept);
  flipped[flipped.length - 1] = (flipped[flipped.length - 1] as number) ^ 1;
  const refused = async (message: RegExp) => {
    const expected = { code: 'INDEX_CORRUPT', message };
    await assert.rejects(openIndexVersion(dir), expected);
    await assert.rejects(verifyIndex(dir), expected);
    const outDir = join(folder, 'never');
    await assert.rejects(updateIndex({ indexDir: dir, imagery: at('new'), graph, outDir }), expected);
    await assert.rejects(publishIndex({ indexDir: dir, dataDir: join(folder, 'd'), region: 'r' }), expected);
    assert.equal(await stat(outDir).catch(() => 'missing'), 'missing');
  };
  await rm(path);
  await refused(new RegExp(`${name} is missing`));
  await writeFile(path, flipped);
  await refused(new RegExp(`${name} has ${kept.length} bytes and the SHA-256`));
  // Damaged where it would be taken from: the version that is published has its own.
  const [dataDir, region] = [join(folder, 'data-damaged'), 'town'];
  await publishIndex({ indexDir, dataDir, region });
  const current = await currentVersionDir(dataDir, region);
  await rm(join(current, name));
  await writeFile(join(current, name), flipped);
  const outDir = join(folder, 'later');
  await buildIndex({ ...build, createdAt: '2026-03-03T04:05:06.000Z', imagery: at('old'), outDir });
  await publishIndex({ indexDir: outDir, dataDir, region, share: true });
  const later = await currentVersionDir(dataDir, region);
  assert.notEqual(later, current);
  const { own } = await sharedShards(later, current);
  assert.deepEqual(own, [name]);
  await verifyIndex(later);
  // An index.json that leaves a shard out, or says another sum of it.
  await writeFile(path, kept);
  const manifest = JSON.parse(await readFile(join(dir, 'index.json'), 'utf8'));
  const { [name]: _left, ...without } = manifest.files;
  await writeFile(join(dir, 'index.json'), JSON.stringify({ ...manifest, files: without }));
  await refused(new RegExp(`names the shard ${name}; index.json says nothing of it`));
  await cp(join(dir, other), path);
  const exchanged = { ...manifest.files, [name]: manifest.files[other] };
  await writeFile(join(dir, 'index.json'), JSON.stringify({ ...manifest, files: exchanged }));
  await refused(new RegExp(`names the shard ${name}; index.json says ${manifest.files[other].sha256} of it`));
});

test('shards are believed together as the one large file that they are, and read again where one was touched', async () => {
  const dir = join(folder, 'believed');
  await cp(indexDir, dir, { recursive: true });
  const { files } = await readIndexManifest(dir);
  const shards = await shardsOf(dir);
  const together = shards.reduce((sum, name) => sum + (files[name]?.bytes ?? 0), 0);
  // Each is smaller than what is believed.
  assert.ok(shards.every((name) => (files[name]?.bytes ?? 0) < together / 2));
  const options = {
    trustSeen: true,
    seen: new SeenFiles(join(folder, 'seen'), -1000),
    trustedFromBytes: together,
  };
  const trusted = async () => {
    const version = await openIndexVersion(dir, options);
    await version.close();
    return version.trusted.filter((name) => shards.includes(name));
  };
  assert.deepEqual(await trusted(), []);
  assert.deepEqual(await trusted(), shards);
  const [name = ''] = shards;
  const bytes = await readFile(join(dir, name));
  await rm(join(dir, name));
  await writeFile(join(dir, name), bytes);
  assert.deepEqual(await trusted(), shards.slice(1));
});
