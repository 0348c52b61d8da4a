// Descriptors that lie in several arrays, one behind the other: by the row's number among all, which array it is in.
import { isFloats, type StoredDescriptors } from './descriptors.js';

export class RowSegments {
  readonly count: number;
  readonly dimensions: number;
  /** Whether they are kept as float32; all are kept the same way. */
  readonly floats: boolean;
  readonly #parts: readonly StoredDescriptors[];
  /** The first row of each part, and behind the last one their number. */
  readonly #starts: Float64Array;
  /** The part of the row that was asked for last: rows come in runs. */
  #last = 0;

  /** Of at least one part. */
  constructor(parts: readonly [StoredDescriptors, ...StoredDescriptors[]]) {
    this.#parts = parts;
    this.#starts = new Float64Array(parts.length + 1);
    for (const [k, { count }] of parts.entries()) this.#starts[k + 1] = (this.#starts[k] as number) + count;
    this.count = this.#starts[parts.length] as number;
    this.dimensions = parts[0].dimensions;
    this.floats = isFloats(parts[0]);
  }

  /** The number of the part that holds a row. */
  partOf(row: number): number {
    const starts = this.#starts;
    if (row >= (starts[this.#last] as number) && row < (starts[this.#last + 1] as number)) return this.#last;
    let [low, high] = [0, this.#parts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (row < (starts[middle] as number)) high = middle - 1;
      else low = middle;
    }
    this.#last = low;
    return low;
  }

  part(number: number): StoredDescriptors {
    return this.#parts[number] as StoredDescriptors;
  }

  /** The first row of a part; of the number of parts, how many rows there are. */
  start(number: number): number {
    return this.#starts[number] as number;
  }
}
