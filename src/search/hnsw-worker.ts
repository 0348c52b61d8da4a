// The thread that owns a graph: building, loading and searching block it and nothing else.
import { parentPort } from 'node:worker_threads';
import hnswlib from 'hnswlib-node';
import { messageOf } from '../errors/index.js';
import type { Descriptors } from './descriptors.js';
import { compareHits, cosineOfRow, scanRows, similaritiesOf } from './exact-index.js';
import type { GraphOptions, LoadRequest, Result, WorkerAnswer, WorkerRequest } from './hnsw-index.js';
import type { Hit } from './types.js';

let graph: hnswlib.HierarchicalNSW | undefined;
let descriptors: Descriptors | undefined;
let efSearch = 64;
let exactProducts = 0;

/** Between two reports of a build. */
const REPORT_ROWS = 256;

const answer = (message: WorkerAnswer) => parentPort?.postMessage(message);

function build(id: number, options: GraphOptions, vectors: Descriptors, path: string): void {
  const made = new hnswlib.HierarchicalNSW('ip', vectors.dimensions);
  made.initIndex(Math.max(1, vectors.count), options.m, options.efConstruction, options.seed);
  for (let row = 0; row < vectors.count; row++) {
    made.addPoint(
      Array.from(vectors.data.subarray(row * vectors.dimensions, (row + 1) * vectors.dimensions)),
      row,
    );
    if ((row + 1) % REPORT_ROWS === 0 || row + 1 === vectors.count) answer({ id, done: row + 1 });
  }
  made.writeIndexSync(path);
}

function load({ path, descriptors: vectors, ...options }: LoadRequest): void {
  const loaded = new hnswlib.HierarchicalNSW('ip', vectors.dimensions);
  loaded.readIndexSync(path);
  if (loaded.getCurrentCount() !== vectors.count) {
    throw new Error(`the graph holds ${loaded.getCurrentCount()} vectors, the descriptors ${vectors.count}`);
  }
  graph = loaded;
  descriptors = vectors;
  efSearch = options.efSearch;
  exactProducts = options.exactProducts;
}

function search(query: Float32Array, k: number, allowed?: Uint32Array): Hit[] {
  if (!graph || !descriptors) throw new Error('no graph is loaded');
  const vectors = descriptors;
  const candidates = allowed ? allowed.length : vectors.count;
  const wanted = Math.min(k, candidates);
  if (wanted === 0) return [];
  if (allowed) {
    // A filter is the cheaper the more it lets through: with many of the rows allowed, scanning pays for few only.
    const limit = candidates * 4 <= vectors.count ? exactProducts : exactProducts / 8;
    if (candidates * vectors.dimensions <= limit) return scanRows(vectors, query, k, allowed);
  }
  graph.setEf(Math.max(efSearch, wanted));
  let filter: ((label: number) => boolean) | undefined;
  if (allowed) {
    const inside = new Uint8Array(vectors.count);
    for (const row of allowed) inside[row] = 1;
    filter = (label) => inside[label] === 1;
  }
  const { neighbors } = graph.searchKnn(Array.from(query), wanted, filter);
  if (neighbors.length < wanted) return scanRows(vectors, query, k, allowed);
  return neighbors.map((row) => ({ row, score: cosineOfRow(vectors.data, row, query) })).sort(compareHits);
}

function similarities(queries: readonly Float32Array[], rows: Uint32Array): Float32Array[] {
  if (!descriptors) throw new Error('no graph is loaded');
  return similaritiesOf(descriptors, queries, rows);
}

parentPort?.on('message', (request: WorkerRequest) => {
  if (request === 'close') {
    parentPort?.close();
    return;
  }
  try {
    let result: Result = null;
    if (request.kind === 'build') build(request.id, request.options, request.descriptors, request.path);
    else if (request.kind === 'load') load(request);
    else if (request.kind === 'search') result = search(request.query, request.k, request.allowed);
    else result = similarities(request.queries, request.rows);
    answer({ id: request.id, result });
  } catch (error) {
    answer({ id: request.id, error: messageOf(error) });
  }
});
