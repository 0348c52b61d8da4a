import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { buildApp } from '../../src/app.js';
import { loadConfig } from '../../src/config/index.js';
import { lockFolder } from '../../src/files/index.js';
import { RegionService } from '../../src/regions/index.js';
import { currentVersion } from '../../src/versions/index.js';
import { runSkyfix } from '../support/run-cli.js';
import {
  GEOMETRY,
  noisePanorama,
  pngOf,
  publishTinyVersion,
  tinyTile,
  withTemporaryFolder,
  writeTinyBundle,
} from '../support/tiny-region.js';

const API_KEY = 'a-key-for-this-test-only';

/** Tile images of noise and their list. */
async function writeTiles(dir: string, count: number): Promise<string> {
  await mkdir(dir, { recursive: true });
  const { inputSizePx: size } = GEOMETRY;
  const rows = ['tile,lon,lat,sizeM,file'];
  for (let seed = 0; seed < count; seed++) {
    const { data } = noisePanorama(seed + 500, 2 * size);
    await writeFile(
      join(dir, `${seed}.png`),
      await pngOf({ data: data.subarray(0, size * size * 3), widthPx: size, heightPx: size }),
    );
    const { tile, lon, lat, sizeM } = tinyTile(seed);
    rows.push([tile, lon, lat, sizeM, `${seed}.png`].join(','));
  }
  await writeFile(join(dir, 'tiles.csv'), `${rows.join('\n')}\n`);
  return join(dir, 'tiles.csv');
}

describe('skyfix index rebuild', () => {
  test('new bundle, new index, published and taken over by a server under load without one failure', async () => {
    await withTemporaryFolder(async (dir) => {
      const dataDir = join(dir, 'data');
      const env = { SKYFIX_DATA: dataDir, SKYFIX_API_KEYS: API_KEY };
      await publishTinyVersion(dataDir, 'town', { version: '1' });
      await writeTinyBundle(join(dir, 'bundle'), { version: '2', nudge: 1e-6 });
      const tiles = await writeTiles(join(dir, 'tiles'), 20);
      const config = loadConfig({ ...env, LOG_LEVEL: 'silent' });
      const regions = await RegionService.open(dataDir, { threads: 1 });
      const app = await buildApp({ config, regions });
      const url = await app.listen({ host: '127.0.0.1', port: 0 });
      const upload = await pngOf(noisePanorama(3));
      const bundles: string[] = [];
      let running = true;
      const client = async () => {
        while (running) {
          const response = await fetch(`${url}/locate?headingDeg=0`, {
            method: 'POST',
            headers: { 'content-type': 'image/png' },
            body: upload,
          });
          const answer = await response.json();
          assert.equal(response.status, 200, JSON.stringify(answer));
          bundles.push((answer as { bundle: string }).bundle);
        }
      };
      const clients = [client(), client()];
      try {
        const args = [
          'index',
          'rebuild',
          '--region',
          'town',
          '--bundle',
          join(dir, 'bundle'),
          '--tiles',
          tiles,
        ];
        const rebuilt = await runSkyfix([...args, '--threads', '1', '--url', url], env);
        assert.equal(rebuilt.status, 0, rebuilt.stderr);
        const after = regions.summaries()[0];
        assert.deepEqual([after?.bundle, after?.tiles], ['tiny@2', 20]);
        const refused = await runSkyfix([...args, '--url', url], {
          ...env,
          SKYFIX_API_KEYS: 'another-key-than-that',
        });
        assert.equal(refused.status, 1);
        // Before the build: nothing was published, so nothing can have been pruned.
        assert.match(refused.stderr, /would not reload, so nothing was begun.*API key/);
        assert.doesNotMatch(refused.stdout, /built/);
        const unreachable = await runSkyfix([...args, '--url', 'http://127.0.0.1:9'], env);
        assert.match(unreachable.stderr, /cannot be reached/);
        assert.doesNotMatch(unreachable.stdout, /built/);
        const keyless = await runSkyfix([...args, '--url', url], { ...env, SKYFIX_API_KEYS: '' });
        assert.match(keyless.stderr, /SKYFIX_API_KEYS is empty/);

        const lock = await lockFolder(join(dataDir, 'regions/town'), { kind: 'rebuild' });
        const second = await runSkyfix(args, env);
        await lock.release();
        assert.match(second.stderr, new RegExp(`in use by process ${process.pid}`));

        const current = await currentVersion(dataDir, 'town');
        assert.match(rebuilt.stdout, new RegExp(`127.0.0.1:\\d+ serves ${current?.version}\n`));
        const before = current?.history.at(-1) ?? '';
        const back = await runSkyfix(['index', 'rollback', '--region', 'town'], env);
        assert.match(back.stdout, new RegExp(`process ${process.pid} still serves ${current?.version}`));
        const server = ['--region', 'town', '--url', url];
        const forward = ['index', 'rollback', '--to', current?.version ?? '', ...server];
        assert.equal((await runSkyfix(forward, env)).status, 0);
        const again = await runSkyfix(['index', 'rollback', ...server], env);
        assert.match(again.stdout, new RegExp(`serves ${before}\n`));
        assert.equal(regions.summaries()[0]?.indexVersion, before);
        await runSkyfix(forward, env);
      } finally {
        running = false;
        await Promise.all(clients);
        await app.close();
        await regions.close();
      }
      assert.equal(bundles[0], 'tiny@1');
      assert.equal(bundles.at(-1), 'tiny@2');
      assert.deepEqual(
        await readdir(join(dataDir, 'regions')),
        ['default.json', 'town'],
        'nothing is left behind',
      );
    });
  });
});
