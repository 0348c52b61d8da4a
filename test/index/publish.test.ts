// Publishing is all or nothing; what is current and what was before it are never removed.
import assert from 'node:assert/strict';
import { copyFile, cp, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { buildIndex, listIndex, publishIndex, rollbackIndex, verifyIndex } from '../../index/index.js';
import { sha256OfBytes, sha256OfFile } from '../../src/files/index.js';
import {
  currentVersion,
  currentVersionDir,
  type IndexManifest,
  listRegions,
  listVersions,
  openIndexVersion,
} from '../../src/versions/index.js';
import { temporaryFolder, writeMosaic, writeTinyBundle } from './fixtures.js';

const folder = await temporaryFolder();
const built = join(folder, 'built');
const otherBundle = join(folder, 'other-bundle');
let serial = 0;

before(async () => {
  await writeTinyBundle(join(folder, 'bundle'), 5);
  await writeTinyBundle(otherBundle, 6);
  await writeMosaic(join(folder, 'mosaic.tif'));
  await buildIndex({
    bundleDir: join(folder, 'bundle'),
    imagery: join(folder, 'mosaic.tif'),
    outDir: built,
    strideM: 15,
  });
});

/** A copy of the built index, its manifest changed. */
async function variant(change: (manifest: IndexManifest) => object = (m) => m): Promise<string> {
  const dir = join(folder, `variant-${++serial}`);
  await cp(built, dir, { recursive: true });
  const manifest = JSON.parse(await readFile(join(dir, 'index.json'), 'utf8')) as IndexManifest;
  await writeFile(join(dir, 'index.json'), JSON.stringify({ ...manifest, ...change(manifest) }));
  return dir;
}
const named = (version: string) => variant(() => ({ version }));

/** Every file below a folder with its checksum. */
async function snapshot(dir: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(dir, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    found[path] = await sha256OfFile(path);
  }
  return found;
}

test('versions come, are kept, go; back is one step, and one more', async () => {
  const dataDir = join(folder, 'data');
  const region = 'town';
  for (const version of ['v1', 'v2', 'v3', 'v4']) {
    assert.equal(await publishIndex({ indexDir: await named(version), dataDir, region, keep: 3 }), version);
  }
  assert.deepEqual(await listVersions(dataDir, region), ['v2', 'v3', 'v4']);
  assert.deepEqual(await listRegions(dataDir), [region]);
  const opened = await openIndexVersion(await currentVersionDir(dataDir, region));
  assert.equal(opened.manifest.version, 'v4');
  await opened.close();
  assert.equal(await rollbackIndex({ dataDir, region }), 'v3');
  const [listed] = await listIndex({ dataDir });
  assert.deepEqual(
    listed?.versions.map(({ version, state }) => `${version} ${state}`),
    ['v2 previous', 'v3 current', 'v4 old'],
  );
  assert.equal(await rollbackIndex({ dataDir, region }), 'v2');
  await assert.rejects(rollbackIndex({ dataDir, region }), { code: 'INDEX_NO_PREVIOUS' });
  // keep 0 still keeps the current version and the one before it.
  await publishIndex({ indexDir: await named('v5'), dataDir, region, keep: 0 });
  assert.deepEqual(await listVersions(dataDir, region), ['v2', 'v5']);
  assert.deepEqual((await currentVersion(dataDir, region))?.history, ['v2']);
});

test('what must not be served is refused, and nothing changes', async () => {
  const dataDir = join(folder, 'guarded');
  const region = 'town';
  await publishIndex({ indexDir: built, dataDir, region });
  const earlier = await snapshot(dataDir);
  const refused = async (indexDir: string, code: string, message: RegExp, more = {}) => {
    await assert.rejects(publishIndex({ indexDir, dataDir, region, ...more }), { code, message });
    assert.deepEqual(await snapshot(dataDir), earlier, code);
  };

  for (const name of ['graph.hnsw', 'descriptors.f32', 'catalogue.csv']) {
    const dir = await named('damaged');
    const bytes = await readFile(join(dir, name));
    const right = sha256OfBytes(bytes);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
    await writeFile(join(dir, name), bytes);
    // The file and both sums.
    await refused(dir, 'INDEX_CORRUPT', new RegExp(`${name}.*${sha256OfBytes(bytes)}.*${right}`));
    await assert.rejects(verifyIndex(dir), { code: 'INDEX_CORRUPT' });
    await assert.rejects(openIndexVersion(dir), { code: 'INDEX_CORRUPT' });
    await rm(join(dir, name));
    await refused(dir, 'INDEX_CORRUPT', new RegExp(`${name} is missing`));
  }
  const unread = await named('unread');
  await writeFile(join(unread, 'index.json'), '{"schema":');
  await refused(unread, 'INDEX_CORRUPT', /index\.json is not JSON/);
  await refused(await variant(() => ({ version: '../v' })), 'INDEX_CORRUPT', /index\.json.*version/);
  const miscounted = await variant(({ count }) => ({ version: 'miscounted', count: count + 1 }));
  await assert.rejects(openIndexVersion(miscounted), { code: 'INDEX_CORRUPT', message: /118.*117/ });
  await refused(miscounted, 'INDEX_CORRUPT', /118.*117/);
  await refused(join(folder, 'nowhere'), 'INDEX_MISSING', /nowhere/);

  const strange = await named('strange');
  await refused(strange, 'INDEX_BUNDLE_MISMATCH', /encoder/, { bundleDir: otherBundle });
  await rm(join(strange, 'bundle'), { recursive: true });
  await refused(strange, 'BUNDLE_MISSING', /bundle\.json/);
  await cp(otherBundle, join(strange, 'bundle'), { recursive: true });
  await assert.rejects(openIndexVersion(strange), { code: 'INDEX_BUNDLE_MISMATCH' });
  const damagedBundle = await named('damaged-bundle');
  await writeFile(join(damagedBundle, 'bundle', 'encoder.onnx'), 'damaged');
  await refused(damagedBundle, 'BUNDLE_CORRUPT', /encoder\.onnx/);

  const recall = { at1: 0.9, at10: 0.8, queries: 200 };
  const poor = await variant(() => ({ version: 'poor', recall }));
  await refused(poor, 'INDEX_RECALL_TOO_LOW', /0\.8.*0\.95/);
  await assert.rejects(openIndexVersion(poor, { recallGate: 0.9 }), { code: 'INDEX_RECALL_TOO_LOW' });
  await refused(built, 'REGION_UNKNOWN', /no region name/, { region: '../town' });
  assert.equal(await publishIndex({ indexDir: poor, dataDir, region, minRecall: 0.5 }), 'poor');
});

test('a bundle that ships beside the index is joined with it', async () => {
  const dataDir = join(folder, 'joined');
  const indexDir = await named('joined');
  await rm(join(indexDir, 'bundle'), { recursive: true });
  await publishIndex({ indexDir, dataDir, region: 'r', bundleDir: join(folder, 'bundle') });
  const opened = await openIndexVersion(await currentVersionDir(dataDir, 'r'));
  assert.equal(opened.bundleDir, join(dataDir, 'regions', 'r', 'versions', 'joined', 'bundle'));
  await opened.close();
});

test('a disk that fills up while publishing loses nothing', async () => {
  const dataDir = join(folder, 'full');
  const region = 'town';
  await publishIndex({ indexDir: built, dataDir, region });
  const earlier = await snapshot(dataDir);
  const indexDir = await named('next');
  for (let room = 0; room < 5; room++) {
    let copied = 0;
    const copy = async (from: string, to: string) => {
      if (copied++ >= room)
        throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
      await copyFile(from, to);
    };
    await assert.rejects(publishIndex({ indexDir, dataDir, region, copy }), { code: 'DISK_FULL' });
    assert.deepEqual(await snapshot(dataDir), earlier);
  }
  assert.deepEqual((await readdir(join(dataDir, 'regions', region, 'versions'))).length, 1, 'no leftovers');
  await publishIndex({ indexDir, dataDir, region });
});

test('what a killed publish left is removed a day later, and never listed', async () => {
  const dataDir = join(folder, 'leftovers');
  await publishIndex({ indexDir: built, dataDir, region: 'r' });
  const versions = join(dataDir, 'regions', 'r', 'versions');
  const [old, young] = [join(versions, 'v0.123.00ff00ff.tmp'), join(versions, 'v9.456.00ff00ff.tmp')];
  await mkdir(old);
  await mkdir(young);
  const twoDaysAgo = new Date(Date.now() - 48 * 3600 * 1000);
  await utimes(old, twoDaysAgo, twoDaysAgo);
  assert.equal((await listVersions(dataDir, 'r')).length, 1);
  await publishIndex({ indexDir: await named('later'), dataDir, region: 'r' });
  assert.equal(await stat(old).catch(() => 'missing'), 'missing');
  assert.ok((await stat(young)).isDirectory(), 'another publish may be at it');
});
