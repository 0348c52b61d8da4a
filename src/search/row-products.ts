// Exact scores of rows, many at a time, in WebAssembly: the one memory that it works in holds the queries, the rows and what
// comes out.
import { SkyfixError } from '../errors/index.js';
import { openKernel, reserve } from '../wasm/index.js';
import { isFloats, type StoredDescriptors } from './descriptors.js';
import { productFunctions, QUERIES_AT_ONCE, ROWS_AT_ONCE, VECTOR_BYTES } from './products-code.js';
import { RowSegments } from './row-segments.js';
import { TopK } from './top-k.js';
import type { Hit, LookPairs } from './types.js';

/** Descriptors of up to so many bytes are kept in the memory; of more, those rows that are asked for are copied. */
const KEPT_BYTES = 64 * 2 ** 20;
/** Rows that are copied and multiplied at a time: with their products they stay in the second-level cache. */
const BLOCK_ROWS = 128;
/** Pairs at a time. */
const BLOCK_PAIRS = 8192;

const upTo = (value: number, step: number) => Math.ceil(value / step) * step;
const clipped = (value: number) => Math.max(-1, Math.min(1, value));

/** Cosines of unit descriptors with rows, in single precision; the same two give the same bits in whatever company. */
export class RowProducts {
  readonly #descriptors: RowSegments;
  readonly #kernel = openKernel(productFunctions());
  /** Bytes from one vector to the next. */
  readonly #stride: number;
  /** From where on: before it rows (or one and its scale) lie as they are stored, while they become float32s. */
  readonly #rowsAt: number;
  /** Whether row k lies k strides behind #rowsAt for good. */
  readonly #kept: boolean;

  /** Of descriptors in one array, or in several, one behind the other. */
  constructor(given: StoredDescriptors | readonly StoredDescriptors[], keptBytes = KEPT_BYTES) {
    const [first, ...others] = 'data' in given ? [given] : given;
    if (!first) throw new SkyfixError('INTERNAL', 'There are no descriptors to compare with.');
    const descriptors = new RowSegments([first, ...others]);
    this.#descriptors = descriptors;
    this.#stride = upTo(descriptors.dimensions * 4, VECTOR_BYTES);
    this.#rowsAt = descriptors.floats ? 0 : BLOCK_ROWS * (this.#stride / 2) + VECTOR_BYTES;
    const bytes = upTo(descriptors.count, BLOCK_ROWS) * this.#stride;
    this.#kept = bytes <= keptBytes;
    reserve(this.#kernel, this.#rowsAt + (this.#kept ? bytes : 0));
    if (!this.#kept) return;
    for (let row = 0; row < descriptors.count; row++) this.#copyRow(row, this.#rowsAt + row * this.#stride);
  }

  /**
   * The k best of the rows (all where absent), each with the best of its cosines with the queries, best first; of equal
   * scores lower rows first.
   */
  best(queries: readonly Float32Array[], k: number, rows?: Uint32Array): Hit[] {
    const total = rows ? rows.length : this.#descriptors.count;
    const top = new TopK(Math.min(k, total));
    this.#eachBlock(queries, rows, (out, from, many) => {
      let threshold = top.threshold;
      for (let i = 0; i < many; i++) {
        let score = out[i] as number;
        for (let o = i + BLOCK_ROWS; o < out.length; o += BLOCK_ROWS)
          score = Math.max(score, out[o] as number);
        if (score <= threshold) continue;
        top.add(rows ? (rows[from + i] as number) : from + i, score);
        threshold = top.threshold;
      }
    });
    return top.hits().map(({ row, score }) => ({ row, score: clipped(score) }));
  }

  /** The products of every query with every row, as they are: [queries * rows]. */
  all(queries: readonly Float32Array[]): Float32Array {
    const { count } = this.#descriptors;
    const products = new Float32Array(queries.length * count);
    this.#eachBlock(queries, undefined, (out, from, many) => {
      for (let q = 0; q < queries.length; q++) {
        products.set(out.subarray(q * BLOCK_ROWS, q * BLOCK_ROWS + many), q * count + from);
      }
    });
    return products;
  }

  /** For each query the place in `rows` of the row with the highest cosine; the first of equal ones. */
  mostAlike(queries: readonly Float32Array[], rows: Uint32Array): Uint32Array {
    const found = new Uint32Array(queries.length);
    const highest = new Float32Array(queries.length).fill(Number.NEGATIVE_INFINITY);
    this.#eachBlock(queries, rows, (out, from, many) => {
      for (let q = 0; q < queries.length; q++) {
        for (let i = 0; i < many; i++) {
          const cosine = out[q * BLOCK_ROWS + i] as number;
          if (cosine <= (highest[q] as number)) continue;
          highest[q] = cosine;
          found[q] = from + i;
        }
      }
    });
    return found;
  }

  /** Shows the products of the queries with each block of rows: those of query q begin at out[q * BLOCK_ROWS]. */
  #eachBlock(
    queries: readonly Float32Array[],
    rows: Uint32Array | undefined,
    show: (out: Float32Array, from: number, many: number) => void,
  ): void {
    const total = rows ? rows.length : this.#descriptors.count;
    const stride = this.#stride;
    const padded = upTo(queries.length, QUERIES_AT_ONCE);
    const block = this.#scratch();
    const queriesAt = block + BLOCK_ROWS * stride;
    const outAt = queriesAt + padded * stride;
    reserve(this.#kernel, outAt + padded * BLOCK_ROWS * 4);
    this.#copyQueries(queries, queriesAt);
    const { memory, run } = this.#kernel;
    const out = new Float32Array(memory.buffer, outAt, queries.length * BLOCK_ROWS);
    for (let from = 0; from < total; from += BLOCK_ROWS) {
      const many = Math.min(BLOCK_ROWS, total - from);
      const at = this.#blockAt(block, from, many, rows);
      run.products(
        queriesAt,
        outAt,
        at,
        at + upTo(many, ROWS_AT_ONCE) * stride,
        stride,
        outAt,
        4 * BLOCK_ROWS,
      );
      show(out, from, many);
    }
  }

  /** The cosine of each pair. */
  cosines(queries: readonly Float32Array[], { looks, rows }: LookPairs): Float32Array {
    const stride = this.#stride;
    const queriesAt = this.#scratch();
    const numbersAt = queriesAt + queries.length * stride;
    const outAt = numbersAt + 8 * BLOCK_PAIRS;
    const rowsAt = upTo(outAt + 4 * BLOCK_PAIRS, VECTOR_BYTES);
    reserve(this.#kernel, rowsAt + (this.#kept ? 0 : BLOCK_ROWS * stride));
    this.#copyQueries(queries, queriesAt);
    const { memory, run } = this.#kernel;
    const numbers = new Uint32Array(memory.buffer, numbersAt, 2 * BLOCK_PAIRS);
    const cosines = new Float32Array(looks.length);
    for (let from = 0; from < looks.length; ) {
      let many = 0;
      let copied = 0;
      let last = -1;
      for (; many < BLOCK_PAIRS && from + many < looks.length; many++) {
        const row = rows[from + many] as number;
        if (!this.#kept && row !== last) {
          if (copied === BLOCK_ROWS) break;
          this.#copyRow(row, rowsAt + copied++ * stride);
          last = row;
        }
        numbers[2 * many] = looks[from + many] as number;
        numbers[2 * many + 1] = this.#kept ? row : copied - 1;
      }
      run.pairs(
        queriesAt,
        this.#kept ? this.#rowsAt : rowsAt,
        numbersAt,
        numbersAt + 8 * many,
        stride,
        outAt,
      );
      const products = new Float32Array(memory.buffer, outAt, many);
      for (let k = 0; k < many; k++) cosines[from + k] = clipped(products[k] as number);
      from += many;
    }
    return cosines;
  }

  /** Where the memory is free. */
  #scratch(): number {
    return this.#rowsAt + (this.#kept ? upTo(this.#descriptors.count, BLOCK_ROWS) * this.#stride : 0);
  }

  /** Where the rows of a block lie, copied to `block` unless they lie one behind the other for good. */
  #blockAt(block: number, from: number, many: number, rows: Uint32Array | undefined): number {
    const stride = this.#stride;
    const first = rows ? (rows[from] as number) : from;
    const last = rows ? (rows[from + many - 1] as number) : from + many - 1;
    if (this.#kept && last - first === many - 1) return this.#rowsAt + first * stride;
    if (last - first === many - 1 && this.#copyBlock(first, many, block)) return block;
    const bytes = new Uint8Array(this.#kernel.memory.buffer);
    for (let i = 0; i < many; i++) {
      const row = rows ? (rows[from + i] as number) : from + i;
      const kept = this.#rowsAt + row * stride;
      if (this.#kept) bytes.copyWithin(block + i * stride, kept, kept + stride);
      else this.#copyRow(row, block + i * stride);
    }
    return block;
  }

  /** Rows one behind the other at once; false where zeros lie between them in the memory, or each has a scale. */
  #copyBlock(first: number, many: number, at: number): boolean {
    const descriptors = this.#descriptors;
    const { dimensions } = descriptors;
    if (this.#stride !== 4 * dimensions) return false;
    const { memory, run } = this.#kernel;
    for (let row = first; row < first + many; ) {
      const number = descriptors.partOf(row);
      const part = descriptors.part(number);
      if (part.precision === 'i8') return false;
      const start = descriptors.start(number);
      const end = Math.min(first + many, descriptors.start(number + 1));
      const [from, to] = [(row - start) * dimensions, (end - start) * dimensions];
      const into = at + (row - first) * this.#stride;
      if (isFloats(part)) {
        new Float32Array(memory.buffer, into, to - from).set(part.data.subarray(from, to));
      } else {
        new Uint16Array(memory.buffer, 0, to - from).set(part.data.subarray(from, to));
        run.halves(0, 2 * (to - from), into);
      }
      row = end;
    }
    return true;
  }

  #copyRow(row: number, at: number): void {
    const descriptors = this.#descriptors;
    const { dimensions } = descriptors;
    const { memory, run } = this.#kernel;
    const number = descriptors.partOf(row);
    const part = descriptors.part(number);
    const own = row - descriptors.start(number);
    const [from, to] = [own * dimensions, (own + 1) * dimensions];
    if (isFloats(part)) {
      new Float32Array(memory.buffer, at, dimensions).set(part.data.subarray(from, to));
    } else if (part.precision === 'f16') {
      // Behind a row there are always zeros: nothing else is ever written there.
      new Uint16Array(memory.buffer, 0, dimensions).set(part.data.subarray(from, to));
      run.halves(0, this.#stride / 2, at);
    } else {
      new Int8Array(memory.buffer, 0, dimensions).set(part.data.subarray(from, to));
      new Float32Array(memory.buffer, this.#stride, 1)[0] = part.scales[own] as number;
      run.bytes(0, this.#stride / 4, at, this.#stride);
    }
  }

  #copyQueries(queries: readonly Float32Array[], at: number): void {
    const floats = this.#stride / 4;
    const into = new Float32Array(this.#kernel.memory.buffer, at, queries.length * floats);
    for (const [k, query] of queries.entries()) into.set(query, k * floats);
  }
}
