// A hierarchical navigable small-world graph by hnswlib-node, in this thread.
import hnswlib from 'hnswlib-node';
import type { DescriptorShape } from './descriptor-format.js';
import type { Descriptors } from './descriptors.js';
import type { Graph } from './graph.js';
import { HugePages } from './huge-pages.js';
import type { GraphOptions } from './index-requests.js';

/** Between two reports of a build. */
const REPORT_ROWS = 256;

/** Writes the graph of all descriptors to `path`; reports the vectors added so far. */
export function buildHnsw(
  { count, dimensions, data }: Descriptors,
  { m, efConstruction, seed }: GraphOptions,
  path: string,
  report: (done: number) => void,
): void {
  const made = new hnswlib.HierarchicalNSW('ip', dimensions);
  made.initIndex(Math.max(1, count), m, efConstruction, seed);
  new HugePages().ask();
  for (let row = 0; row < count; row++) {
    made.addPoint(Array.from(data.subarray(row * dimensions, (row + 1) * dimensions)), row);
    if ((row + 1) % REPORT_ROWS === 0 || row + 1 === count) report(row + 1);
  }
  made.writeIndexSync(path);
}

/** Throws where the file cannot be read or holds another number of vectors. */
export function loadHnsw(path: string, { count, dimensions }: DescriptorShape): Graph {
  const graph = new hnswlib.HierarchicalNSW('ip', dimensions);
  graph.readIndexSync(path);
  if (graph.getCurrentCount() !== count) {
    throw new Error(`the graph holds ${graph.getCurrentCount()} vectors, the descriptors ${count}`);
  }
  return {
    nearest(query, k, effort, allowed) {
      graph.setEf(effort);
      const bits = allowed?.bits;
      const filter = bits && ((row: number) => ((bits[row >> 3] as number) & (1 << (row & 7))) !== 0);
      return graph.searchKnn(Array.from(query), k, filter).neighbors;
    },
  };
}
