// A usearch file, checked before the library maps it: the library believes what it reads, and a link that leads nowhere ends
// the process. Format 2.x, as `usearch 2.25` writes it (index_dense.hpp and index.hpp), little-endian:
//   uint32 rows | uint32 bytes a row | rows | 64 bytes head: "usearch", version, kinds, counts | 40 bytes of the graph:
//   uint64 size, connectivity, connectivity of the base, highest level, first slot | int16 level of each node |
//   nodes: uint64 key, int16 level, then for each level uint32 number of links and room for them (uint32 each).
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { DescriptorShape } from './descriptor-format.js';
import type { GraphPrecision } from './index-requests.js';

const HEAD_BYTES = 64;
const GRAPH_BYTES = 40;
const MAGIC = 'usearch';
/** Of the head's numbers of scalars, metrics and slots. */
const SCALARS: Readonly<Record<GraphPrecision, number>> = { f32: 11, f16: 12, i8: 23 };
const BYTES: Readonly<Record<GraphPrecision, number>> = { f32: 4, f16: 2, i8: 1 };
const INNER_PRODUCT = 'i'.charCodeAt(0);
const NODE_HEAD_BYTES = 10;
const PIECE_BYTES = 4 * 2 ** 20;
/** No graph of numbers that fit 32 bits is higher. */
const MOST_LEVELS = 64;

export interface ExpectedGraph extends DescriptorShape {
  readonly precision: GraphPrecision;
  readonly m: number;
}

/** Throws what is wrong with the file, if it is not a whole one of this shape whose links all lead to vectors of its own. */
export function checkUsearchFile(path: string, expected: ExpectedGraph): void {
  const file = openSync(path, 'r');
  try {
    check(new FilePieces(file, fstatSync(file).size), expected);
  } finally {
    closeSync(file);
  }
}

function check(pieces: FilePieces, { count, dimensions, precision, m }: ExpectedGraph): void {
  const rowBytes = dimensions * BYTES[precision];
  const sizes = pieces.at(0, 8);
  const [rows, perRow] = [sizes.readUInt32LE(0), sizes.readUInt32LE(4)];
  if (rows !== count || perRow !== rowBytes) {
    throw new Error(
      `the file holds ${rows} vectors of ${perRow} bytes, not ${count} of ${rowBytes} (${dimensions} x ${precision})`,
    );
  }
  const headAt = 8 + count * rowBytes;
  const head = pieces.at(headAt, HEAD_BYTES);
  if (head.toString('latin1', 0, 7) !== MAGIC) throw new Error(`byte ${headAt} does not begin "${MAGIC}"`);
  const major = head.readUInt16LE(7);
  if (major !== 2) throw new Error(`the file is of usearch ${major}, not 2`);
  if (head[13] !== INNER_PRODUCT) throw new Error('the metric is not the inner product');
  if (head[14] !== SCALARS[precision])
    throw new Error(`its vectors are of kind ${head[14]}, not ${precision}`);
  const [present, deleted, width] = [17, 25, 33].map((at) => Number(head.readBigUInt64LE(at)));
  if (present !== count || deleted !== 0 || width !== dimensions) {
    throw new Error(`its head says ${present} x ${width}, ${deleted} deleted, not ${count} x ${dimensions}`);
  }
  checkGraph(pieces, headAt + HEAD_BYTES, count, m);
}

function checkGraph(pieces: FilePieces, from: number, count: number, m: number): void {
  const numbers = pieces.at(from, GRAPH_BYTES);
  const [size, links, baseLinks, highest, first] = [0, 8, 16, 24, 32].map((at) =>
    Number(numbers.readBigUInt64LE(at)),
  ) as [number, number, number, number, number];
  if (size !== count) throw new Error(`its graph has ${size} nodes, not ${count}`);
  if (links !== m || baseLinks !== 2 * m) throw new Error(`its nodes have ${links} links, not ${m}`);
  if (highest > MOST_LEVELS) throw new Error(`its graph has ${highest} levels`);
  if (count > 0 && first >= count) throw new Error(`its graph begins at node ${first} of ${count}`);
  const levelsAt = from + GRAPH_BYTES;
  const levels = new Uint8Array(count);
  for (let row = 0; row < count; row++) {
    const at = levelsAt + 2 * row;
    const level = pieces.viewWith(at, 2).getInt16(at - pieces.from, true);
    if (!(level >= 0 && level <= highest)) throw new Error(`node ${row} has level ${level} of ${highest}`);
    levels[row] = level;
  }
  if (count > 0 && levels[first] !== highest) {
    throw new Error(`its graph begins at level ${levels[first]} of ${highest}`);
  }
  const keys = new Uint8Array(count);
  let at = levelsAt + 2 * count;
  for (let row = 0; row < count; row++) {
    const level = levels[row] as number;
    const bytes = NODE_HEAD_BYTES + 4 + 4 * baseLinks + level * (4 + 4 * links);
    const view = pieces.viewWith(at, bytes);
    const nodeAt = at - pieces.from;
    const key = view.getUint32(nodeAt, true) + 2 ** 32 * view.getUint32(nodeAt + 4, true);
    if (!(key < count) || keys[key] === 1)
      throw new Error(`node ${row} has the key ${key}, or another has it`);
    keys[key] = 1;
    if (view.getInt16(nodeAt + 8, true) !== level) throw new Error(`node ${row} has two levels`);
    let listAt = nodeAt + NODE_HEAD_BYTES;
    for (let k = 0; k <= level; k++) {
      const room = k === 0 ? baseLinks : links;
      const many = view.getUint32(listAt, true);
      if (many > room) throw new Error(`node ${row} has ${many} links, more than ${room}`);
      for (let i = 1; i <= many; i++) {
        const to = view.getUint32(listAt + 4 * i, true);
        if (to >= count || (levels[to] as number) < k) throw new Error(`node ${row} is linked to node ${to}`);
      }
      listAt += 4 + 4 * room;
    }
    at += bytes;
  }
  if (at !== pieces.size) throw new Error(`it has ${pieces.size} bytes, its graph needs ${at}`);
}

/** Reads forwards in large pieces. */
class FilePieces {
  readonly size: number;
  readonly #file: number;
  #piece = Buffer.alloc(0);
  #view = new DataView(this.#piece.buffer, this.#piece.byteOffset, 0);
  #from = 0;

  constructor(file: number, size: number) {
    this.#file = file;
    this.size = size;
  }

  /** Where the view begins in the file. */
  get from(): number {
    return this.#from;
  }

  /** So many bytes from `at`. Throws where the file ends before them. */
  at(at: number, bytes: number): Buffer {
    this.viewWith(at, bytes);
    return this.#piece.subarray(at - this.#from, at - this.#from + bytes);
  }

  /** A view of a piece that has these bytes. Throws where the file ends before them. */
  viewWith(at: number, bytes: number): DataView {
    const offset = at - this.#from;
    if (offset >= 0 && offset + bytes <= this.#piece.length) return this.#view;
    if (at + bytes > this.size)
      throw new Error(`it ends after ${this.size} bytes, within what it should hold`);
    const piece = Buffer.allocUnsafe(Math.max(bytes, Math.min(PIECE_BYTES, this.size - at)));
    let read = 0;
    while (read < piece.length) {
      const now = readSync(this.#file, piece, read, piece.length - read, at + read);
      if (now === 0) throw new Error(`it ends after ${at + read} bytes`);
      read += now;
    }
    this.#piece = piece;
    this.#view = new DataView(piece.buffer, piece.byteOffset, piece.length);
    this.#from = at;
    return this.#view;
  }
}
