// A Weaviate cluster passes the contract that every index passes; and is found out where it answers in part.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { writeToWeaviate } from '../../index/index.js';
import { NO_SERVER, startWeaviate, type WeaviateNode, weaviateServer } from '../../loadtest/index.js';
import { type Look, type Prior, RemotePlaceFinder, searchPlaces } from '../../src/places/index.js';
import { buildHnswGraph, Catalogue, HeldIndex } from '../../src/search/index.js';
import { HeldRows } from '../../src/weaviate/held-rows.js';
import {
  Cluster,
  cellLengthFor,
  createCollection,
  deleteCollection,
  listGenerations,
  type RowSource,
  replicasOf,
  rowsNotFound,
  type ShardCounts,
  vectorOfRow,
  WeaviateIndex,
  writeRows,
  writtenShards,
} from '../../src/weaviate/index.js';
import { uuidOfRow } from '../../src/weaviate/row-ids.js';
import { indexContract, storedVectors } from '../search/contract.js';

interface Written {
  readonly source: RowSource;
  readonly shards: ShardCounts;
}

const stored = storedVectors();
const program = weaviateServer();
if (program === undefined) test('a Weaviate cluster as an index', { skip: NO_SERVER }, () => {});
else await withNode(program);

async function withNode(server: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'skyfix-weaviate-'));
  const [node] = (await startWeaviate(server, folder, 1)) as [WeaviateNode];
  const address = { urls: [node.url], grpcUrls: [node.grpcUrl], deadlineMs: 20_000 };
  const cluster = new Cluster(address);
  /** Those of the index that is asked now, and all that were made. */
  const proxies: CutProxy[] = [];
  const made: CutProxy[] = [];
  after(async () => {
    cluster.close();
    await Promise.all(made.map((proxy) => proxy.close()));
    await node.kill();
    await rm(folder, { recursive: true, force: true });
  });

  const tiles = (count: number) =>
    Array.from({ length: count }, (_, k) => ({
      tile: `t${k}`,
      lon: 11 + 0.0002 * (k % 25),
      lat: 48 + 0.0002 * Math.floor(k / 25),
      sizeM: 48,
      source: 's',
    }));
  const catalogue = new Catalogue(tiles(stored.count));
  /** Writes the contract's descriptors. */
  const write = async (collection: string, shards: number): Promise<Written> => {
    const source = { collection, descriptors: stored, catalogue };
    await createCollection(cluster, collection, { replicas: 1, shards });
    await writeRows(cluster, source);
    return { source, shards: await writtenShards(cluster, collection, { count: stored.count, replicas: 1 }) };
  };
  let whole: Promise<Written> | undefined;
  const written = () => {
    whole ??= write('SkyfixContract', 2);
    return whole;
  };
  const { dimensions } = stored;
  const cellLength = cellLengthFor(catalogue);
  const setupOfAll = async () => {
    const { source, shards } = await written();
    return { address, collection: source.collection, dimensions, shards, cellLength };
  };

  for (const [how, options] of [
    ['comparing few rows here', {}],
    ['having Weaviate search among them', { exactRows: 0 }],
    ['with the descriptors at hand, having Weaviate search', { exactRows: 0, descriptors: stored }],
    ['with the descriptors at hand, comparing few rows', { descriptors: stored }],
  ] as const) {
    indexContract(`weaviate, ${how},`, {
      open: async () => WeaviateIndex.open({ ...(await setupOfAll()), ...options }, catalogue),
    });
  }

  indexContract('weaviate with places, in its thread,', {
    open: async (_, events) => {
      const source = await setupOfAll();
      for (const proxy of proxies) proxy.restore();
      const [rest, grpc] = await Promise.all([CutProxy.to(node.url), CutProxy.to(node.grpcUrl)]);
      proxies.splice(0, proxies.length, rest, grpc);
      made.push(rest, grpc);
      return RemotePlaceFinder.openRemote({
        ...source,
        ...events,
        address: { ...address, urls: [rest.url], grpcUrls: [grpc.url] },
        exactRows: 0,
        catalogue: catalogue.parts,
      });
    },
    lose: async () => {
      for (const proxy of proxies) proxy.cut();
      setTimeout(() => {
        for (const proxy of proxies) proxy.restore();
      }, 500);
    },
  });

  test('places are those of exact search, also within a prior and its cells', async () => {
    const source = await setupOfAll();
    // The same products in the same order: what differs is where descriptors come from.
    const path = join(folder, 'graph.hnsw');
    await buildHnswGraph(stored, { m: 16, efConstruction: 200, seed: 1 }, path);
    const setup = { kind: 'hnsw', path, descriptors: stored, efSearch: 128 } as const;
    const exact = new HeldIndex({ ...setup, exactProducts: Number.POSITIVE_INFINITY });
    const finders = await Promise.all(
      [{ exactRows: 0 }, {}, { exactRows: 0, descriptors: stored }].map((options) =>
        RemotePlaceFinder.openRemote({ ...source, ...options, catalogue: catalogue.parts }),
      ),
    );
    const offsets = [-8, 0, 8];
    const looksOf = (first: number): Look[] =>
      offsets.flatMap((northM, n) =>
        offsets.map((eastM, e) => {
          const at = (first + 25 * n + e) * dimensions;
          return { eastM, northM, descriptor: stored.data.slice(at, at + dimensions) };
        }),
      );
    const priors: (Prior | undefined)[] = [
      undefined,
      { centre: { lon: 11.002, lat: 48.002 }, radiusM: 90 },
      { bounds: [11.001, 48.0005, 11.004, 48.004] },
      { centre: { lon: 11.0001, lat: 48.0001 }, radiusM: 0 },
    ];
    for (const finder of finders) {
      for (const first of [0, 130, 310, 540]) {
        for (const prior of priors) {
          const looks = looksOf(first);
          const expected = await searchPlaces({ index: exact, catalogue }, looks, 3, prior);
          const found = await searchPlaces({ index: finder, catalogue }, looks, 3, prior);
          assert.equal(found.length, expected.length);
          for (const [k, { row, lon, lat, score }] of found.entries()) {
            assert.equal(row, expected[k]?.row);
            assert.ok(Math.abs(score - (expected[k]?.score ?? 9)) < 1e-5);
            assert.ok(Math.hypot(lon - (expected[k]?.lon ?? 0), lat - (expected[k]?.lat ?? 0)) < 1e-7);
          }
        }
      }
    }
    await Promise.all(finders.map((finder) => finder.close()));
  });

  describe('a cluster that answers in part is found out', () => {
    test('rows that were removed are missed where they are asked for, and where the index is opened', async () => {
      const { source: part, shards } = await write('SkyfixPart', 1);
      const { collection } = part;
      const source = { address, collection, dimensions, shards, cellLength };
      const open = () => WeaviateIndex.open(source, catalogue);
      await (await open()).close();
      const held = new HeldRows({
        cluster,
        collection,
        catalogue,
        dimensions,
        cacheBytes: 2 ** 20,
        cellLength,
      });

      const asked = { collection, vectorOf: (row: number) => vectorOfRow(part.descriptors, row) };
      assert.deepEqual(await rowsNotFound(cluster, asked, [7, 300, 599], { node: 0 }), []);
      const id = '5b9f1c00-0000-8000-8000-00000000012c';
      await cluster.rest('DELETE', `objects/${collection}/${id}`);
      assert.deepEqual(await rowsNotFound(cluster, asked, [7, 300, 599], { node: 0 }), [300]);
      const query = stored.data.slice(0, dimensions);
      await assert.rejects(held.mostAlike([query], Uint32Array.of(300)), { code: 'CLUSTER_UNAVAILABLE' });
      await assert.rejects(open(), {
        code: 'CLUSTER_UNAVAILABLE',
        message: /599 objects, the catalogue 600/,
      });
      await deleteCollection(cluster, collection);
    });

    test('rows are written anew where some are no longer found, and stay where all are', async () => {
      const source = { collection: 'SkyfixAnew', descriptors: stored, catalogue };
      const notes: string[] = [];
      const onNote = (text: string) => notes.push(text);
      const publish = () => writeToWeaviate(source, 0.9, { address, replicas: 1, shards: 1, onNote });
      assert.equal((await publish()).collection, 'SkyfixAnew');
      // As good as a row that its graph has lost: it is there, and its descriptor does not lead to it.
      const other = {
        class: 'SkyfixAnew',
        id: uuidOfRow(300),
        vectors: { look: [...vectorOfRow(stored, 7)] },
      };
      const put = await cluster.rest('PUT', `objects/SkyfixAnew/${other.id}`, { ...other, properties: {} });
      assert.equal(put.status, 200, JSON.stringify(put.json));
      assert.equal((await publish()).collection, 'SkyfixAnew__g2');
      assert.deepEqual(notes, ['a node does not find 1 rows of SkyfixAnew (300): all are written anew']);
      const { collection } = await publish();
      assert.deepEqual([collection, notes.length], ['SkyfixAnew__g2', 1]);
      assert.deepEqual(await listGenerations(cluster, 'SkyfixAnew'), [1, 2]);
      const asked = { collection, vectorOf: (row: number) => vectorOfRow(stored, row) };
      assert.deepEqual(await rowsNotFound(cluster, asked, Array(stored.count).keys(), { node: 0 }), []);
      for (const name of ['SkyfixAnew', collection]) await deleteCollection(cluster, name);
    });

    test('a shard that no node holds, and a copy that is behind, are named', async () => {
      const { shards, ...source } = await setupOfAll();
      const open = (counts: ShardCounts) => WeaviateIndex.open({ ...source, shards: counts }, catalogue);
      const [first = ''] = Object.keys(shards);
      const behind = { ...shards, [first]: (shards[first] ?? 0) + 1 };
      await assert.rejects(open({ ...shards, lost: 5 }), {
        code: 'CLUSTER_UNAVAILABLE',
        message: /the shard lost/,
      });
      await assert.rejects(open(behind), { code: 'CLUSTER_UNAVAILABLE', message: /objects of the shard/ });
    });

    test('where nobody listens the address is named', async () => {
      const lost = new Cluster({
        urls: ['http://127.0.0.1:9'],
        grpcUrls: ['http://127.0.0.1:9'],
        deadlineMs: 500,
      });
      await assert.rejects(replicasOf(lost, 'SkyfixContract'), {
        code: 'CLUSTER_UNAVAILABLE',
        message: /127\.0\.0\.1:9/,
      });
      lost.close();
      assert.throws(() => new Cluster({ urls: ['127.0.0.1'] }), { code: 'CONFIG_INVALID' });
      assert.throws(() => new Cluster({ urls: ['http://a', 'http://b'], grpcUrls: ['http://a'] }), {
        code: 'CONFIG_INVALID',
        message: /2 addresses .* 1 addresses/,
      });
    });
  });
}

/** A connection that can be cut. */
class CutProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #cut = false;

  private constructor(to: URL) {
    this.#server = createServer((socket) => {
      if (this.#cut) return void socket.destroy();
      const other = connect(Number(to.port), to.hostname);
      for (const one of [socket, other]) {
        this.#sockets.add(one);
        one.on('error', () => {});
        one.on('close', () => {
          this.#sockets.delete(one);
          socket.destroy();
          other.destroy();
        });
      }
      socket.pipe(other).pipe(socket);
    });
  }

  static async to(url: string): Promise<CutProxy> {
    const proxy = new CutProxy(new URL(url));
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  restore(): void {
    this.#cut = false;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
