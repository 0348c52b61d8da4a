import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { SkyfixError } from '../../src/errors/index.js';
import { locate, warmRegion } from '../../src/locate/index.js';
import { type LoadedRegion, RegionService } from '../../src/regions/index.js';
import { setDefaultRegion } from '../../src/versions/index.js';
import {
  noisePanorama,
  pngOf,
  publishTinyVersion,
  setCurrent,
  withTemporaryFolder,
} from '../support/tiny-region.js';

const options = { top: 1, distinct: true, headingDeg: 0 } as const;

async function withService(use: (dataDir: string, service: RegionService) => Promise<void>): Promise<void> {
  await withTemporaryFolder(async (dataDir) => {
    await publishTinyVersion(dataDir, 'town', { indexVersion: 'v1', version: '1' });
    const service = await RegionService.open(dataDir, { threads: 1 });
    try {
      await use(dataDir, service);
    } finally {
      await service.close();
    }
  });
}

describe('RegionService', () => {
  test('a region is warmed before it serves; one that cannot be warmed takes over from none', async () => {
    await withTemporaryFolder(async (dataDir) => {
      await publishTinyVersion(dataDir, 'town', { indexVersion: 'v1', version: '1' });
      const warmed: string[] = [];
      let cold = false;
      const warm = async (region: LoadedRegion) => {
        if (cold) throw new Error('too cold');
        assert.ok((await warmRegion(region)) > 0);
        warmed.push(`${region.version.manifest.version}, serving: ${service?.summaries()[0]?.indexVersion}`);
      };
      let service: RegionService | undefined;
      service = await RegionService.open(dataDir, { threads: 1, warm });
      try {
        await publishTinyVersion(dataDir, 'town', { indexVersion: 'v2', version: '2', nudge: 1e-6 });
        await service.reload('town');
        assert.deepEqual(warmed, ['v1, serving: undefined', 'v2, serving: v1']);
        cold = true;
        await publishTinyVersion(dataDir, 'town', { indexVersion: 'v3', version: '3', nudge: 2e-6 });
        await assert.rejects(service.reload('town'), /too cold/);
        assert.equal(service.summaries()[0]?.indexVersion, 'v2');
        assert.equal(service.networksLoaded, 1, 'those of the refused version are closed');
      } finally {
        await service.close();
      }
    });
  });

  test('says which engine runs each network', async () => {
    await withService(async (_dataDir, service) => {
      const { generator, encoder, whole, notes } = service.summaries()[0]?.engines ?? {};
      for (const engine of [generator, encoder, whole]) {
        assert.match(engine?.name ?? '', /^onnxruntime-node \d/);
        assert.equal(engine?.precision, 'f32');
        assert.deepEqual(engine?.timings, []);
      }
      assert.deepEqual(notes, []);
    });
  });

  test('swaps versions under concurrent requests without one failure', async () => {
    await withService(async (dataDir, service) => {
      await publishTinyVersion(dataDir, 'town', { indexVersion: 'v2', version: '2', nudge: 1e-6 });
      const upload = await pngOf(noisePanorama(3));
      const seen = new Map<string, number>();
      let swapping = true;
      const client = async () => {
        while (swapping) {
          const lease = service.acquire('town');
          try {
            const answer = await locate(lease.region, upload, options);
            assert.equal(answer.results[0]?.tile, 'place-3');
            // Bundle and index always belong together.
            assert.equal(answer.bundle, `tiny@${answer.indexVersion.slice(1)}`);
            seen.set(answer.indexVersion, (seen.get(answer.indexVersion) ?? 0) + 1);
          } finally {
            lease.release();
          }
        }
      };
      const clients = Array.from({ length: 4 }, client);
      for (let swap = 0; swap < 8; swap++) {
        await setCurrent(dataDir, 'town', swap % 2 === 0 ? 'v2' : 'v1');
        await service.reload('town');
      }
      swapping = false;
      await Promise.all(clients);
      assert.deepEqual([...seen.keys()].sort(), ['v1', 'v2']);
      assert.equal(service.networksLoaded, 1, 'old networks are closed');
    });
  });

  test('a lease keeps its version alive past the swap', async () => {
    await withService(async (dataDir, service) => {
      const lease = service.acquire();
      await publishTinyVersion(dataDir, 'town', { indexVersion: 'v2', nudge: 1e-6 });
      await service.reload('town');
      const upload = await pngOf(noisePanorama(0));
      assert.equal((await locate(lease.region, upload, options)).indexVersion, 'v1');
      lease.release();
      lease.release();
      await assert.rejects(locate(lease.region, upload, options));
      const fresh = service.acquire();
      assert.equal((await locate(fresh.region, upload, options)).indexVersion, 'v2');
      fresh.release();
    });
  });

  test('a version that does not open is refused by its code and the old one goes on serving', async () => {
    await withService(async (dataDir, service) => {
      const upload = await pngOf(noisePanorama(1));
      const stillServes = async () => {
        const lease = service.acquire();
        try {
          assert.equal((await locate(lease.region, upload, options)).indexVersion, 'v1');
        } finally {
          lease.release();
        }
      };
      await publishTinyVersion(dataDir, 'town', { indexVersion: 'v2', recallAt10: 0.5 });
      await assert.rejects(service.reload('town'), { code: 'INDEX_RECALL_TOO_LOW' });
      await stillServes();
      const broken = await publishTinyVersion(dataDir, 'town', { indexVersion: 'v3' });
      await writeFile(join(broken, 'graph.hnsw'), 'no graph');
      await assert.rejects(service.reload('town'), { code: 'INDEX_CORRUPT' });
      await stillServes();
      const damaged = await publishTinyVersion(dataDir, 'town', { indexVersion: 'v4' });
      await writeFile(join(damaged, 'bundle/generator.onnx'), 'no network');
      await assert.rejects(service.reload('town'), { code: 'BUNDLE_CORRUPT' });
      await stillServes();
      await setCurrent(dataDir, 'town', 'gone');
      const [outcome] = await service.reloadAll();
      assert.ok(outcome?.error instanceof SkyfixError && outcome.error.code === 'INDEX_MISSING');
      await stillServes();
    });
  });

  test('a region whose networks take panoramas is refused at the start and on reload', async () => {
    const refusal = { code: 'BUNDLE_INPUT_UNSUPPORTED', message: /bundle\.json: \/input is "panorama"/ };
    await withTemporaryFolder(async (dataDir) => {
      await publishTinyVersion(dataDir, 'town', { input: 'panorama' });
      await assert.rejects(RegionService.open(dataDir, { threads: 1 }), refusal);
    });
    await withService(async (dataDir, service) => {
      await publishTinyVersion(dataDir, 'town', { indexVersion: 'v2', input: 'panorama' });
      await assert.rejects(service.reload('town'), refusal);
      const lease = service.acquire();
      assert.equal(lease.region.version.manifest.version, 'v1');
      lease.release();
    });
  });

  test('regions with the same networks share them; a new region is added by reload', async () => {
    await withService(async (dataDir, service) => {
      await publishTinyVersion(dataDir, 'other', { seeds: [1, 2, 3] });
      await publishTinyVersion(dataDir, 'third', { nudge: 1e-6 });
      await service.reload('other');
      assert.equal(service.networksLoaded, 1);
      await service.reloadAll();
      assert.equal(service.networksLoaded, 2);
      assert.deepEqual(
        service.summaries().map(({ region, tiles, dimensions }) => [region, tiles, dimensions]),
        [
          ['other', 6, 192],
          ['third', 20, 192],
          ['town', 20, 192],
        ],
      );
      // The one that was alone stays the default.
      const lease = service.acquire();
      assert.equal(lease.region.name, 'town');
      lease.release();
      assert.throws(() => service.acquire('nowhere'), { code: 'REGION_UNKNOWN' });
      await assert.rejects(service.reload('nowhere'), { code: 'REGION_UNKNOWN' });
      await assert.rejects(service.reload('../town'), { code: 'REGION_UNKNOWN' });
    });
  });

  test('the default is the configured region, else the one of default.json, else the only one; never a guess', async () => {
    await withTemporaryFolder(async (dataDir) => {
      await publishTinyVersion(dataDir, 'north');
      await publishTinyVersion(dataDir, 'south');
      const defaultOf = (service: RegionService) =>
        service.summaries().flatMap((summary) => (summary.default ? [summary.region] : []));
      const unnamed = await RegionService.open(dataDir, { threads: 1 });
      assert.deepEqual(defaultOf(unnamed), []);
      assert.throws(() => unnamed.acquire(), { code: 'REGION_REQUIRED' });
      await unnamed.close();
      await setDefaultRegion(dataDir, 'south');
      const named = await RegionService.open(dataDir, { threads: 1 });
      assert.deepEqual(defaultOf(named), ['south']);
      await setDefaultRegion(dataDir, 'north');
      await named.reloadAll();
      assert.deepEqual(defaultOf(named), ['north']);
      await named.close();
      const configured = await RegionService.open(dataDir, { threads: 1, defaultRegion: 'south' });
      assert.deepEqual([defaultOf(configured), configured.ready], [['south'], true]);
      await configured.close();
      const missing = await RegionService.open(dataDir, { threads: 1, defaultRegion: 'west' });
      assert.equal(missing.ready, false);
      assert.throws(() => missing.checkReady(), {
        code: 'NOT_READY',
        message: /west is not served; north, south are/,
      });
      await missing.close();
    });
  });

  test('a region that cannot be opened at the start is reported and the others serve', async () => {
    await withTemporaryFolder(async (dataDir) => {
      const empty = await RegionService.open(dataDir, { threads: 1 });
      assert.equal(empty.ready, false);
      assert.throws(() => empty.acquire(), { code: 'NOT_READY' });
      await empty.close();
      const broken = await publishTinyVersion(dataDir, 'broken');
      await writeFile(join(broken, 'catalogue.csv'), '');
      await assert.rejects(RegionService.open(dataDir, { threads: 1 }), { code: 'INDEX_CORRUPT' });
      await publishTinyVersion(dataDir, 'town');
      const reported: string[] = [];
      const service = await RegionService.open(dataDir, {
        threads: 1,
        onError: (region) => reported.push(region),
      });
      assert.deepEqual([service.names, reported], [['town'], ['broken']]);
      await service.close();
      assert.equal(service.ready, false);
      assert.equal(service.networksLoaded, 0);
    });
  });

  test('a region whose pointer is damaged does not keep the others from serving', async () => {
    await withTemporaryFolder(async (dataDir) => {
      await publishTinyVersion(dataDir, 'town', { indexVersion: 'v1', version: '1' });
      await publishTinyVersion(dataDir, 'village', { indexVersion: 'v1', version: '1' });
      await writeFile(join(dataDir, 'regions/village/current.json'), '{"schema":');
      const failed: string[] = [];
      const service = await RegionService.open(dataDir, {
        threads: 1,
        onError: (region, error) => {
          assert.match(String(error), /current\.json/);
          failed.push(region);
        },
      });
      assert.deepEqual(failed, ['village']);
      assert.deepEqual(service.names, ['town']);
      await service.close();
    });
  });
});
