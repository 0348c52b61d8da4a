// The rows of a tree's large branches as bits, each made when it is asked for first. What lies together has rows that lie
// together, so that a branch fills words of a set nearly whole: to join its words takes a tenth of the time of setting as many
// bits.

/** Row numbers, from one place on and before another. */
export interface RowRun {
  readonly from: number;
  readonly to: number;
}

/** A branch is large that has so great a share of all rows; its bits are kept. There are at most twice as many. */
const LARGE_SHARE = 1 / 512;
/** Of fewer rows all bits are set in no time. */
const LEAST_ROWS = 65_536;
/** Rows to a word, in the mean, from which words are worth keeping: half of the bytes that the rows themselves have. */
const LEAST_IN_WORD = 4;

/** Those words of a set that are not 0: which they are, and what they are. */
export interface SomeWords {
  readonly at: Uint32Array;
  readonly words: Uint32Array;
}

export class BranchBits {
  readonly #ids: ArrayLike<number>;
  /** Undefined: of rows that lie apart. */
  readonly #kept = new Map<number, SomeWords | undefined>();

  /** Of a tree whose places have these rows, each row once. */
  constructor(ids: ArrayLike<number>) {
    this.#ids = ids;
  }

  /** Bytes that are kept. */
  get bytes(): number {
    return [...this.#kept.values()].reduce((sum, kept) => sum + 8 * (kept?.words.length ?? 0), 0);
  }

  /** Of a whole branch; undefined where it is not large, or its rows lie too far apart. */
  of({ from, to }: RowRun): SomeWords | undefined {
    const total = this.#ids.length;
    if (total < LEAST_ROWS || to - from < LARGE_SHARE * total) return undefined;
    // Branches lie in each other or apart, and no two of them are the same places.
    const key = from * 2 ** 26 + (to - from);
    if (!this.#kept.has(key)) this.#kept.set(key, this.#made(from, to));
    return this.#kept.get(key);
  }

  #made(from: number, to: number): SomeWords | undefined {
    const all = new Uint32Array(Math.ceil(this.#ids.length / 32));
    let count = 0;
    for (let i = from; i < to; i++) {
      const row = this.#ids[i] as number;
      const before = all[row >>> 5] as number;
      if (before === 0) count++;
      all[row >>> 5] = before | (1 << (row & 31));
    }
    if (count * LEAST_IN_WORD > to - from) return undefined;
    const at = new Uint32Array(count);
    for (let word = 0, k = 0; k < count; word++) if (all[word] !== 0) at[k++] = word;
    return { at, words: at.map((word) => all[word] as number) };
  }
}

/** Puts them to the bits of a set. */
export function addWords(to: Uint32Array, { at, words }: SomeWords): void {
  for (let k = 0; k < at.length; k++) {
    const word = at[k] as number;
    to[word] = (to[word] as number) | (words[k] as number);
  }
}

/** Takes them from it. */
export function removeWords(from: Uint32Array, { at, words }: SomeWords): void {
  for (let k = 0; k < at.length; k++) {
    const word = at[k] as number;
    from[word] = (from[word] as number) & ~(words[k] as number);
  }
}
