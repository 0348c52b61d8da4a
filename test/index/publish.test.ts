// Publishing is all or nothing; what is current and what was before it are never removed.
import assert from 'node:assert/strict';
import { copyFile, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { buildIndex, listIndex, publishIndex, rollbackIndex, verifyIndex } from '../../index/index.js';
import { lockFolder, sha256OfBytes, sha256OfFile } from '../../src/files/index.js';
import {
  currentVersion,
  currentVersionDir,
  type IndexManifest,
  listRegions,
  listVersions,
  markServing,
  openIndexVersion,
  readDefaultRegion,
  servingProcesses,
  setDefaultRegion,
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
    graph: { engine: 'hnswlib' },
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

  for (const name of ['graph.hnsw', 'descriptors.f16', 'catalogue.bin']) {
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

test('what a killed publish left is never listed, and removed by the next', async () => {
  const dataDir = join(folder, 'leftovers');
  await publishIndex({ indexDir: built, dataDir, region: 'r' });
  const dir = join(dataDir, 'regions', 'r');
  const half = join(dir, 'versions', 'v0.123.00ff00ff.tmp');
  await mkdir(join(half, 'bundle'), { recursive: true });
  await writeFile(join(half, 'bundle', 'bundle.json'), '{');
  await writeFile(join(dir, 'current.json.123.00ff00ff.tmp'), '{');
  assert.equal((await listVersions(dataDir, 'r')).length, 1);
  await publishIndex({ indexDir: await named('later'), dataDir, region: 'r' });
  const left = (await readdir(dir, { recursive: true })).filter((name) => /\.(tmp|lock)$/.test(name));
  assert.deepEqual(left, []);
});

test('a data folder where no folder can be made is refused at once', async (t) => {
  if (process.platform !== 'linux') return t.skip('/proc is of Linux');
  await assert.rejects(publishIndex({ indexDir: built, dataDir: '/proc/skyfix', region: 'r' }), {
    code: 'FOLDER_UNUSABLE',
  });
});

test('a version that is there half, or was damaged, is copied again', async () => {
  const dataDir = join(folder, 'half');
  const region = 'r';
  await publishIndex({ indexDir: built, dataDir, region });
  const dir = await currentVersionDir(dataDir, region);
  await rm(join(dir, 'graph.hnsw'));
  await publishIndex({ indexDir: built, dataDir, region });
  await (await openIndexVersion(dir)).close();
});

test('back and forward again: any version that is there can be made current', async () => {
  const dataDir = join(folder, 'forward');
  const region = 'r';
  for (const version of ['v1', 'v2', 'v3'])
    await publishIndex({ indexDir: await named(version), dataDir, region });
  const pointer = async () => {
    const now = await currentVersion(dataDir, region);
    return [now?.version, ...(now?.history ?? [])];
  };
  assert.equal(await rollbackIndex({ dataDir, region, to: 'v1' }), 'v1');
  assert.deepEqual(await pointer(), ['v1']);
  assert.equal(await rollbackIndex({ dataDir, region, to: 'v3' }), 'v3');
  assert.deepEqual(await pointer(), ['v3', 'v1']);
  assert.equal(await rollbackIndex({ dataDir, region, to: 'v3' }), 'v3');
  assert.equal(await rollbackIndex({ dataDir, region }), 'v1');
  for (const to of ['v9', '../v1', '']) {
    await assert.rejects(rollbackIndex({ dataDir, region, to }), {
      code: 'INDEX_MISSING',
      message: /v1, v2, v3/,
    });
  }
  await rm(join(dataDir, 'regions', region, 'versions', 'v2', 'bundle', 'encoder.onnx'));
  await assert.rejects(rollbackIndex({ dataDir, region, to: 'v2' }), { code: 'BUNDLE_CORRUPT' });
  await assert.rejects(rollbackIndex({ dataDir, region: 'typo' }), {
    code: 'REGION_UNKNOWN',
    message: /there is r/,
  });
  assert.deepEqual(await readdir(join(dataDir, 'regions')), ['default.json', region]);
  assert.deepEqual(await pointer(), ['v1']);
});

test('what serves is never pruned, nor what is younger than the pointer', async () => {
  const dataDir = join(folder, 'serving');
  const region = 'r';
  await publishIndex({ indexDir: await named('v1'), dataDir, region });
  const mark = await markServing(dataDir, region, 'v1');
  for (const version of ['v2', 'v3', 'v4', 'v5'])
    await publishIndex({ indexDir: await named(version), dataDir, region, keep: 2 });
  assert.deepEqual(await listVersions(dataDir, region), ['v1', 'v4', 'v5']);
  assert.deepEqual(await servingProcesses(dataDir, region), [
    { version: 'v1', process: `process ${process.pid}` },
  ]);
  await mark.release();
  // A publisher without a lock has put it there and is about to point to it.
  await cp(await named('v6'), join(dataDir, 'regions', region, 'versions', 'v6'), { recursive: true });
  await publishIndex({ indexDir: await named('v5'), dataDir, region, keep: 2 });
  assert.deepEqual(await listVersions(dataDir, region), ['v4', 'v5', 'v6']);
});

test('one publisher at a time: another one is waited for, and named where it takes too long', async () => {
  const dataDir = join(folder, 'busy');
  const region = 'r';
  await publishIndex({ indexDir: built, dataDir, region });
  const lock = await lockFolder(join(dataDir, 'regions', region), { kind: 'publish' });
  const told: string[] = [];
  const options = { dataDir, region, waitMs: 0, onWait: (owner: string) => told.push(owner) };
  const indexDir = await named('second');
  await assert.rejects(publishIndex({ ...options, indexDir }), { code: 'FOLDER_BUSY' });
  await assert.rejects(rollbackIndex(options), { code: 'FOLDER_BUSY' });
  assert.deepEqual(told, [`process ${process.pid}`, `process ${process.pid}`]);
  const waiting = publishIndex({ ...options, waitMs: 60_000, indexDir, onWait: () => lock.release() });
  assert.equal(await waiting, 'second');
});

test('the first region published is the default, and stays it', async () => {
  const dataDir = join(folder, 'defaults');
  assert.equal(await readDefaultRegion(dataDir), undefined);
  await publishIndex({ indexDir: built, dataDir, region: 'one' });
  assert.equal(await readDefaultRegion(dataDir), 'one');
  await publishIndex({ indexDir: built, dataDir, region: 'another' });
  assert.equal(await readDefaultRegion(dataDir), 'one');
  await setDefaultRegion(dataDir, 'another');
  await publishIndex({ indexDir: await named('more'), dataDir, region: 'one' });
  assert.equal(await readDefaultRegion(dataDir), 'another');
  await assert.rejects(setDefaultRegion(dataDir, 'typo'), {
    code: 'REGION_UNKNOWN',
    message: /another, one/,
  });
  // A folder from before there were defaults: the only region was it.
  await rm(join(dataDir, 'regions', 'default.json'));
  await rm(join(dataDir, 'regions', 'one'), { recursive: true });
  await publishIndex({ indexDir: built, dataDir, region: 'a-second' });
  assert.equal(await readDefaultRegion(dataDir), 'another');
  await writeFile(join(dataDir, 'regions', 'default.json'), '{');
  await assert.rejects(readDefaultRegion(dataDir), { code: 'INDEX_CORRUPT', message: /default\.json/ });
});
