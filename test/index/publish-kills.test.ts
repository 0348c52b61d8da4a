// Publishers at once, and publishers killed at any moment: there is always a current version, and it is whole.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { buildIndex, publishIndex, rollbackIndex } from '../../index/index.js';
import { removeDeadOwners } from '../../src/files/index.js';
import { seededRandom } from '../../src/random/index.js';
import { RegionService } from '../../src/regions/index.js';
import { checkIndexFolder, currentVersion, listVersions, versionDir } from '../../src/versions/index.js';
import { publishTinyVersion } from '../support/tiny-region.js';
import { temporaryFolder, writeMosaic, writeTinyBundle } from './fixtures.js';

const CHILD = join(import.meta.dirname, 'publish-child.js');
const KILLS = Number(process.env.SKYFIX_TEST_KILLS ?? 30);
const folder = await temporaryFolder();
const built = join(folder, 'built');
const REGION = 'town';

before(async () => {
  await writeTinyBundle(join(folder, 'bundle'), 5);
  await writeMosaic(join(folder, 'mosaic.tif'));
  const bundleDir = join(folder, 'bundle');
  await buildIndex({ bundleDir, imagery: join(folder, 'mosaic.tif'), outDir: built, strideM: 15 });
});

async function named(version: string): Promise<string> {
  const dir = join(folder, `index-${version}`);
  await cp(built, dir, { recursive: true });
  const manifest = JSON.parse(await readFile(join(dir, 'index.json'), 'utf8')) as object;
  await writeFile(join(dir, 'index.json'), JSON.stringify({ ...manifest, version }));
  return dir;
}

function start(dataDir: string, steps: readonly string[], endless = false) {
  const env = { ...process.env, ENDLESS: endless ? '1' : '0' };
  const child = spawn(process.execPath, [CHILD, dataDir, REGION, ...steps], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return { child, ready: once(child.stdout, 'data'), exited: once(child, 'exit') };
}

/** The current version, after everything that a server would check of it. */
async function currentAndWhole(dataDir: string): Promise<string> {
  const pointer = await currentVersion(dataDir, REGION);
  assert.ok(pointer, 'there is no current version');
  await checkIndexFolder(versionDir(dataDir, REGION, pointer.version));
  return pointer.version;
}

test('three publishers of one region at once: each ends well, and the last one is current', async () => {
  for (let round = 0; round < 3; round++) {
    const dataDir = join(folder, `crowd-${round}`);
    const versions = await Promise.all(['a', 'b', 'c'].map((name) => named(`${name}${round}`)));
    await publishIndex({ indexDir: await named(`first${round}`), dataDir, region: REGION, keep: 2 });
    const children = versions.map((dir) => start(dataDir, [dir]));
    for (const { exited } of children) assert.deepEqual(await exited, [0, null]);
    const current = await currentAndWhole(dataDir);
    const kept = await listVersions(dataDir, REGION);
    assert.ok(kept.includes(current) && kept.length === 3, kept.join());
  }
});

test(`${KILLS} kills during publish, rollback and prune: old or new, never neither; the next publish clears up`, async () => {
  const dataDir = join(folder, 'killed');
  const region = REGION;
  const random = seededRandom(20261126);
  const dirs = await Promise.all(['k1', 'k2', 'k3', 'k4'].map(named));
  const known = ['k0', 'k1', 'k2', 'k3', 'k4'];
  await publishIndex({ indexDir: await named('k0'), dataDir, region });
  const steps = [...dirs.slice(0, 2), 'back', ...dirs.slice(2), 'back', 'back'];
  for (let kill = 0; kill < KILLS; kill++) {
    const from = Math.floor(random() * steps.length);
    const { child, ready, exited } = start(dataDir, [...steps.slice(from), ...steps.slice(0, from)], true);
    await ready;
    // Anywhere in the first few publishes.
    await pause(random() * 100);
    child.kill('SIGKILL');
    assert.deepEqual(await exited, [null, 'SIGKILL']);
    assert.ok(known.includes(await currentAndWhole(dataDir)), `kill ${kill}`);
  }
  await publishIndex({ indexDir: await named('last'), dataDir, region, keep: 2 });
  assert.equal(await currentAndWhole(dataDir), 'last');
  assert.equal((await listVersions(dataDir, region)).length, 2);
  const dir = join(dataDir, 'regions', region);
  // A lock file that was killed before its first byte names no owner: it goes with a publish half a minute later.
  await removeDeadOwners(dir, Date.now() + 60_000);
  const left = (await readdir(dir, { recursive: true })).filter((name) => /\.(tmp|lock)$/.test(name));
  assert.deepEqual(left, [], 'nothing is left behind');
  await rollbackIndex({ dataDir, region });
  await currentAndWhole(dataDir);
});

test('while versions come, go back and are pruned, every reload opens a whole one, and what serves stays', async () => {
  const dataDir = join(folder, 'served');
  const source = join(folder, 'source');
  const dirs = await Promise.all(
    ['s1', 's2', 's3', 's4'].map((indexVersion) => publishTinyVersion(source, REGION, { indexVersion })),
  );
  await publishIndex({ indexDir: dirs[0] ?? '', dataDir, region: REGION });
  const service = await RegionService.open(dataDir, { threads: 1 });
  const { child, ready, exited } = start(dataDir, [...dirs, 'back', ...dirs, 'back', 'back'], true);
  try {
    await ready;
    for (let reload = 0; reload < 40; reload++) {
      const { indexVersion } = await service.reload(REGION);
      const lease = service.acquire(REGION);
      assert.equal(lease.region.version.manifest.version, indexVersion);
      // What serves is still on disk, for a part that has to be opened again.
      await checkIndexFolder(versionDir(dataDir, REGION, indexVersion));
      lease.release();
    }
    assert.equal(child.exitCode, null);
  } finally {
    child.kill('SIGKILL');
    await exited;
    await service.close();
  }
});
