// The thread that builds a graph.
import { serveRequests } from '../threads/index.js';
import { buildHnsw } from './hnsw-graph.js';
import type { BuildRequests, GraphKind } from './index-requests.js';
import { buildUsearch } from './usearch-graph.js';

const BUILDERS: Readonly<Record<GraphKind, typeof buildHnsw>> = { hnsw: buildHnsw, usearch: buildUsearch };

await serveRequests<BuildRequests>(() => ({
  answers: {
    build: ({ kind, options, descriptors, path }, report) =>
      BUILDERS[kind](descriptors, options, path, report),
  },
}));
