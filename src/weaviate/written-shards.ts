// How many objects each shard of a collection has, once they are on the disks of all copies.
import { setTimeout as wait } from 'node:timers/promises';
import { SkyfixError } from '../errors/index.js';
import type { Cluster } from './cluster.js';
import { replicasOf } from './collections.js';
import type { ShardCounts } from './completeness.js';

const LOOK_EVERY_MS = 500;
/** A node writes what it holds in memory after a minute without writes, and compares with its copies every few. */
const WITHIN_MS = 300_000;

/**
 * Resolves when each shard has as many copies as asked for, all with the same number of objects, `count` together. From then on
 * the figures say whether a copy is whole: a collection that is published is not written any more. Throws
 * CLUSTER_UNAVAILABLE.
 */
export async function writtenShards(
  cluster: Cluster,
  collection: string,
  { count, replicas, withinMs = WITHIN_MS }: WrittenOptions,
): Promise<ShardCounts> {
  const endsAt = performance.now() + withinMs;
  for (;;) {
    const copies = await replicasOf(cluster, collection);
    const counts = new Map<string, number[]>();
    for (const { shard, objects } of copies) counts.set(shard, [...(counts.get(shard) ?? []), objects]);
    const all = [...counts];
    const alike = all.every(([, each]) => each.length === replicas && new Set(each).size === 1);
    const total = all.reduce((sum, [, [objects = 0]]) => sum + objects, 0);
    if (alike && total === count)
      return Object.fromEntries(all.map(([shard, [objects = 0]]) => [shard, objects]));
    if (performance.now() > endsAt) {
      const found = copies.map(({ node, shard, objects }) => `${shard} on ${node} ${objects}`).join(', ');
      throw new SkyfixError(
        'CLUSTER_UNAVAILABLE',
        `The copies of ${collection} have not ${count} objects each after ${withinMs / 1000} s: ${found || 'none'}.`,
      );
    }
    await wait(LOOK_EVERY_MS);
  }
}

export interface WrittenOptions {
  readonly count: number;
  readonly replicas: number;
  readonly withinMs?: number | undefined;
}
