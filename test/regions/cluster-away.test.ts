// The cluster of a region is away when the server starts, or goes away for long: the region says so, the others answer, and it
// comes by itself as soon as the cluster is there.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { RegionService } from '../../src/regions/index.js';
import { readCatalogue, readDescriptors } from '../../src/search/index.js';
import { type RunningServer, startServer } from '../../src/server.js';
import { type SearchPlace, writeSearchPlace } from '../../src/versions/index.js';
import { cellLengthFor } from '../../src/weaviate/index.js';
import { testConfig } from '../support/fake-regions.js';
import { FAKE_SHARD, FakeWeaviate } from '../support/fake-weaviate.js';
import { publishLargeTown, SMALL_CACHE_BYTES } from '../support/large-town.js';
import { until, watchThreads } from '../support/threads.js';
import { noisePanorama, pngOf, publishTinyVersion, withTemporaryFolder } from '../support/tiny-region.js';

/** "town" is searched in a cluster of one node, which listens; "village" in memory. */
async function withClusterRegion(
  use: (dataDir: string, node: FakeWeaviate, move: (collection: string) => Promise<void>) => Promise<void>,
): Promise<void> {
  await withTemporaryFolder(async (dataDir) => {
    await publishTinyVersion(dataDir, 'village', { indexVersion: 'v1' });
    const dir = await publishLargeTown(dataDir, { region: 'town', seeds: [3] });
    const catalogue = await readCatalogue(join(dir, 'catalogue.csv'));
    const descriptors = await readDescriptors(join(dir, 'descriptors.f32'));
    const node = new FakeWeaviate({ collection: 'SkyfixV_town', descriptors, catalogue });
    const cellLength = cellLengthFor(catalogue);
    const shards = { [FAKE_SHARD]: catalogue.count };
    const place: SearchPlace = { engine: 'weaviate', collection: 'SkyfixV_town', shards, cellLength };
    await writeSearchPlace(dir, place);
    const move = (collection: string) => writeSearchPlace(dir, { ...place, collection });
    await node.start();
    try {
      await use(dataDir, node, move);
    } finally {
      await node.stop();
    }
  });
}

const clusterOf = ({ url, grpcUrl }: FakeWeaviate) => ({
  urls: [url],
  grpcUrls: [grpcUrl],
  deadlineMs: 500,
  cacheBytes: SMALL_CACHE_BYTES,
});

async function withServer(
  dataDir: string,
  { url, grpcUrl }: FakeWeaviate,
  use: (server: RunningServer) => Promise<void>,
) {
  const env = {
    HOST: '127.0.0.1',
    SKYFIX_DATA: dataDir,
    SKYFIX_ENGINE: 'onnxruntime',
    SKYFIX_WEAVIATE_URLS: url,
    SKYFIX_WEAVIATE_GRPC_URLS: grpcUrl,
    SKYFIX_WEAVIATE_DEADLINE_MS: '500',
    SKYFIX_WEAVIATE_CACHE_BYTES: `${SMALL_CACHE_BYTES}`,
  };
  const server = await startServer(testConfig(env));
  try {
    await use(server);
  } finally {
    await server.close();
  }
}

const jsonOf = async (url: string) => (await (await fetch(url)).json()) as Record<string, unknown>;

async function locate(url: string, region: string) {
  const body = new Uint8Array(await pngOf(noisePanorama(3)));
  const headers = { 'content-type': 'image/png' };
  const answer = await fetch(`${url}/locate?headingDeg=0&region=${region}`, {
    method: 'POST',
    body,
    headers,
  });
  return {
    status: answer.status,
    json: (await answer.json()) as { code?: string; results?: { tile: string }[] },
  };
}

/** Each region's readiness, and why not. */
async function regionsOf(url: string) {
  const { regions } = (await jsonOf(`${url}/regions`)) as {
    regions: { region: string; ready: boolean; reason: string | null }[];
  };
  return Object.fromEntries(regions.map(({ region, ready, reason }) => [region, { ready, reason }]));
}

/** "town" waits for its cluster and says which node it does not reach; "village" answers. */
async function assertAway({ url }: RunningServer, node: FakeWeaviate): Promise<void> {
  const ready = (await jsonOf(`${url}/readyz`)) as {
    regions: string[];
    recovering: string[];
    reasons: string[];
  };
  assert.deepEqual([ready.regions, ready.recovering], [['village'], ['town']]);
  assert.match(ready.reasons[0] ?? '', /^town: index being opened again \(.*127\.0\.0\.1:\d+/);
  assert.ok(
    ready.reasons[0]?.includes(node.url) || ready.reasons[0]?.includes(node.grpcUrl),
    ready.reasons[0],
  );
  const { town, village } = await regionsOf(url);
  assert.deepEqual(village, { ready: true, reason: null });
  assert.deepEqual([town?.ready, `town: ${town?.reason}`], [false, ready.reasons[0]]);
  const [away, there] = [await locate(url, 'town'), await locate(url, 'village')];
  assert.deepEqual([away.status, away.json.code], [503, 'RECOVERING']);
  assert.deepEqual([there.status, there.json.results?.[0]?.tile], [200, 'place-3']);
}

const allReady = (regions: RegionService) =>
  until(() => regions.health().every(({ ready }) => ready), 'the region to come', 60_000);

async function assertThere({ url, regions }: RunningServer): Promise<void> {
  await allReady(regions);
  assert.equal((await locate(url, 'town')).json.results?.[0]?.tile, 'place-3');
  assert.deepEqual((await jsonOf(`${url}/readyz`)).recovering, []);
  assert.deepEqual((await regionsOf(url)).town, { ready: true, reason: null });
}

test('a server whose cluster is away at the start serves its other region, and this one when the cluster comes', async () => {
  await withClusterRegion(async (dataDir, node) => {
    await node.stop();
    await withServer(dataDir, node, async (server) => {
      await assertAway(server, node);
      await node.start();
      await assertThere(server);
      // And again, while it serves: found out by whoever asks.
      await node.stop();
      assert.equal((await locate(server.url, 'town')).status, 503);
      await assertAway(server, node);
      await node.start();
      await assertThere(server);
    });
  });
});

test('a node that comes back with rows missing is not ready, and is when it has them again', async () => {
  await withClusterRegion(async (dataDir, node) => {
    await node.stop();
    node.lost.add(7);
    await node.start();
    await withServer(dataDir, node, async ({ url, regions }) => {
      const reason = async () => (await regionsOf(url)).town?.reason ?? '';
      assert.match(await reason(), /w0 has 1030 of 1031 objects of the shard whole/);
      assert.equal((await locate(url, 'town')).status, 503);
      node.lost.clear();
      await allReady(regions);
      assert.equal((await locate(url, 'town')).json.results?.[0]?.tile, 'place-3');
    });
  });
});

test('a region whose rows were written to another collection follows them', async () => {
  await withClusterRegion(async (dataDir, node, move) => {
    await withServer(dataDir, node, async (server) => {
      await assertThere(server);
      // As after all nodes were killed: the version is published again.
      node.collection = 'SkyfixV_town__g2';
      assert.equal((await locate(server.url, 'town')).status, 503);
      assert.match(
        (await regionsOf(server.url)).town?.reason ?? '',
        /Weaviate (answered|would answer) in part/,
      );
      await move(node.collection);
      await assertThere(server);
      // A thread of its own starts with what the region was opened with.
      const threads = watchThreads();
      await server.regions.reload('town');
      node.collection = 'SkyfixV_town__g3';
      await move(node.collection);
      await threads.crashYoungest();
      await assertThere(server);
      threads.stop();
    });
  });
});

test('a server with nothing but a region whose cluster is away starts, too, and is not ready', async () => {
  await withClusterRegion(async (dataDir, node) => {
    await node.stop();
    const regions = await RegionService.open(dataDir, {
      threads: 1,
      cluster: clusterOf(node),
      clusterMayBeAway: true,
      defaultRegion: 'town',
    });
    try {
      assert.throws(() => regions.acquire(), {
        code: 'RECOVERING',
        message: /town waits for its index: .*127/,
      });
      // What was asked by a reload is told, and nobody waits.
      await assert.rejects(regions.reload('town'), { code: 'CLUSTER_UNAVAILABLE' });
      await node.start();
      await allReady(regions);
      await regions.reload('town');
    } finally {
      await regions.close();
    }
  });
});

test('who does not want to wait is told that the cluster is away', async () => {
  await withClusterRegion(async (dataDir, node) => {
    await node.stop();
    const errors: string[] = [];
    const regions = await RegionService.open(dataDir, {
      threads: 1,
      cluster: clusterOf(node),
      onError: (region) => errors.push(region),
    });
    assert.deepEqual([errors, regions.names], [['town'], ['village']]);
    await regions.close();
  });
});

test('a thread that ends while the cluster is away comes back with it', async () => {
  await withClusterRegion(async (dataDir, node) => {
    const threads = watchThreads();
    await withServer(dataDir, node, async (server) => {
      // The regions open in the order of their names, and each its index first; networks are shared.
      const [ofTown] = threads.alive;
      await threads.crash(ofTown);
      await assertThere(server);
      await node.stop();
      assert.equal((await locate(server.url, 'town')).status, 503);
      await threads.crashYoungest();
      await assertAway(server, node);
      await node.start();
      await assertThere(server);
    });
    threads.stop();
  });
});
