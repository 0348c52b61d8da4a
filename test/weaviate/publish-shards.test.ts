// A version whose descriptors lie in shards, published to a cluster, updated and published again: searched there it answers as
// comparing all of its rows does, with the descriptors of its files and with those of the cluster.
import assert from 'node:assert/strict';
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { buildIndex, publishIndex, updateIndex } from '../../index/index.js';
import { NO_SERVER, startWeaviate, type WeaviateNode, weaviateServer } from '../../loadtest/index.js';
import { ExactIndex, readDescriptors } from '../../src/search/index.js';
import {
  currentVersionDir,
  descriptorFileOf,
  openIndexVersion,
  readIndexManifest,
  readSearchPlace,
  shardFilesOf,
} from '../../src/versions/index.js';
import { aliasOf, aliasTarget, Cluster } from '../../src/weaviate/index.js';
import { patch, temporaryFolder, writeMosaic, writeTinyBundle } from '../index/fixtures.js';

const REGION = 'sharded';
const program = weaviateServer();
if (program === undefined) test('a sharded version in a cluster', { skip: NO_SERVER }, () => {});
else withNode(program, await temporaryFolder());

function withNode(server: string, folder: string): void {
  let nodes: readonly WeaviateNode[] = [];
  before(async () => {
    nodes = await startWeaviate(server, folder, 1);
  });
  after(() => Promise.all(nodes.map((node) => node.kill())));

  test('a version in shards is searched in a cluster as it is by comparing all, and so is its update', async () => {
    const [bundleDir, dataDir] = [join(folder, 'bundle'), join(folder, 'data')];
    const imagery = (name: string) => join(folder, name, 'mosaic.tif');
    await writeTinyBundle(bundleDir, 5);
    for (const name of ['old', 'new']) await mkdir(join(folder, name));
    await writeMosaic(imagery('old'));
    await writeMosaic(imagery('new'), 1, { change: patch });
    const [first, second] = [join(folder, 'first'), join(folder, 'second')];
    const build = { bundleDir, strideM: 6, shardCells: 64, graph: { engine: 'none' } } as const;
    await buildIndex({ ...build, imagery: imagery('old'), outDir: first });
    const urls = nodes.map(({ url }) => url);
    const address = { urls, grpcUrls: nodes.map(({ grpcUrl }) => grpcUrl), deadlineMs: 20_000 };
    const publish = (indexDir: string) =>
      publishIndex({
        ...{ indexDir, dataDir, region: REGION, share: true },
        weaviate: { address, replicas: 1, shards: 2 },
      });
    await publish(first);
    const before = await currentVersionDir(dataDir, REGION);
    const shards = shardFilesOf(await readIndexManifest(before));
    assert.ok(shards.length > 8, `${shards.length} shards`);
    await answersAsExact(before, address);

    const { shardCells, graph } = build;
    await updateIndex({ indexDir: first, imagery: imagery('new'), shardCells, graph, outDir: second });
    await publish(second);
    const now = await currentVersionDir(dataDir, REGION);
    assert.notEqual(now, before);
    const [there, here] = await Promise.all(
      [before, now].map(async (dir) => {
        const names = shardFilesOf(await readIndexManifest(dir));
        return new Set(await Promise.all(names.map(async (name) => (await stat(join(dir, name))).ino)));
      }),
    );
    const shared = [...(here ?? [])].filter((inode) => there?.has(inode));
    assert.ok(shared.length > 0 && shared.length < shards.length, `${shared.length} files are shared`);
    await answersAsExact(now, address);
    const cluster = new Cluster(address);
    const place = await readSearchPlace(now);
    assert.equal(await aliasTarget(cluster, aliasOf(REGION)), place?.collection);
    cluster.close();
    // A server that was not reloaded still searches the version before.
    await answersAsExact(before, address);
  });
}

async function answersAsExact(
  dir: string,
  address: { readonly urls: readonly string[]; readonly grpcUrls: readonly string[] },
): Promise<void> {
  const manifest = await readIndexManifest(dir);
  const descriptors = await readDescriptors(join(dir, descriptorFileOf(manifest)));
  const { count, dimensions, data } = descriptors;
  const exact = new ExactIndex(descriptors);
  for (const where of ['files', 'cluster'] as const) {
    const opened = await openIndexVersion(dir, {
      cluster: { ...address, descriptors: where, cacheBytes: 2 ** 20 },
    });
    assert.equal(opened.searchedIn?.engine, 'weaviate');
    try {
      for (let row = 0; row < count; row += 37) {
        const query = data.slice(row * dimensions, (row + 1) * dimensions);
        const [best] = await exact.search(query, 1);
        const [hit] = await opened.index.search(query, 3);
        assert.ok(Math.abs((hit?.score ?? -2) - (best?.score ?? 2)) < 1e-5, `row ${row}, ${where}`);
        const pairs = { looks: Uint32Array.of(0, 0), rows: Uint32Array.of(row, count - 1 - row) };
        const expected = await exact.cosines([query], pairs);
        const found = await opened.index.cosines([query], pairs);
        for (const k of [0, 1]) assert.ok(Math.abs((found[k] as number) - (expected[k] as number)) < 1e-5);
      }
    } finally {
      await opened.close();
    }
  }
}
