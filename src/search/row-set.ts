// A set of rows: few as a sorted list, many as one bit each, the other form made when somebody asks for it. A filtered graph
// wants the bits alone, and listing a million rows takes longer than finding them.
import { addWords, type BranchBits, type RowRun, removeWords } from './branch-bits.js';

/** So many rows and more are listed on shared memory: another thread then sees them without a copy. */
const SHARED_ROWS = 4096;
/** Fewer rows are sorted, more are bits. */
const FEW_ROWS = 1024;

/** Among which rows is searched: sorted row numbers, or a set. */
export type AllowedRows = Uint32Array | RowSet;

type Ids = ArrayLike<number> & { subarray(from: number, to: number): ArrayLike<number> };

export class RowSet {
  /** Of all rows there are. */
  readonly total: number;
  /** Of those in the set. */
  readonly length: number;
  #rows: Uint32Array | undefined;
  /** Bit row % 32 of word row >> 5; little-endian, as all that is on the disk: bit row % 8 of byte row >> 3. */
  #words: Uint32Array | undefined;

  private constructor(total: number, length: number, rows: Uint32Array | undefined, words?: Uint32Array) {
    this.total = total;
    this.length = length;
    this.#rows = rows;
    this.#words = words;
  }

  /** Of sorted row numbers below `total`, which are not copied. */
  static of(rows: Uint32Array, total: number): RowSet {
    return new RowSet(total, rows.length, rows);
  }

  static from(rows: AllowedRows, total: number): RowSet {
    return rows instanceof RowSet ? rows : RowSet.of(rows, total);
  }

  static all(total: number): RowSet {
    return new RowSet(total, total, undefined);
  }

  /**
   * The rows ids[k] for the k of `inside` and of `more`, each named once; `ids` names every row once. What is neither is
   * in `outside` or `less`: where that is less, it is taken from all. `branches` has the bits of whole runs, where it has them.
   */
  static ofRuns(
    ids: Ids,
    inside: readonly RowRun[],
    more: readonly number[],
    outside: readonly RowRun[],
    less: readonly number[],
    branches?: BranchBits,
  ): RowSet {
    const total = ids.length;
    const length = inside.reduce((sum, { from, to }) => sum + to - from, more.length);
    if (length === total) return RowSet.all(total);
    if (length <= FEW_ROWS) return RowSet.of(listed(ids, inside, more, length), total);
    const words = new Uint32Array(Math.ceil(total / 32));
    if (2 * length <= total) {
      for (const run of inside) {
        const kept = branches?.of(run);
        if (kept) addWords(words, kept);
        else setBits(words, ids, run.from, run.to);
      }
      for (const k of more) setBits(words, ids, k, k + 1);
    } else {
      fillBits(words, total);
      for (const run of outside) {
        const kept = branches?.of(run);
        if (kept) removeWords(words, kept);
        else clearBits(words, ids, run.from, run.to);
      }
      for (const k of less) clearBits(words, ids, k, k + 1);
    }
    return new RowSet(total, length, undefined, words);
  }

  /** Sorted. */
  get rows(): Uint32Array {
    this.#rows ??= this.#listed();
    return this.#rows;
  }

  /** Bit row % 8 of byte row >> 3. */
  get bits(): Uint8Array {
    this.#words ??= this.#bitsSet();
    return new Uint8Array(this.#words.buffer, 0, (this.total + 7) >> 3);
  }

  /** `points` of its rows spread evenly over it, or all where there are fewer; sorted. */
  evenly(points: number): Uint32Array {
    const many = Math.min(points, this.length);
    const places = Uint32Array.from({ length: many }, (_, k) => Math.floor(((k + 0.5) * this.length) / many));
    if (this.#rows) return places.map((place) => (this.#rows as Uint32Array)[place] as number);
    return this.#words ? rowsAt(this.#words, places) : places;
  }

  #listed(): Uint32Array {
    const { length } = this;
    const bytes = 4 * length;
    const rows = new Uint32Array(
      length < SHARED_ROWS ? new ArrayBuffer(bytes) : new SharedArrayBuffer(bytes),
    );
    const words = this.#words;
    if (!words) {
      for (let row = 0; row < length; row++) rows[row] = row;
      return rows;
    }
    let at = 0;
    for (let word = 0; word < words.length; word++) {
      for (let rest = words[word] as number; rest !== 0; rest &= rest - 1) {
        rows[at++] = 32 * word + (31 - Math.clz32(rest & -rest));
      }
    }
    return rows;
  }

  #bitsSet(): Uint32Array {
    const words = new Uint32Array(Math.ceil(this.total / 32));
    if (this.#rows) setBits(words, this.#rows, 0, this.#rows.length);
    else fillBits(words, this.total);
    return words;
  }
}

function listed(ids: Ids, runs: readonly RowRun[], more: readonly number[], length: number): Uint32Array {
  const rows = new Uint32Array(length);
  let at = 0;
  for (const { from, to } of runs) {
    rows.set(ids.subarray(from, to), at);
    at += to - from;
  }
  for (const k of more) rows[at++] = ids[k] as number;
  return rows.sort();
}

function setBits(words: Uint32Array, rows: ArrayLike<number>, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    const row = rows[i] as number;
    words[row >>> 5] = (words[row >>> 5] as number) | (1 << (row & 31));
  }
}

function clearBits(words: Uint32Array, rows: ArrayLike<number>, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    const row = rows[i] as number;
    words[row >>> 5] = (words[row >>> 5] as number) & ~(1 << (row & 31));
  }
}

/** The bits of all rows below `total`, and no others. */
function fillBits(words: Uint32Array, total: number): void {
  words.fill(0xffffffff);
  const spare = 32 * words.length - total;
  if (spare > 0) words[words.length - 1] = 0xffffffff >>> spare;
}

/** The rows that stand at these places, which are sorted, among the rows whose bits are set. */
function rowsAt(words: Uint32Array, places: Uint32Array): Uint32Array {
  const rows = new Uint32Array(places.length);
  let [before, word] = [0, 0];
  for (let k = 0; k < places.length; k++) {
    const place = places[k] as number;
    for (let here = ones(words[word] as number); before + here <= place; here = ones(words[word] as number)) {
      before += here;
      word++;
    }
    let rest = words[word] as number;
    for (let skipped = before; skipped < place; skipped++) rest &= rest - 1;
    rows[k] = 32 * word + (31 - Math.clz32(rest & -rest));
  }
  return rows;
}

/** Bits set in 32 (Hacker's Delight, figure 5-2). */
function ones(word: number): number {
  let x = word - ((word >>> 1) & 0x55555555);
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  x = (x + (x >>> 4)) & 0x0f0f0f0f;
  return Math.imul(x, 0x01010101) >>> 24;
}
