// Does a node find the rows that it holds? A graph that has lost links does not say so.
import type { Cluster } from './cluster.js';
import { nearestRows } from './nearest.js';

const CHECK_DEADLINE_MS = 30_000;
const CHECKS_AT_ONCE = 8;
/** Rows that are asked for in one question, which takes a node a third of the time that so many questions do. */
const ROWS_A_QUESTION = 16;
/** So near one is the cosine of a vector with itself, and no other hit can be told from it. */
const SAME = 1e-5;
const MOST_ALIKE = 256;

export interface FindOptions {
  readonly node: number;
  /** Questions at a time; 8. */
  readonly atOnce?: number | undefined;
  readonly onRow?: (() => void) | undefined;
}

/** What is looked for. */
export interface FoundBy {
  readonly collection: string;
  readonly vectorOf: (row: number) => Float32Array;
}

/**
 * The rows that their own descriptors do not find, asked of one node: there its own copies answer. A row that is as like as
 * many others may hide behind them.
 */
export async function rowsNotFound(
  cluster: Cluster,
  by: FoundBy,
  rows: Iterable<number>,
  { node, atOnce = CHECKS_AT_ONCE, onRow }: FindOptions,
): Promise<readonly number[]> {
  const questions = groupsOf(rows, ROWS_A_QUESTION);
  const lost: number[] = [];
  const check = async () => {
    for (let next = questions.next(); !next.done; next = questions.next()) {
      const found = await foundTogether(cluster, by, next.value, node);
      for (const row of next.value) {
        if (!found.has(row) && !(await foundAlone(cluster, by, row, node))) lost.push(row);
        onRow?.();
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, check));
  return lost.sort((a, b) => a - b);
}

/**
 * Those of some rows that one question for all of them finds. Each hit has the score of the descriptor that is most like it: a
 * row with that of a vector and itself was found by its own, or by one that cannot be told from it.
 */
async function foundTogether(
  cluster: Cluster,
  { collection, vectorOf }: FoundBy,
  rows: readonly number[],
  node: number,
): Promise<ReadonlySet<number>> {
  const question = { collection, queries: rows.map(vectorOf), limit: 2 * rows.length };
  const hits = await nearestRows(cluster, question, { node, deadlineMs: CHECK_DEADLINE_MS });
  return new Set(hits.filter(({ score }) => score >= 1 - SAME).map(({ row }) => row));
}

async function foundAlone(
  cluster: Cluster,
  { collection, vectorOf }: FoundBy,
  row: number,
  node: number,
): Promise<boolean> {
  const vector = vectorOf(row);
  for (let limit = 2; ; limit = MOST_ALIKE) {
    const question = { collection, queries: [vector], limit };
    const hits = await nearestRows(cluster, question, { node, deadlineMs: CHECK_DEADLINE_MS });
    if (hits.some((hit) => hit.row === row)) return true;
    const last = hits[hits.length - 1];
    const hidden = hits.length === limit && last !== undefined && last.score >= 1 - SAME;
    if (!hidden) return false;
    if (limit === MOST_ALIKE) return true;
  }
}

function* groupsOf(rows: Iterable<number>, most: number): Generator<readonly number[], undefined> {
  let group: number[] = [];
  for (const row of rows) {
    group.push(row);
    if (group.length < most) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
