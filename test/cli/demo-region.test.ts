import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { followShippedDemo, installDemo } from '../../cli/index.js';
import { publishIndex } from '../../index/index.js';
import { locate } from '../../src/locate/index.js';
import { RegionService } from '../../src/regions/index.js';
import { currentVersion, listRegions } from '../../src/versions/index.js';
import { runSkyfix, SKYFIX_BIN } from '../support/run-cli.js';
import {
  noisePanorama,
  pngOf,
  publishTinyVersion,
  withTemporaryFolder,
  writeTinyBundle,
} from '../support/tiny-region.js';

const SHIPPED = '20260101T000000Z-00000001';
const NEWER = '20270101T000000Z-00000002';

/** A checkout as it ships: the index without its bundle, and two bundles of which one fits. */
async function shippedIn(root: string, version = SHIPPED, createdAt?: string): Promise<void> {
  await rm(join(root, 'demo'), { recursive: true, force: true });
  await rm(join(root, 'models'), { recursive: true, force: true });
  const built = await publishTinyVersion(join(root, 'build'), 'x', { indexVersion: version });
  await mkdir(join(root, 'models'), { recursive: true });
  await mkdir(join(root, 'demo'));
  await writeTinyBundle(join(root, 'models/another'), { nudge: 1e-6 });
  await rename(join(built, 'bundle'), join(root, 'models/tiny'));
  if (createdAt !== undefined) {
    const manifest = JSON.parse(await readFile(join(built, 'index.json'), 'utf8')) as object;
    await writeFile(join(built, 'index.json'), JSON.stringify({ ...manifest, createdAt }));
  }
  await cp(built, join(root, 'demo/index'), { recursive: true });
}

const currentOf = async (dataDir: string) => (await currentVersion(dataDir, 'demo'))?.version;

/** Without SKYFIX_DATA, in a folder: its exit status and what it printed. */
function runIn(cwd: string, args: readonly string[], command: readonly string[] = []) {
  const { SKYFIX_DATA: _, ...env } = process.env;
  const [file = '', ...rest] = [...command, process.execPath, SKYFIX_BIN, ...args];
  return new Promise<{ status: number; stdout: string; stderr: string }>((resolve) => {
    execFile(file, rest, { cwd, env }, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

describe('demo region', () => {
  test('is published with the bundle that its encoder names, once', async () => {
    await withTemporaryFolder(async (root) => {
      await shippedIn(root);
      const dataDir = join(root, 'data');
      assert.equal(await followShippedDemo(dataDir, root), SHIPPED);
      assert.equal(await followShippedDemo(dataDir, root), undefined);
      assert.equal(await installDemo(dataDir, root), SHIPPED);
      const service = await RegionService.open(dataDir, { threads: 1 });
      const lease = service.acquire('demo');
      const options = { top: 1, distinct: true, headingDeg: 0 };
      const { results } = await locate(lease.region, await pngOf(noisePanorama(5)), options);
      assert.equal(results[0]?.tile, 'place-5');
      lease.release();
      await service.close();
    });
  });

  test('one that was installed follows what ships; what people published stays', async () => {
    await withTemporaryFolder(async (root) => {
      const dataDir = join(root, 'data');
      await shippedIn(root);
      await installDemo(dataDir, root);
      // As it was installed before installing was written down.
      await cp(dataDir, join(root, 'old'), { recursive: true });
      await rm(join(root, 'old/regions/demo/shipped.json'));
      const own = await publishTinyVersion(join(root, 'own'), 'x', { indexVersion: 'own' });
      await shippedIn(root, NEWER, '2027-01-01T00:00:00.000Z');
      assert.equal(await followShippedDemo(dataDir, root), NEWER);
      assert.equal(await followShippedDemo(join(root, 'old'), root), NEWER);
      await publishIndex({ indexDir: own, dataDir, region: 'demo' });
      assert.equal(await followShippedDemo(dataDir, root), undefined);
      assert.equal(await currentOf(dataDir), 'own');
      await rm(join(root, 'demo'), { recursive: true });
      assert.equal(await followShippedDemo(dataDir, root), undefined, 'nothing ships: what is there serves');
    });
  });

  test('a folder that has a region keeps it as it is', async () => {
    await withTemporaryFolder(async (root) => {
      await shippedIn(root);
      await publishTinyVersion(join(root, 'data'), 'mine');
      assert.equal(await followShippedDemo(join(root, 'data'), root), undefined);
      assert.deepEqual(await listRegions(join(root, 'data')), ['mine']);
    });
  });

  test('says what is missing', async () => {
    await withTemporaryFolder(async (root) => {
      await assert.rejects(installDemo(join(root, 'data'), root), { code: 'INDEX_MISSING' });
      await shippedIn(root);
      await rename(join(root, 'models/tiny'), join(root, 'elsewhere'));
      await assert.rejects(installDemo(join(root, 'data'), root), { code: 'BUNDLE_MISSING' });
    });
  });

  test('a folder that was named and is empty is an error (DATA_EMPTY), and stays empty', async () => {
    await withTemporaryFolder(async (root) => {
      const image = join(root, 'p.png');
      await writeFile(image, await pngOf(noisePanorama(1)));
      const empty = join(root, 'mount');
      await mkdir(empty);
      const typo = join(root, 'typo');
      for (const { args, env, what } of [
        { args: ['locate', image, '--data', typo], env: {}, what: /typo \(--data\) does not exist/ },
        { args: ['locate', image, '--data', empty], env: {}, what: /mount \(--data\) holds no region/ },
        {
          args: ['locate', image],
          env: { SKYFIX_DATA: empty },
          what: /mount \(SKYFIX_DATA\) holds no region/,
        },
        {
          args: ['serve'],
          env: { SKYFIX_DATA: empty, PORT: '0' },
          what: /mount \(SKYFIX_DATA\) holds no region/,
        },
      ]) {
        const { status, stdout, stderr } = await runSkyfix(args, env);
        assert.equal(status, 1, args.join(' '));
        assert.equal(stdout, '');
        assert.match(stderr, what);
        assert.match(stderr, /No region in the data folder.*skyfix demo install --data/);
      }
      assert.deepEqual((await readdir(root)).sort(), ['mount', 'p.png']);
      assert.deepEqual(await readdir(empty), []);
    });
  });

  test('the default folder gets the demo; where it cannot be written, the answer comes all the same', async (t) => {
    await withTemporaryFolder(async (root) => {
      const image = join(import.meta.dirname, '../../../demo/panoramas/p00020.jpg');
      const first = await runIn(root, ['locate', image, '--top', '1', '--json']);
      assert.equal(first.status, 0, first.stderr);
      assert.match(first.stderr, /Installed the demo region/);
      assert.deepEqual(await listRegions(join(root, 'var/data')), ['demo']);
      if (process.getuid?.() !== 0) return t.skip('another user can be taken by root only');
      await rm(join(root, 'var'), { recursive: true });
      await chmod(root, 0o755);
      const other = await runIn(
        root,
        ['locate', image, '--top', '1', '--json'],
        ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'],
      );
      assert.equal(other.status, 0, other.stderr);
      assert.match(other.stderr, /cannot be written.*for this run only/);
      const places = (text: string) => JSON.parse(text).results;
      const [own, others] = [places(first.stdout)[0], places(other.stdout)[0]];
      // Whoever has no cache folder has no one graph of both networks either: the same to seven digits.
      assert.deepEqual([others.tile, others.rank], [own.tile, own.rank]);
      for (const key of ['lon', 'lat', 'score', 'distanceM', 'probability'] as const)
        assert.ok(Math.abs(others[key] - own[key]) < 1e-6, key);
      assert.deepEqual(await readdir(root), []);
    });
  });

  test('demo install --if-empty leaves other regions alone', async () => {
    await withTemporaryFolder(async (root) => {
      await publishTinyVersion(root, 'mine');
      const kept = await runSkyfix(['demo', 'install', '--if-empty', '--data', root]);
      assert.match(kept.stdout, /nothing was installed/);
      assert.deepEqual(await listRegions(root), ['mine']);
      const installed = await runSkyfix(['demo', 'install', '--data', root]);
      assert.match(installed.stdout, /demo: version \S+ is current/);
      assert.deepEqual(await listRegions(root), ['demo', 'mine']);
    });
  });
});
