// Row numbers in any order in, each once and sorted out. Few are sorted; of many each sets its bit, and a filtered search
// takes those bits as they are: a million of them take some milliseconds.

/** So many rows and more are given on shared memory: an index's thread then sees them without a copy. */
const SHARED_ROWS = 4096;
/** Bits pay from one row in so many on. */
const BITS_FROM = 64;

/** The bits that a sorted list of rows was made of, with the number of all rows: they need not be set again. */
const BITS = new WeakMap<Uint32Array, { readonly bits: Uint8Array; readonly total: number }>();

/** Bit row % 8 of byte row >> 3 is set for each of these rows, of `total` that there are. */
export function bitsOfRows(rows: Uint32Array, total: number): Uint8Array {
  const known = BITS.get(rows);
  if (known?.total === total) return known.bits;
  const bits = new Uint8Array((total + 7) >> 3);
  for (const row of rows) bits[row >> 3] = (bits[row >> 3] as number) | (1 << (row & 7));
  return bits;
}

type Rows = ArrayLike<number> & { subarray(from: number, to: number): ArrayLike<number> };

export class RowCollector {
  readonly #total: number;
  readonly #fewRows: number;
  #rows = new Uint32Array(64);
  #count = 0;
  /** Of all rows so far, once they are many; bit row % 32 of word row >> 5. */
  #words: Uint32Array | undefined;

  /** Of rows below `total`; each is added once. */
  constructor(total: number) {
    this.#total = total;
    this.#fewRows = Math.max(SHARED_ROWS, Math.floor(total / BITS_FROM));
  }

  add(row: number): void {
    const words = this.#wordsFor(1);
    if (words) words[row >>> 5] = (words[row >>> 5] as number) | (1 << (row & 31));
    else this.#rows[this.#count] = row;
    this.#count++;
  }

  /** rows[from] to rows[to - 1]. */
  addAll(rows: Rows, from: number, to: number): void {
    const words = this.#wordsFor(to - from);
    if (words) setBits(words, rows, from, to);
    else this.#rows.set(rows.subarray(from, to), this.#count);
    this.#count += to - from;
  }

  sorted(): Uint32Array {
    const [count, words] = [this.#count, this.#words];
    const bytes = count * 4;
    const rows = new Uint32Array(count < SHARED_ROWS ? new ArrayBuffer(bytes) : new SharedArrayBuffer(bytes));
    if (!words) {
      rows.set(this.#rows.subarray(0, count));
      return rows.sort();
    }
    if (count === this.#total) {
      for (let row = 0; row < count; row++) rows[row] = row;
      return rows;
    }
    let at = 0;
    for (let word = 0; word < words.length; word++) {
      for (let rest = words[word] as number; rest !== 0; rest &= rest - 1) {
        rows[at++] = 32 * word + (31 - Math.clz32(rest & -rest));
      }
    }
    // Little-endian, as all that is on the disk: byte k of the words has the bits of rows 8k to 8k + 7.
    BITS.set(rows, { bits: new Uint8Array(words.buffer, 0, (this.#total + 7) >> 3), total: this.#total });
    return rows;
  }

  /** The bits, where so many more rows are too many for a list; else room for them in the list. */
  #wordsFor(more: number): Uint32Array | undefined {
    const needed = this.#count + more;
    if (this.#words) return this.#words;
    if (needed > this.#fewRows) {
      this.#words = new Uint32Array(Math.ceil(this.#total / 32));
      setBits(this.#words, this.#rows, 0, this.#count);
      return this.#words;
    }
    if (needed > this.#rows.length) {
      const larger = new Uint32Array(Math.max(needed, 2 * this.#rows.length));
      larger.set(this.#rows.subarray(0, this.#count));
      this.#rows = larger;
    }
    return undefined;
  }
}

function setBits(words: Uint32Array, rows: ArrayLike<number>, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    const row = rows[i] as number;
    words[row >>> 5] = (words[row >>> 5] as number) | (1 << (row & 31));
  }
}
