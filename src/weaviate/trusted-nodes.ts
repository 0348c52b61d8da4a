// The nodes of a cluster whose graph of a collection is known to be whole: only they are asked for nearest rows.
import { SkyfixError } from '../errors/index.js';
import type { Cluster } from './cluster.js';
import { rowsNotFound } from './find-rows.js';
import type { KnownRows } from './known-rows.js';

/**
 * Rows that a node has to find by their own descriptors before its graph is trusted: all of a collection of up to twice as
 * many; else so many of the last that were written, which a node that was killed loses, and as many others.
 */
const PROBED_ROWS = 4096;
const ROWS_AT_A_TIME = 1024;
/** Between attempts to trust the other nodes again, while one is trusted. */
const TRUST_EVERY_MS = 5_000;
/** Questions at a time: while nobody is answered yet, and while requests are, which should not notice. */
const ALONE_AT_ONCE = 4;
const BESIDE_AT_ONCE = 1;

export interface TrustedNodesOptions {
  readonly cluster: Cluster;
  readonly collection: string;
  /** Rows of the collection. */
  readonly count: number;
  readonly rows: KnownRows;
}

export class TrustedNodes {
  readonly #options: TrustedNodesOptions;
  /** A connection that ended takes a node out, since it may have been killed. */
  readonly #trusted = new Set<number>();
  /** Connections to each node that ended. */
  readonly #ends: number[] = [];
  #trying: NodeJS.Timeout | undefined;
  #closed = false;

  /** None is trusted yet. */
  constructor(options: TrustedNodesOptions) {
    this.#options = options;
  }

  /** Their places in the address. */
  get places(): readonly number[] {
    return [...this.#trusted];
  }

  /** Resolves when one node is trusted at least; the others are tried later. Throws what keeps the last of them from it. */
  async ready(): Promise<void> {
    if (this.#trusted.size === 0) await this.#tryUntilOne();
    this.#tryLater(0);
  }

  /** A connection to the node has ended. */
  lose(node: number): void {
    this.#ends[node] = this.#endsOf(node) + 1;
    this.#trusted.delete(node);
    this.#tryLater();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#trying);
  }

  async #tryUntilOne(): Promise<void> {
    let why: unknown;
    for (let node = 0; node < this.#options.cluster.nodeCount; node++) {
      try {
        return await this.#findAll(node, ALONE_AT_ONCE);
      } catch (error) {
        why = error;
      }
    }
    throw why;
  }

  /** Tries the nodes that are not trusted, until all are. */
  #tryLater(afterMs = TRUST_EVERY_MS): void {
    if (this.#closed) return;
    const { nodeCount } = this.#options.cluster;
    this.#trying ??= setTimeout(async () => {
      for (let node = 0; node < nodeCount; node++) {
        if (!this.#trusted.has(node)) await this.#findAll(node, BESIDE_AT_ONCE).catch(() => {});
      }
      this.#trying = undefined;
      if (this.#trusted.size < nodeCount) this.#tryLater();
    }, afterMs).unref();
  }

  /** Trusts a node that finds its rows, unless its connection ends meanwhile. Throws CLUSTER_UNAVAILABLE. */
  async #findAll(node: number, atOnce: number): Promise<void> {
    const { cluster, collection, rows: known, count } = this.#options;
    const gone = this.#endsOf(node);
    const rows = probedRows(count);
    const each = Math.min(known.mostRows, ROWS_AT_A_TIME);
    for (let from = 0; from < rows.length && !this.#closed; from += each) {
      const part = rows.subarray(from, from + each);
      const vectors = await known.descriptors(part);
      const vectorOf = new Map(Array.from(part, (row, k) => [row, vectors[k] as Float32Array]));
      const asked = { collection, vectorOf: (row: number) => vectorOf.get(row) as Float32Array };
      const [lost] = await rowsNotFound(cluster, asked, part, { node, atOnce });
      if (lost !== undefined)
        throw unavailable(`node ${node + 1} does not find row ${lost} of ${collection}`);
    }
    if (this.#closed) return;
    if (this.#endsOf(node) !== gone) throw unavailable(`node ${node + 1} went while it was asked`);
    this.#trusted.add(node);
  }

  #endsOf(node: number): number {
    return this.#ends[node] ?? 0;
  }
}

const unavailable = (what: string) =>
  new SkyfixError('CLUSTER_UNAVAILABLE', `Weaviate answered in part: ${what}.`);

/** Rows by which a graph is tried, in their order. */
function probedRows(count: number): Uint32Array {
  if (count <= 2 * PROBED_ROWS) return Uint32Array.from({ length: count }, (_, row) => row);
  const others = count - PROBED_ROWS;
  return Uint32Array.from({ length: 2 * PROBED_ROWS }, (_, k) =>
    k < PROBED_ROWS ? Math.floor((k * others) / PROBED_ROWS) : others + k - PROBED_ROWS,
  );
}
