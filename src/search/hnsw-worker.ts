// The thread that owns a graph: building, loading and searching block it and nothing else.
import hnswlib from 'hnswlib-node';
import { type Report, serveRequests } from '../threads/index.js';
import { compareHits, cosineOfRow, scanRows, similaritiesOf } from './exact-index.js';
import type { GraphRequests, GraphSetup } from './hnsw-requests.js';
import type { Hit } from './types.js';

/** Between two reports of a build. */
const REPORT_ROWS = 256;

type Build = Parameters<GraphRequests['build']>[0];
type Search = Parameters<GraphRequests['search']>[0];

function build({ options, descriptors, path }: Build, report: Report): void {
  const { count, dimensions, data } = descriptors;
  const made = new hnswlib.HierarchicalNSW('ip', dimensions);
  made.initIndex(Math.max(1, count), options.m, options.efConstruction, options.seed);
  for (let row = 0; row < count; row++) {
    made.addPoint(Array.from(data.subarray(row * dimensions, (row + 1) * dimensions)), row);
    if ((row + 1) % REPORT_ROWS === 0 || row + 1 === count) report(row + 1);
  }
  made.writeIndexSync(path);
}

function load({ path, descriptors: { count, dimensions } }: GraphSetup): hnswlib.HierarchicalNSW {
  const graph = new hnswlib.HierarchicalNSW('ip', dimensions);
  graph.readIndexSync(path);
  if (graph.getCurrentCount() !== count) {
    throw new Error(`the graph holds ${graph.getCurrentCount()} vectors, the descriptors ${count}`);
  }
  return graph;
}

function search(setup: GraphSetup, graph: hnswlib.HierarchicalNSW, request: Search): Hit[] {
  const { descriptors, efSearch, exactProducts } = setup;
  const { count, dimensions, data } = descriptors;
  const { query, k } = request;
  // All rows need no filter.
  const allowed = request.allowed?.length === count ? undefined : request.allowed;
  const candidates = allowed ? allowed.length : count;
  const wanted = Math.min(k, candidates);
  if (wanted === 0) return [];
  if (allowed) {
    // A filter is the cheaper the more it lets through: with many of the rows allowed, scanning pays for few only.
    const limit = candidates * 4 <= count ? exactProducts : exactProducts / 8;
    if (candidates * dimensions <= limit) return scanRows(descriptors, query, k, allowed);
  }
  graph.setEf(Math.max(efSearch, wanted));
  let filter: ((label: number) => boolean) | undefined;
  if (allowed) {
    const inside = new Uint8Array(count);
    for (const row of allowed) inside[row] = 1;
    filter = (label) => inside[label] === 1;
  }
  const { neighbors } = graph.searchKnn(Array.from(query), wanted, filter);
  if (neighbors.length < wanted) return scanRows(descriptors, query, k, allowed);
  return neighbors.map((row) => ({ row, score: cosineOfRow(data, row, query) })).sort(compareHits);
}

await serveRequests<GraphRequests, GraphSetup | undefined>((setup) => {
  const graph = setup && load(setup);
  const loaded = (): readonly [GraphSetup, hnswlib.HierarchicalNSW] => {
    if (!setup || !graph) throw new Error('no graph is loaded');
    return [setup, graph];
  };
  return {
    answers: {
      build,
      search: (request) => search(...loaded(), request),
      similarities: ({ queries, rows }) => similaritiesOf(loaded()[0].descriptors, queries, rows),
    },
  };
});
