// Building the graph of an index, in a thread of its own.
import { RequestWorker } from '../threads/index.js';
import type { Descriptors } from './descriptors.js';
import type { BuildRequests, GraphKind, GraphOptions } from './index-requests.js';
import { corruptIndex } from './threaded-index.js';

/**
 * Builds a graph of all descriptors and writes it to `path`; the same seed and order give the same file. Throws
 * INDEX_CORRUPT.
 */
export async function buildGraph(
  kind: GraphKind,
  descriptors: Descriptors,
  options: GraphOptions,
  path: string,
  onProgress?: (done: number) => void,
): Promise<void> {
  const script = new URL('./build-worker.js', import.meta.url);
  const worker = new RequestWorker<BuildRequests>(script, { of: `the graph ${path}` });
  try {
    const request = { kind, options, descriptors, path };
    await worker.ask('build', request, onProgress ? { onProgress } : {});
  } catch (error) {
    throw corruptIndex(`${path} cannot be built`, error);
  } finally {
    await worker.close();
  }
}

/** The same with hnswlib. */
export const buildHnswGraph = buildGraph.bind(undefined, 'hnsw');
