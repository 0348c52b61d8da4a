// An update is the build of the new imagery, to the bit, with only what changed described again; files that stay are shared, and
// sharing them harms nobody.
import assert from 'node:assert/strict';
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import {
  type BuildNote,
  buildIndex,
  cutTile,
  openImagery,
  publishIndex,
  readArea,
  updateIndex,
  verifyIndex,
} from '../../index/index.js';
import { loadBundle } from '../../src/bundles/index.js';
import { DEFAULT_ENGINE, type EngineChoice } from '../../src/engines/index.js';
import { sha256OfBytes } from '../../src/files/index.js';
import { insideBbox, offsetLonLat } from '../../src/geometry/index.js';
import { readCatalogue } from '../../src/search/index.js';
import { currentVersionDir, type IndexManifest, openIndexVersion } from '../../src/versions/index.js';
import { INPUT_PX, patch, sums, temporaryFolder, writeMosaic, writeTinyBundle } from './fixtures.js';

const folder = await temporaryFolder();
const bundleDir = join(folder, 'bundle');
const at = (name: string) => join(folder, name, 'mosaic.tif');
const createdAt = '2026-02-03T04:05:06.000Z';
const graph = { engine: 'hnswlib' } as const;
const build = { bundleDir, strideM: 6, createdAt, graph };
const indexDir = join(folder, 'first');

before(async () => {
  await writeTinyBundle(bundleDir, 5);
  for (const name of ['old', 'new', 'narrow']) await mkdir(join(folder, name));
  await writeMosaic(at('old'));
  await writeMosaic(at('new'), 1, { change: patch });
  await writeMosaic(at('narrow'), 1, { width: 300 });
  await buildIndex({ ...build, imagery: at('old'), outDir: indexDir });
});

/** A square of `sideM` around a pixel, as an area. */
async function areaAround(name: string, x: number, y: number, sideM: number): Promise<string> {
  const source = await openImagery(at('old'));
  const [west, , , north] = source.bounds;
  const centre = offsetLonLat({ lon: west, lat: north }, x / 2, -y / 2);
  const corner = (east: number, up: number) => {
    const { lon, lat } = offsetLonLat(centre, (east * sideM) / 2, (up * sideM) / 2);
    return [lon, lat];
  };
  const ring = [corner(-1, -1), corner(1, -1), corner(1, 1), corner(-1, 1), corner(-1, -1)];
  await source.close();
  const path = join(folder, name);
  await writeFile(path, JSON.stringify({ type: 'Polygon', coordinates: [ring] }));
  return path;
}

test('changed pixels: the bits of a build from nothing, and no more described than their squares of ground', async () => {
  const outDir = join(folder, 'updated');
  const notes: BuildNote[] = [];
  const options = { indexDir, imagery: at('new'), createdAt, graph };
  const made = await updateIndex({ ...options, outDir, onNote: (note) => notes.push(note) });
  const expected = join(folder, 'from-nothing');
  await buildIndex({ ...build, imagery: at('new'), outDir: expected });
  assert.deepEqual(await sums(outDir), await sums(expected));
  // What changed, found by cutting every tile of both.
  const [old, now] = await Promise.all([openImagery(at('old')), openImagery(at('new'))]);
  const catalogue = await readCatalogue(join(expected, 'catalogue.bin'));
  let changed = 0;
  for (let row = 0; row < catalogue.count; row++) {
    const [one, other] = await Promise.all(
      [old, now].map((of) => cutTile(of, catalogue.tile(row), 20, INPUT_PX)),
    );
    assert.ok(one && other);
    if (Buffer.compare(one.data, other.data) !== 0) changed++;
  }
  await Promise.all([old.close(), now.close()]);
  // 30 m by 30 m of centres see some of it, one every 6 m.
  assert.ok(changed >= 16 && changed <= 36, String(changed));
  assert.deepEqual([made.changed, made.added, made.removed], [changed, 0, 0]);
  assert.equal(made.unchanged, catalogue.count - changed);
  assert.ok(made.described >= changed && made.described <= 8 * 32, String(made.described));
  assert.match(
    notes.map(({ text }) => text).join('\n'),
    new RegExp(`^${changed} tiles changed, 0 are new, 0 are gone`, 'm'),
  );
  assert.equal(await stat(`${outDir}.partial`).catch(() => 'gone'), 'gone');
  await (await openIndexVersion(outDir)).close();

  // Told where to look, the same; told to look elsewhere, nothing has changed there.
  const near = await updateIndex({
    ...options,
    outDir: join(folder, 'near'),
    changedGeoJson: await areaAround('p.json', 260, 110, 10),
  });
  assert.deepEqual(await sums(join(folder, 'near')), await sums(expected));
  assert.equal(near.changed, changed);
  const elsewhere = await areaAround('e.json', 40, 250, 20);
  const far = await updateIndex({ ...options, outDir: join(folder, 'far'), changedGeoJson: elsewhere });
  assert.deepEqual([far.changed, far.described, far.unchanged], [0, 0, catalogue.count]);
});

test('ground that goes and comes: tiles removed and added, on the lattice that there was', async () => {
  const narrow = join(folder, 'narrow-index');
  const lost = await updateIndex({ indexDir, imagery: at('narrow'), outDir: narrow, createdAt, graph });
  const { origin } = lost.manifest.tiles;
  const expected = join(folder, 'narrow-from-nothing');
  await buildIndex({ ...build, imagery: at('narrow'), origin, outDir: expected });
  assert.deepEqual(await sums(narrow), await sums(expected));
  assert.deepEqual([lost.added, lost.changed], [0, 0]);
  // A tile stays where all of its ground is within the bounds of what is left.
  const source = await openImagery(at('narrow'));
  const catalogue = await readCatalogue(join(indexDir, 'catalogue.bin'));
  const inside = (row: number, eastM: number, northM: number) =>
    insideBbox(offsetLonLat(catalogue.tile(row), eastM, northM), source.bounds);
  const rows = Array.from({ length: catalogue.count }, (_, row) => row);
  // The middles of its sides: to the north a degree of longitude is shorter. A catalogue is true to half a millimetre.
  const sides = [9.999, -9.999].flatMap((m) => [
    [m, 0],
    [0, m],
  ]) as [number, number][];
  const stay = rows.filter((row) => sides.every(([eastM, northM]) => inside(row, eastM, northM)));
  await source.close();
  assert.ok(stay.length > 400 && stay.length < 500, String(stay.length));
  assert.equal(lost.removed, catalogue.count - stay.length);
  const again = join(folder, 'wide-again');
  const found = await updateIndex({ indexDir: narrow, imagery: at('old'), outDir: again, createdAt, graph });
  assert.deepEqual([found.added, found.removed], [lost.removed, 0]);
  assert.deepEqual(await sums(again), await sums(indexDir));
});

test('the area of a region stays, and may change', async () => {
  const small = await areaAround('small.json', 150, 150, 90);
  const large = await areaAround('large.json', 180, 150, 120);
  const options = { ...build, imagery: at('old') };
  const of = join(folder, 'small');
  const manifest = await buildIndex({ ...options, areaGeoJson: small, outDir: of });
  const { origin } = manifest.tiles;
  const kept = await updateIndex({
    indexDir: of,
    imagery: at('new'),
    outDir: join(folder, 'small-new'),
    createdAt,
    graph,
  });
  await buildIndex({
    ...options,
    imagery: at('new'),
    areaGeoJson: small,
    outDir: join(folder, 'small-nothing'),
  });
  assert.deepEqual(await sums(join(folder, 'small-new')), await sums(join(folder, 'small-nothing')));
  assert.equal(kept.removed + kept.added, 0);
  const grown = await updateIndex({
    indexDir: of,
    imagery: at('old'),
    areaGeoJson: large,
    outDir: join(folder, 'grown'),
    createdAt,
    graph,
  });
  await buildIndex({ ...options, areaGeoJson: large, origin, outDir: join(folder, 'grown-nothing') });
  assert.deepEqual(await sums(join(folder, 'grown')), await sums(join(folder, 'grown-nothing')));
  assert.ok(grown.added > 0);
  const catalogue = await readCatalogue(join(folder, 'grown', 'catalogue.bin'));
  const area = await readArea(large);
  const names = Array.from({ length: catalogue.count }, (_, row) => catalogue.tile(row));
  assert.ok(names.every((tile) => area.contains(tile)));
  assert.ok(
    names.some(({ tile }) => tile.includes('-')),
    'rows south of where the lattice began',
  );
});

test('another encoder, a list, fewer dimensions, an older version, another engine: refused with what to do', async () => {
  const outDir = join(folder, 'never');
  const refuse = (options: Partial<Parameters<typeof updateIndex>[0]>, code: string, message: RegExp) =>
    assert.rejects(updateIndex({ indexDir, imagery: at('new'), outDir, ...options }), { code, message });
  const other = join(folder, 'other-bundle');
  await writeTinyBundle(other, 6);
  await refuse(
    { bundleDir: other },
    'INDEX_BUNDLE_MISMATCH',
    /an update keeps the encoder, "skyfix index rebuild"/,
  );
  const changed = async (name: string, change: (manifest: IndexManifest) => object) => {
    const dir = join(folder, name);
    await cp(indexDir, dir, { recursive: true });
    const manifest = JSON.parse(await readFile(join(dir, 'index.json'), 'utf8')) as IndexManifest;
    await writeFile(join(dir, 'index.json'), JSON.stringify({ ...manifest, ...change(manifest) }));
    return dir;
  };
  const list = await changed('list', ({ tiles }) => ({ tiles: { ...tiles, strideM: null } }));
  await refuse({ indexDir: list }, 'UPDATE_IMPOSSIBLE', /was built of a list of images/);
  const older = await changed('older', () => ({ build: undefined }));
  await refuse({ indexDir: older }, 'UPDATE_IMPOSSIBLE', /before versions kept the digests.*index rebuild/);
  const openvino = await changed('openvino', ({ build }) => ({
    build: { ...build, engine: 'openvino bf16' },
  }));
  await refuse({ indexDir: openvino }, 'UPDATE_IMPOSSIBLE', /by openvino bf16, here is onnxruntime f32/);
  const endless = await changed('endless', ({ tiles }) => ({
    tiles: { ...tiles, origin: { lon: 9, lat: 49, marginM: 0 } },
  }));
  await refuse({ indexDir: endless }, 'UPDATE_IMPOSSIBLE', /give the area of the region/);
  const few = join(folder, 'few');
  await buildIndex({ ...build, imagery: at('old'), dimensions: 8, outDir: few });
  await refuse({ indexDir: few }, 'UPDATE_IMPOSSIBLE', /8 of 24 dimensions/);
  const damaged = await changed('damaged', () => ({}));
  await writeFile(join(damaged, 'tile-digests.bin'), 'damaged');
  await refuse({ indexDir: damaged }, 'INDEX_CORRUPT', /tile-digests\.bin/);
  await refuse({ indexDir: join(folder, 'nowhere') }, 'INDEX_MISSING', /nowhere/);
  assert.equal(await stat(outDir).catch(() => 'missing'), 'missing');
});

/** Bytes of the files of a version, manifests aside, and of those that are one file with another's, by what the disk says. */
async function sizesShared(before: string, dir: string) {
  let [shared, total] = [0, 0];
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || ['index.json', 'bundle.json'].includes(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    const { ino, size } = await stat(path);
    const other = await stat(path.replace(dir, before)).catch(() => undefined);
    total += size;
    if (other?.ino === ino) shared += size;
  }
  return { shared, total };
}

test('files that stay are on disk once; pruning, verifying and copying do not mind', async () => {
  const dataDir = join(folder, 'data');
  const region = 'town';
  await publishIndex({ indexDir, dataDir, region });
  const first = await currentVersionDir(dataDir, region);
  const made: string[] = [];
  for (const [k, imagery] of [at('new'), at('old'), at('new')].entries()) {
    const outDir = join(folder, `next-${k}`);
    const from = await currentVersionDir(dataDir, region);
    const facts: string[] = [];
    await updateIndex({ indexDir: from, imagery, outDir, graph, onNote: ({ text }) => facts.push(text) });
    const { shared, total } = await sizesShared(from, outDir);
    assert.ok(shared > 0 && shared < total);
    const [a, b] = [shared, total].map((bytes) => (bytes / 1e6).toFixed(1));
    assert.ok(facts.includes(`${a} of ${b} MB are the same files on disk as in ${from}`), facts.join('\n'));
    await publishIndex({ indexDir: outDir, dataDir, region, keep: 2, share: true });
    made.push(await currentVersionDir(dataDir, region));
  }
  const [, second = '', third = ''] = made;
  assert.equal(await stat(first).catch(() => 'pruned'), 'pruned');
  const inode = async (...path: string[]) => (await stat(join(...path))).ino;
  assert.equal(await inode(second, 'bundle', 'encoder.onnx'), await inode(third, 'bundle', 'encoder.onnx'));
  assert.equal(await inode(second, 'catalogue.bin'), await inode(third, 'catalogue.bin'));
  assert.notEqual(await inode(second, 'descriptors.f16'), await inode(third, 'descriptors.f16'));
  const copy = join(folder, 'copy-elsewhere');
  await cp(third, copy, { recursive: true });
  await rm(second, { recursive: true });
  for (const dir of [third, copy]) assert.ok((await verifyIndex(dir)).recall.at1 > 0.95);
  // What is damaged in the version before is not taken over.
  await rm(join(third, 'catalogue.bin'));
  await writeFile(join(third, 'catalogue.bin'), 'damaged');
  const whole = join(folder, 'next-1');
  await publishIndex({ indexDir: whole, dataDir, region, share: true });
  assert.ok((await verifyIndex(await currentVersionDir(dataDir, region))).recall.at1 > 0.95);
});

test('a bundle that was quantised since: its networks come along, tiles stay described in float', async () => {
  const quantisedDir = join(folder, 'quantised');
  await cp(bundleDir, quantisedDir, { recursive: true });
  const path = join(quantisedDir, 'bundle.json');
  const manifest = JSON.parse(await readFile(path, 'utf8'));
  const { sha256 } = manifest.files['encoder.onnx'];
  // No network at all: whoever runs it fails.
  await writeFile(join(quantisedDir, 'encoder.int8.onnx'), 'no network');
  manifest.files['encoder.int8.onnx'] = { sha256: sha256OfBytes(Buffer.from('no network')), bytes: 10 };
  manifest.quantisation = {
    createdAt,
    weightBits: 7,
    calibration: { pictures: 1, from: 'nowhere' },
    networks: { 'encoder.onnx': { of: sha256, ranges: 100, layers: 1, inFloat: [] } },
    heldOut: { views: 1, from: 'nowhere', cosine: { mean: 1, p5: 1, least: 1 } },
  };
  await writeFile(path, JSON.stringify(manifest));
  const engine: EngineChoice = { ...DEFAULT_ENGINE, precision: 'int8' };
  const outDir = join(folder, 'with-int8');
  await updateIndex({
    indexDir,
    bundleDir: quantisedDir,
    imagery: at('new'),
    createdAt,
    graph,
    engine,
    outDir,
  });
  const made = await openIndexVersion(outDir);
  try {
    assert.equal(made.manifest.bundle.encoderSha256, sha256);
    assert.equal(
      (await loadBundle(made.bundleDir)).quantised?.encoder,
      join(made.bundleDir, 'encoder.int8.onnx'),
    );
  } finally {
    await made.close();
  }
  const plain = join(folder, 'without-int8');
  await updateIndex({ indexDir, imagery: at('new'), createdAt, graph, outDir: plain });
  const descriptorsOf = async (dir: string) => (await sums(dir))['descriptors.f16'];
  assert.ok(await descriptorsOf(outDir));
  assert.equal(await descriptorsOf(outDir), await descriptorsOf(plain));
});
