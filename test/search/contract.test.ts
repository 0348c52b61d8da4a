// Every index adapter passes the same contract.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { buildHnswGraph, ExactIndex, HnswIndex } from '../../src/search/index.js';
import { watchThreads } from '../support/threads.js';
import { indexContract } from './contract.js';

const folder = await mkdtemp(join(tmpdir(), 'skyfix-search-'));
const threads = watchThreads();
after(async () => {
  threads.stop();
  await rm(folder, { recursive: true, force: true });
});

indexContract('exact', { open: async (descriptors) => new ExactIndex(descriptors) });

indexContract('hnsw', {
  open: async (descriptors, events) => {
    const path = join(folder, 'graph.hnsw');
    await buildHnswGraph(descriptors, { m: 16, efConstruction: 200, seed: 1 }, path);
    return await HnswIndex.open(path, descriptors, 128, events);
  },
  lose: () => threads.crashYoungest(),
});
