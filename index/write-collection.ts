// A version's rows as a collection of a Weaviate cluster that every node finds. What a node that was killed has lost of its graph
// is not patched: rows that were put back into such a graph were found by their own descriptors and by others not. The rows are
// written to another collection then, from the start.
import { SkyfixError } from '../src/errors/index.js';
import { compareHits, measureRecall } from '../src/search/index.js';
import { checkRecall, type SearchPlace } from '../src/versions/index.js';
import {
  Cluster,
  type ClusterAddress,
  type CollectionOptions,
  cellLengthFor,
  countObjects,
  createCollection,
  generationOf,
  listGenerations,
  nearestRows,
  type RowSource,
  rewriteRows,
  rowsNotFound,
  vectorOfRow,
  WeaviateIndex,
  writeRows,
  writtenShards,
} from '../src/weaviate/index.js';

/** Where and how a version is written. */
export interface WeaviateTarget extends CollectionOptions {
  readonly address: ClusterAddress;
  /** Of what is being done: "write", "check", "recall". */
  readonly onProgress?: ((what: string, done: number, total: number) => void) | undefined;
  /** Told, for people, why a collection that is there is not used. */
  readonly onNote?: ((text: string) => void) | undefined;
}

/** Rows of a whole graph that cannot be reached in it are put into it once more, so many times. */
const REPAIRS = 3;
/** Nodes may go while a collection is written; then it is begun again. */
const ATTEMPTS = 3;
/** Of a collection that is to be gone on with, whose end a node that was killed has lost. */
const LAST_ROWS = 1000;

/** What a call works with. */
interface Writing {
  readonly cluster: Cluster;
  readonly source: RowSource;
  readonly minRecall: number;
  readonly target: WeaviateTarget;
  /** Connections to nodes that have ended. */
  readonly ended: () => number;
}

/**
 * Writes rows to the collection `source.collection` or, where a node has lost what it knew of it, to the next of its generations,
 * and returns where they are searched from then on. Goes on where an earlier call ended; earlier generations stay. Throws
 * CLUSTER_UNAVAILABLE where the cluster does not take the rows, or does not find what it took after several repairs, and
 * INDEX_RECALL_TOO_LOW; no alias is moved.
 */
export async function writeToWeaviate(
  source: RowSource,
  minRecall: number,
  target: WeaviateTarget,
): Promise<SearchPlace> {
  let ended = 0;
  const cluster = new Cluster(target.address, () => {
    ended++;
  });
  try {
    const writing = { cluster, source, minRecall, target, ended: () => ended };
    const last = (await listGenerations(cluster, source.collection)).at(-1);
    const there = last === undefined ? undefined : await goneOnWith(writing, last);
    return there ?? (await writtenAnew(writing, (last ?? 0) + 1));
  } finally {
    cluster.close();
  }
}

/** A collection that is there, with all of the rows; undefined where a node does not find them. */
async function goneOnWith(writing: Writing, generation: number): Promise<SearchPlace | undefined> {
  const { cluster, source, target } = writing;
  const there = { ...source, collection: generationOf(source.collection, generation) };
  const { count } = source.descriptors;
  const written = Math.min(count, await countObjects(cluster, there.collection));
  const tail = Math.min(written, LAST_ROWS);
  // What came last may still be under way; what came before it is there, or was lost.
  const known = written === count ? rangeOf(0, 0) : rangeOf(written - tail, written - Math.ceil(tail / 2));
  let lost = await lostRows(writing, there, known);
  if (lost.length === 0) {
    await writeRows(cluster, there, (done, total) => target.onProgress?.('write', done, total));
    lost = await lostRows(writing, there);
  }
  if (lost.length === 0) {
    try {
      return await finished(writing, there);
    } catch (error) {
      if (!(error instanceof SkyfixError && error.code === 'INDEX_RECALL_TOO_LOW')) throw error;
      target.onNote?.(`${there.collection} has lost more than rows: ${error.message}`);
      return undefined;
    }
  }
  target.onNote?.(
    `a node does not find ${lost.length} rows of ${there.collection} (${someOf(lost)}): all are written anew`,
  );
  return undefined;
}

/** A collection that this call makes, of the generation `from` or later. */
async function writtenAnew(writing: Writing, from: number): Promise<SearchPlace> {
  const { cluster, source, target, ended } = writing;
  for (let attempt = 0; ; attempt++) {
    const fresh = { ...source, collection: generationOf(source.collection, from + attempt) };
    const before = ended();
    await createCollection(cluster, fresh.collection, target);
    await writeRows(cluster, fresh, (done, total) => target.onProgress?.('write', done, total));
    let lost = await lostRows(writing, fresh);
    for (let repair = 0; repair < REPAIRS && lost.length > 0 && ended() === before; repair++) {
      await rewriteRows(cluster, fresh, lost);
      lost = await lostRows(writing, fresh, lost);
    }
    if (lost.length === 0) return finished(writing, fresh);
    const what =
      `${lost.length} of ${source.descriptors.count} rows of ${fresh.collection} are not found by their own ` +
      'descriptors';
    if (ended() === before || attempt + 1 === ATTEMPTS) {
      throw new SkyfixError('CLUSTER_UNAVAILABLE', `${what} (${someOf(lost)}).`);
    }
    target.onNote?.(`${what}: a node went while they were written; all are written anew`);
  }
}

/** Once all copies are on disk and each node finds what exact search does. */
async function finished(writing: Writing, written: RowSource): Promise<SearchPlace> {
  const { cluster, minRecall, target } = writing;
  const { collection, catalogue, descriptors } = written;
  const { address, replicas, onProgress } = target;
  const shards = await writtenShards(cluster, collection, { count: descriptors.count, replicas });
  const cellLength = cellLengthFor(catalogue);
  const { dimensions } = descriptors;
  // As a server opens it.
  const found = { address, collection, dimensions, shards, cellLength };
  await (await WeaviateIndex.open(found, catalogue)).close();
  for (let node = 0; node < cluster.nodeCount; node++) {
    // The graphs of the node's own copies: it asks no others for what it holds itself.
    const search = async (query: Float32Array, k: number) =>
      [...(await nearestRows(cluster, { collection, queries: [query], limit: k }, { node }))].sort(
        compareHits,
      );
    const recall = await measureRecall({ search }, descriptors, {
      seed: 1,
      onProgress: (done, total) => onProgress?.('recall', node * total + done, cluster.nodeCount * total),
    });
    checkRecall(recall, minRecall, `${collection} on node ${node + 1} of ${cluster.name}`);
  }
  return { engine: 'weaviate', collection, shards, cellLength };
}

/** Rows, of all or of some, that one of the nodes does not find by their own descriptors. */
async function lostRows(
  { cluster, target: { onProgress } }: Writing,
  { collection, descriptors }: RowSource,
  wanted?: readonly number[],
): Promise<readonly number[]> {
  const asked = { collection, vectorOf: (row: number) => vectorOfRow(descriptors, row) };
  const lost = new Set<number>();
  const total = descriptors.count * cluster.nodeCount;
  let done = 0;
  for (let node = 0; node < cluster.nodeCount; node++) {
    const rows = wanted ?? Array(descriptors.count).keys();
    const onRow = () => {
      if (!wanted) onProgress?.('check', ++done, total);
    };
    const missing = await rowsNotFound(cluster, asked, rows, { node, onRow });
    for (const row of missing) lost.add(row);
  }
  return [...lost].sort((a, b) => a - b);
}

const rangeOf = (from: number, to: number): readonly number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, k) => from + k);

const someOf = (rows: readonly number[]) => `${rows.slice(0, 5).join(', ')}${rows.length > 5 ? ', …' : ''}`;
