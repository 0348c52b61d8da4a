// Is the whole collection there to be searched? Weaviate answers from the shards that it reaches, and does not say that
// some are missing.
import { SkyfixError } from '../errors/index.js';
import type { Cluster } from './cluster.js';
import { type Replica, replicasOf } from './collections.js';

/** Objects of each shard of a collection, by the shard's name. */
export type ShardCounts = Readonly<Record<string, number>>;

/**
 * What keeps these copies from being the whole collection; undefined where nothing does: each shard has a copy on a node
 * that answers, and each copy has all of its objects.
 */
export function incompleteness(replicas: readonly Replica[], shards: ShardCounts): string | undefined {
  for (const [shard, objects] of Object.entries(shards)) {
    const copies = replicas.filter((replica) => replica.shard === shard);
    if (copies.length === 0) return `no node that answers holds the shard ${shard}`;
    const short = copies.find((copy) => copy.objects !== objects);
    if (short) return `${short.node} has ${short.objects} of ${objects} objects of the shard ${shard}`;
  }
  return undefined;
}

export class Completeness {
  readonly #cluster: Cluster;
  readonly #collection: string;
  readonly #shards: ShardCounts;
  #next: Promise<void> | undefined;
  #running: Promise<void> | undefined;

  constructor(cluster: Cluster, collection: string, shards: ShardCounts) {
    this.#cluster = cluster;
    this.#collection = collection;
    this.#shards = shards;
  }

  /**
   * Resolves when a check that began after this call found everything there: asked after a search, it says that no node was
   * gone during it, since a node is not back within milliseconds. Whoever asks meanwhile shares the next check. Throws
   * CLUSTER_UNAVAILABLE.
   */
  confirm(): Promise<void> {
    this.#next ??= (this.#running ?? Promise.resolve()).catch(() => {}).then(() => this.#begin());
    return this.#next;
  }

  #begin(): Promise<void> {
    this.#next = undefined;
    this.#running = this.#check().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #check(): Promise<void> {
    const why = incompleteness(await replicasOf(this.#cluster, this.#collection), this.#shards);
    if (why) throw new SkyfixError('CLUSTER_UNAVAILABLE', `Weaviate would answer in part: ${why}.`);
  }
}
