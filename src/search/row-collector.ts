// Row numbers in any order in, each once and sorted out; a million of them take some milliseconds.

/** So many rows and more are given on shared memory: an index's thread then sees them without a copy. */
const SHARED_ROWS = 4096;

export class RowCollector {
  readonly #total: number;
  #rows = new Uint32Array(64);
  #count = 0;

  /** Of rows below `total`; each is added once. */
  constructor(total: number) {
    this.#total = total;
  }

  add(row: number): void {
    this.#room(1);
    this.#rows[this.#count++] = row;
  }

  /** rows[from] to rows[to - 1]. */
  addAll(
    rows: ArrayLike<number> & { subarray(from: number, to: number): ArrayLike<number> },
    from: number,
    to: number,
  ): void {
    this.#room(to - from);
    this.#rows.set(rows.subarray(from, to), this.#count);
    this.#count += to - from;
  }

  sorted(): Uint32Array {
    const count = this.#count;
    if (count < SHARED_ROWS) return this.#rows.slice(0, count).sort();
    const rows = new Uint32Array(new SharedArrayBuffer(count * 4));
    if (count === this.#total) {
      for (let row = 0; row < count; row++) rows[row] = row;
    } else if (count < this.#total / 64) {
      rows.set(this.#rows.subarray(0, count));
      rows.sort();
    } else this.#throughBits(rows);
    return rows;
  }

  /** Sorts by a bit for each row. */
  #throughBits(into: Uint32Array): void {
    const bits = new Uint32Array(Math.ceil(this.#total / 32));
    for (let i = 0; i < this.#count; i++) {
      const row = this.#rows[i] as number;
      bits[row >>> 5] = (bits[row >>> 5] as number) | (1 << (row & 31));
    }
    let at = 0;
    for (let word = 0; word < bits.length; word++) {
      for (let rest = bits[word] as number; rest !== 0; rest &= rest - 1) {
        into[at++] = 32 * word + (31 - Math.clz32(rest & -rest));
      }
    }
  }

  #room(more: number): void {
    const needed = this.#count + more;
    if (needed <= this.#rows.length) return;
    const larger = new Uint32Array(Math.max(needed, 2 * this.#rows.length));
    larger.set(this.#rows.subarray(0, this.#count));
    this.#rows = larger;
  }
}
