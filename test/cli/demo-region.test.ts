import assert from 'node:assert/strict';
import { cp, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { installDemo, installDemoWhereEmpty } from '../../cli/index.js';
import { locate } from '../../src/locate/index.js';
import { RegionService } from '../../src/regions/index.js';
import {
  noisePanorama,
  pngOf,
  publishTinyVersion,
  withTemporaryFolder,
  writeTinyBundle,
} from '../support/tiny-region.js';

/** A checkout as it ships: the index without its bundle, and two bundles of which one fits. */
async function shippedIn(root: string): Promise<void> {
  const built = await publishTinyVersion(join(root, 'build'), 'x');
  await mkdir(join(root, 'models'), { recursive: true });
  await mkdir(join(root, 'demo'));
  await writeTinyBundle(join(root, 'models/another'), { nudge: 1e-6 });
  await rename(join(built, 'bundle'), join(root, 'models/tiny'));
  await cp(built, join(root, 'demo/index'), { recursive: true });
}

describe('demo region', () => {
  test('is published with the bundle that its encoder names, once', async () => {
    await withTemporaryFolder(async (root) => {
      await shippedIn(root);
      const dataDir = join(root, 'data');
      assert.equal(await installDemoWhereEmpty(dataDir, root), '20260101T000000Z-00000001');
      assert.equal(await installDemoWhereEmpty(dataDir, root), undefined);
      assert.equal(await installDemo(dataDir, root), '20260101T000000Z-00000001');
      const service = await RegionService.open(dataDir, { threads: 1 });
      const lease = service.acquire('demo');
      const options = { top: 1, distinct: true, headingDeg: 0 };
      const { results } = await locate(lease.region, await pngOf(noisePanorama(5)), options);
      assert.equal(results[0]?.tile, 'place-5');
      lease.release();
      await service.close();
    });
  });

  test('a folder that has a region keeps it as it is', async () => {
    await withTemporaryFolder(async (root) => {
      await publishTinyVersion(join(root, 'data'), 'mine');
      assert.equal(await installDemoWhereEmpty(join(root, 'data'), root), undefined);
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
});
