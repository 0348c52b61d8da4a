// Which pairs may show one place. Such pairs are no negatives of each other: they share no batch, no one is the other's
// look-alike, and where they meet nevertheless the losses leave them out. Known from labelled rows alone.
import type { PairLabels } from '../../pseudo-labels/index.js';
import type { TrainingPair } from './encoder-data.js';

export interface PlaceSources {
  readonly labels: PairLabels;
  /** samePlace[k]: rows so near row k that both are one place; read for labelled rows only. */
  readonly samePlace: readonly (readonly number[])[];
}

export class SamePlaces {
  /**
   * For each labelled row those of its place, itself included, ascending; as numbers among the labelled rows. Their tiles
   * are equal, or one's tile is a semi-positive of the other, or they are so near. Symmetric, but not transitive: the middle
   * one of three rows can share its place with both others.
   */
  readonly rows: readonly (readonly number[])[];
  /** Tile of each labelled row. */
  readonly #tileOf: readonly number[];
  readonly #numberOf: ReadonlyMap<number, number>;
  /** The labelled rows, as numbers among them, whose place a tile shows. */
  readonly #shownBy = new Map<number, number[]>();

  constructor({ labels, samePlace }: PlaceSources) {
    const { labelled } = labels;
    this.#tileOf = labelled.map((row) => labels.tileOf(row));
    this.#numberOf = new Map(labelled.map((row, k) => [row, k]));
    const ownersOf = grouped(this.#tileOf.map((tile, k) => [tile, k]));
    const rows = labelled.map((_, k) => new Set([k]));
    const join = (a: number, b: number): void => {
      rows[a]?.add(b);
      rows[b]?.add(a);
    };
    labelled.forEach((row, k) => {
      for (const tile of new Set(labels.tilesOf(row))) {
        listOf(this.#shownBy, tile).push(k);
        for (const owner of ownersOf.get(tile) ?? []) join(k, owner);
      }
      for (const other of samePlace[row] ?? []) {
        const number = this.#numberOf.get(other);
        if (number !== undefined) join(k, number);
      }
    });
    this.rows = rows.map((set) => [...set].sort((a, b) => a - b));
  }

  /** Whether two tiles are one or some labelled row's place is known to be on both. */
  overlap(a: number, b: number): boolean {
    if (a === b) return true;
    const ofA = this.#shownBy.get(a) ?? [];
    const ofB = this.#shownBy.get(b) ?? [];
    return ofA.some((row) => ofB.includes(row));
  }

  /** Whether the tile of a pseudo-labelled pair overlaps that of a labelled row, given as a number among these. */
  meets(number: number, { tile }: { readonly tile: number }): boolean {
    return this.overlap(this.#tileOf[number] as number, tile);
  }

  /**
   * [B, B] as the losses take it: 1 where two pairs of a batch may be of one place without being one pair. Undefined where
   * no two are.
   */
  exclusion(pairs: readonly TrainingPair[]): Float32Array | undefined {
    const excluded = new Float32Array(pairs.length ** 2);
    let any = false;
    pairs.forEach((a, i) => {
      for (let j = 0; j < i; j++) {
        if (!this.#same(a, pairs[j] as TrainingPair)) continue;
        any = true;
        excluded[i * pairs.length + j] = 1;
        excluded[j * pairs.length + i] = 1;
      }
    });
    return any ? excluded : undefined;
  }

  #same(a: TrainingPair, b: TrainingPair): boolean {
    if ('tile' in a) return 'tile' in b ? this.overlap(a.tile, b.tile) : this.meets(this.#number(b.row), a);
    if ('tile' in b) return this.meets(this.#number(a.row), b);
    return this.rows[this.#number(a.row)]?.includes(this.#number(b.row)) ?? false;
  }

  #number(row: number): number {
    return this.#numberOf.get(row) as number;
  }
}

function listOf(lists: Map<number, number[]>, key: number): number[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}

function grouped(entries: readonly (readonly [number, number])[]): ReadonlyMap<number, readonly number[]> {
  const lists = new Map<number, number[]>();
  for (const [key, value] of entries) listOf(lists, key).push(value);
  return lists;
}
