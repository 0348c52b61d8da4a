// Every index adapter passes the same contract.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { PlaceFinder } from '../../src/places/index.js';
import {
  buildGraph,
  buildHnswGraph,
  Catalogue,
  ExactIndex,
  openDescriptors,
  ThreadedIndex,
  writeDescriptorShards,
  writeDescriptors,
} from '../../src/search/index.js';
import { watchThreads } from '../support/threads.js';
import { indexContract } from './contract.js';

const folder = await mkdtemp(join(tmpdir(), 'skyfix-search-'));
const threads = watchThreads();
after(async () => {
  threads.stop();
  await rm(folder, { recursive: true, force: true });
});

indexContract('exact', { open: async (descriptors) => new ExactIndex(descriptors) });

const crash = { lose: () => threads.crashYoungest() };

/** All rows compared, as in small regions; and none but those that the graph names, as in large ones. */
for (const [how, exactProducts] of [
  ['comparing all rows', Number.POSITIVE_INFINITY],
  ['through the graph', 0],
] as const) {
  indexContract(`hnsw, ${how},`, {
    open: async (descriptors, events) => {
      const path = join(folder, 'graph.hnsw');
      await buildHnswGraph(descriptors, { m: 16, efConstruction: 200, seed: 1 }, path);
      const source = { kind: 'hnsw', path, descriptors, efSearch: 128, exactProducts } as const;
      return await ThreadedIndex.open({ ...source, ...events });
    },
    ...crash,
  });
}

for (const precision of ['f32', 'f16', 'i8'] as const) {
  indexContract(`usearch, vectors of ${precision},`, {
    open: async (descriptors, events) => {
      const path = join(folder, `graph-${precision}.usearch`);
      const options = { m: 16, efConstruction: 200, seed: 1, precision };
      await buildGraph('usearch', descriptors, options, path);
      const source = { kind: 'usearch', path, descriptors, efSearch: 128, exactProducts: 0 } as const;
      return await ThreadedIndex.open({ ...source, ...options, ...events });
    },
    ...crash,
  });
}

const runsOf = (count: number, rows: number) =>
  Array.from({ length: Math.ceil(count / rows) }, (_, k) => Math.min(rows, count - k * rows));

/** Small regions have no graph; descriptors in memory or mapped, as they are or in fewer bits, in one file or in several. */
for (const [precision, mappedFrom, shardRows] of [
  ['f32', 0, undefined],
  ['f16', Number.POSITIVE_INFINITY, undefined],
  ['f16', 0, undefined],
  ['i8', Number.POSITIVE_INFINITY, undefined],
  ['i8', 0, undefined],
  ['f16', 0, 50],
  ['i8', Number.POSITIVE_INFINITY, 7],
] as const) {
  const how = `${mappedFrom === 0 ? 'mapped' : 'in memory'}${shardRows ? `, ${shardRows} a shard` : ''}`;
  // The exact answer is that of the descriptors as they are kept.
  indexContract(
    `no graph, descriptors of ${precision} ${how},`,
    {
      open: async (given, events) => {
        const path = join(folder, `descriptors.${precision}`);
        if (shardRows) await writeDescriptorShards(path, given, precision, runsOf(given.count, shardRows));
        else await writeDescriptors(path, given, precision);
        const { descriptors, close } = await openDescriptors(path, mappedFrom);
        assert.equal('segments' in descriptors, mappedFrom === 0);
        const source = { kind: 'none', path, descriptors, efSearch: 128, ...events } as const;
        const index = await ThreadedIndex.open(source);
        const closeIndex = index.close.bind(index);
        index.close = () => closeIndex().then(close);
        return index;
      },
      ...crash,
    },
    precision,
  );
}

indexContract('hnsw with places', {
  open: async (descriptors, events) => {
    const path = join(folder, 'graph.hnsw');
    await buildHnswGraph(descriptors, { m: 16, efConstruction: 200, seed: 1 }, path);
    const { parts } = new Catalogue(
      Array.from({ length: descriptors.count }, (_, k) => ({
        tile: `t${k}`,
        lon: 11 + 0.0002 * (k % 25),
        lat: 48 + 0.0002 * Math.floor(k / 25),
        sizeM: 48,
        source: 's',
      })),
    );
    const source = { kind: 'hnsw', path, descriptors, efSearch: 128, catalogue: parts } as const;
    return await PlaceFinder.open({ ...source, ...events });
  },
  ...crash,
});
