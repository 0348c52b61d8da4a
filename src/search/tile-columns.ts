// Tiles by column and not by object: a million of them are some typed arrays, which threads share.
import type { Tile } from './types.js';

/** Column k of each array is row k of the index. */
export interface TileColumns {
  /** Degrees. */
  readonly lons: Float64Array;
  readonly lats: Float64Array;
  /** Metres; a single one where all tiles have the same. */
  readonly sizes: Float64Array;
  /** UTF-8 of all ids, one behind the other; id k ends before byte idEnds[k]. */
  readonly idBytes: Uint8Array;
  readonly idEnds: Float64Array | Uint32Array;
  /** Number of each tile's source among sourceNames; a single one where all tiles have the same. */
  readonly sources: Uint32Array;
  readonly sourceNames: readonly string[];
}

type Growing = Float64Array | Uint32Array | Uint8Array;

/** The same values in an array of at least `length`, at least twice as long as before. */
function grown<A extends Growing>(array: A, length: number): A {
  if (length <= array.length) return array;
  const Kind = array.constructor as new (length: number) => A;
  const larger = new Kind(Math.max(length, 2 * array.length));
  larger.set(array);
  return larger;
}

/** The first `length` values on shared memory: threads that search see them without a copy. */
function shared<A extends Growing>(array: A, length: number): A {
  const Kind = array.constructor as (new (buffer: SharedArrayBuffer) => A) & { BYTES_PER_ELEMENT: number };
  const copy = new Kind(new SharedArrayBuffer(length * Kind.BYTES_PER_ELEMENT));
  copy.set(array.subarray(0, length));
  return copy;
}

/** One where the first `length` are all equal, else all of them. */
function numbersKept(array: Float64Array | Uint32Array, length: number): number {
  for (let k = 1; k < length; k++) if (array[k] !== array[0]) return length;
  return Math.min(1, length);
}

/** The number of a row in a column that holds one for all or one for each. */
const numberAt = (column: Float64Array | Uint32Array, row: number): number =>
  column[column.length === 1 ? 0 : row] as number;

export class TileColumnsBuilder {
  #count = 0;
  #lons = new Float64Array(1024);
  #lats = new Float64Array(1024);
  #sizes = new Float64Array(1024);
  #idEnds = new Float64Array(1024);
  #sources = new Uint32Array(1024);
  #idBytes = new Uint8Array(16_384);
  readonly #numberOf = new Map<string, number>();

  get count(): number {
    return this.#count;
  }

  add({ tile, lon, lat, sizeM, source }: Tile): void {
    const row = this.#count++;
    this.#lons = grown(this.#lons, row + 1);
    this.#lats = grown(this.#lats, row + 1);
    this.#sizes = grown(this.#sizes, row + 1);
    this.#idEnds = grown(this.#idEnds, row + 1);
    this.#sources = grown(this.#sources, row + 1);
    this.#lons[row] = lon;
    this.#lats[row] = lat;
    this.#sizes[row] = sizeM;
    const start = row === 0 ? 0 : (this.#idEnds[row - 1] as number);
    const bytes = Buffer.from(tile, 'utf8');
    this.#idBytes = grown(this.#idBytes, start + bytes.length);
    this.#idBytes.set(bytes, start);
    this.#idEnds[row] = start + bytes.length;
    let number = this.#numberOf.get(source);
    if (number === undefined) {
      number = this.#numberOf.size;
      this.#numberOf.set(source, number);
    }
    this.#sources[row] = number;
  }

  /** What was added; the builder is used up. */
  finish(): TileColumns {
    const count = this.#count;
    return {
      lons: shared(this.#lons, count),
      lats: shared(this.#lats, count),
      sizes: shared(this.#sizes, numbersKept(this.#sizes, count)),
      idEnds: shared(this.#idEnds, count),
      idBytes: shared(this.#idBytes, count === 0 ? 0 : (this.#idEnds[count - 1] as number)),
      sources: shared(this.#sources, numbersKept(this.#sources, count)),
      sourceNames: [...this.#numberOf.keys()],
    };
  }
}

/** The tile of a row that exists. */
export function tileAt(columns: TileColumns, row: number): Tile {
  const start = row === 0 ? 0 : (columns.idEnds[row - 1] as number);
  const end = columns.idEnds[row] as number;
  const { buffer, byteOffset } = columns.idBytes;
  return {
    tile: Buffer.from(buffer, byteOffset + start, end - start).toString('utf8'),
    lon: columns.lons[row] as number,
    lat: columns.lats[row] as number,
    sizeM: numberAt(columns.sizes, row),
    source: columns.sourceNames[numberAt(columns.sources, row)] as string,
  };
}

const SETS = 64;

/** Names seen so far. In several sets: one holds 16 million at most. */
export class DistinctNames {
  readonly #sets = Array.from({ length: SETS }, () => new Set<string>());

  /** False where it was there already. */
  add(name: string): boolean {
    let hash = 0;
    for (let i = 0; i < name.length; i++) hash = (Math.imul(hash, 31) + name.charCodeAt(i)) | 0;
    const set = this.#sets[(hash >>> 0) % SETS] as Set<string>;
    const before = set.size;
    return set.add(name).size > before;
  }
}
