// Rows written to a collection, and written again where they are not found (find-rows).
import { setTimeout as wait } from 'node:timers/promises';
import { SkyfixError } from '../errors/index.js';
import type { Catalogue, Descriptors } from '../search/index.js';
import { SHORTEST_CELL } from './cells.js';
import type { Cluster } from './cluster.js';
import { CELLS, countObjects } from './collections.js';
import { geohash, LONGEST } from './geohash.js';
import { BATCH_OBJECTS, QUORUM, type SentObject, sentVector } from './protocol.js';
import { uuidOfRow } from './row-ids.js';

const BATCH_BYTES = 2 * 2 ** 20;
const MOST_BATCH_ROWS = 500;
const BATCHES_AT_ONCE = 2;
/** A batch waits for most of the copies, also while a node is being found to be gone. */
const BATCH_DEADLINE_MS = 120_000;

/** What is written: row k is object k. */
export interface RowSource {
  readonly collection: string;
  readonly descriptors: Descriptors;
  readonly catalogue: Catalogue;
}

export type RowProgress = (done: number, total: number) => void;

export const vectorOfRow = ({ data, dimensions }: Descriptors, row: number): Float32Array =>
  data.slice(row * dimensions, (row + 1) * dimensions);

function objectOf({ collection, descriptors, catalogue }: RowSource, row: number): SentObject {
  const longest = geohash(catalogue.place(row), LONGEST);
  const cells = Array.from({ length: LONGEST - SHORTEST_CELL + 1 }, (_, k) =>
    longest.slice(0, SHORTEST_CELL + k),
  );
  return {
    uuid: uuidOfRow(row),
    collection,
    properties: { textArrayProperties: [{ propName: CELLS, values: cells }] },
    vectors: [sentVector(vectorOfRow(descriptors, row))],
  };
}

/**
 * Writes all rows, in their order; those that a call before this one had acknowledged are not sent again. Each is
 * acknowledged by most of its copies. Throws CLUSTER_UNAVAILABLE; then what was written stays, and another call goes on.
 */
export async function writeRows(
  cluster: Cluster,
  source: RowSource,
  onProgress?: RowProgress,
): Promise<void> {
  const { count, dimensions } = source.descriptors;
  const batch = Math.max(1, Math.min(MOST_BATCH_ROWS, Math.floor(BATCH_BYTES / (4 * dimensions))));
  // What was under way when it ended may have been written in part.
  const there = await countObjects(cluster, source.collection);
  let next = there >= count ? count : Math.max(0, there - 2 * BATCHES_AT_ONCE * batch);
  let done = next;
  const write = async () => {
    while (next < count) {
      const from = next;
      next = Math.min(count, from + batch);
      const rows = Array.from({ length: next - from }, (_, k) => from + k);
      await putRows(cluster, source, rows);
      done += rows.length;
      onProgress?.(done, count);
    }
  };
  await Promise.all(Array.from({ length: BATCHES_AT_ONCE }, write));
}

async function putRows(cluster: Cluster, source: RowSource, rows: readonly number[]): Promise<void> {
  const objects = rows.map((row) => objectOf(source, row));
  const message = { objects, consistencyLevel: QUORUM };
  const endsAt = performance.now() + SCHEMA_WITHIN_MS;
  for (;;) {
    const { errors } = await cluster.call(BATCH_OBJECTS, message, { deadlineMs: BATCH_DEADLINE_MS });
    const [first] = errors;
    if (!first) return;
    if (!UNHEARD_OF.test(first.error) || performance.now() > endsAt) {
      throw new SkyfixError(
        'CLUSTER_UNAVAILABLE',
        `Weaviate did not take ${errors.length} of ${rows.length} rows (${first.error.replace(/[.]+$/, '')}).`,
      );
    }
    await wait(SCHEMA_EVERY_MS);
  }
}

/** A node that lags behind the others, such as one that came back, hears of a new collection seconds after they do. */
const UNHEARD_OF = /could not find (index for )?class/i;
const SCHEMA_WITHIN_MS = 30_000;
const SCHEMA_EVERY_MS = 200;

/** Removes rows and writes them anew: what is there already would be left as it is, with its place in the graph or without. */
export async function rewriteRows(
  cluster: Cluster,
  source: RowSource,
  rows: readonly number[],
): Promise<void> {
  for (const row of rows) {
    const path = `objects/${source.collection}/${uuidOfRow(row)}?consistency_level=ALL`;
    const { status } = await cluster.rest('DELETE', path, undefined, { deadlineMs: BATCH_DEADLINE_MS });
    if (status === 204 || status === 404) continue;
    throw new SkyfixError(
      'CLUSTER_UNAVAILABLE',
      `Weaviate refused to remove row ${row} with status ${status}.`,
    );
  }
  for (let from = 0; from < rows.length; from += MOST_BATCH_ROWS)
    await putRows(cluster, source, rows.slice(from, from + MOST_BATCH_ROWS));
}
