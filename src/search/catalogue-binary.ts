// catalogue.bin: the tiles of an index by column, as threads hold them, so that a million are read and not parsed.
// Little-endian: a head of 72 bytes, then the columns, each from a multiple of 8 bytes on:
//   "SKYFIXC1" | uint32 format version 1 | uint32 tiles | uint32 sizes (1: all tiles have it, or one a tile) |
//   uint32 numbers of sources (the same) | uint32 bytes of an id's end (4 or 8) | uint32 bytes of the sources' names |
//   uint32 0: no tree, 1: the tree is there | uint32 0 | SHA-256 of all that follows (32 bytes)
//   longitudes, latitudes (float64, degrees) | sizes (float64, metres) | ends of the ids (uint32 or float64) |
//   numbers of the sources (uint32) | the sources' names (a JSON list) | the ids (UTF-8) | the tree that finds places (kdbush)
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { messageOf, SkyfixError } from '../errors/index.js';
import type { CatalogueParts } from './catalogue.js';
import type { TileColumns } from './tile-columns.js';
import { treeBytes } from './tile-tree.js';

const MAGIC = 'SKYFIXC1';
const FORMAT_VERSION = 1;
const HEAD_BYTES = 72;
const SUM_AT = 40;
/** Read and written so many bytes at a time. */
const PIECE_BYTES = 64 * 2 ** 20;

const upTo8 = (value: number) => Math.ceil(value / 8) * 8;

interface Counts {
  readonly tiles: number;
  readonly sizes: number;
  readonly sources: number;
  readonly endBytes: number;
  readonly nameBytes: number;
  readonly hasTree: boolean;
}

/** Where the columns begin, of what follows the head. The ids' length is known by the last of their ends. */
function placesOf({ tiles, sizes, sources, endBytes, nameBytes }: Counts) {
  const lats = 8 * tiles;
  const sizesAt = 2 * lats;
  const ends = sizesAt + 8 * sizes;
  const sourcesAt = upTo8(ends + endBytes * tiles);
  const names = upTo8(sourcesAt + 4 * sources);
  const ids = upTo8(names + nameBytes);
  return { lons: 0, lats, sizesAt, ends, sourcesAt, names, ids };
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** The bytes of the file in pieces. With `tree` whoever reads it need not sort the places again. */
export function* binaryCatalogue({ columns, tree }: CatalogueParts): Generator<Uint8Array> {
  const { lons, lats, sizes, idEnds, idBytes, sources, sourceNames } = columns;
  const names = new TextEncoder().encode(JSON.stringify(sourceNames));
  const endBytes = idBytes.length < 2 ** 32 ? 4 : 8;
  const ends = endBytes === idEnds.BYTES_PER_ELEMENT ? idEnds : Uint32Array.from(idEnds);
  const parts = [lons, lats, sizes, ends, sources, names, idBytes, ...(tree ? [new Uint8Array(tree)] : [])];
  const body = parts.flatMap((part) => [
    bytesOf(part),
    new Uint8Array(upTo8(part.byteLength) - part.byteLength),
  ]);
  const hash = createHash('sha256');
  for (const part of body) for (const piece of inPieces(part)) hash.update(piece);
  const head = Buffer.alloc(HEAD_BYTES);
  head.write(MAGIC, 'latin1');
  const tiles = lons.length;
  [FORMAT_VERSION, tiles, sizes.length, sources.length, endBytes, names.length, tree ? 1 : 0].forEach(
    (value, k) => {
      head.writeUInt32LE(value, 8 + 4 * k);
    },
  );
  hash.digest().copy(head, SUM_AT);
  yield head;
  for (const part of body) yield* inPieces(part);
}

function* inPieces(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}

/** Reads the file into shared memory. Throws INDEX_MISSING, and INDEX_CORRUPT with what is wrong. */
export async function readBinaryCatalogue(path: string, pieceBytes = PIECE_BYTES): Promise<CatalogueParts> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw new SkyfixError('INDEX_MISSING', `${path} cannot be read (${messageOf(error)}).`, { cause: error });
  });
  try {
    const { size } = await file.stat();
    const head = Buffer.alloc(HEAD_BYTES);
    const { bytesRead } = await file.read(head, 0, HEAD_BYTES, 0);
    const counts = countsOf(head.subarray(0, bytesRead), size);
    const memory = new SharedArrayBuffer(size - HEAD_BYTES);
    const bytes = new Uint8Array(memory);
    const hash = createHash('sha256');
    for (let at = 0; at < bytes.length; ) {
      const wanted = Math.min(pieceBytes, bytes.length - at);
      const read = await file.read(bytes, at, wanted, HEAD_BYTES + at);
      if (read.bytesRead === 0) throw new Error(`it ends after ${HEAD_BYTES + at} of ${size} bytes`);
      hash.update(bytes.subarray(at, at + read.bytesRead));
      at += read.bytesRead;
    }
    const sum = hash.digest('hex');
    const expected = head.toString('hex', SUM_AT, SUM_AT + 32);
    if (sum !== expected) throw new Error(`its content has the SHA-256 ${sum}, its head says ${expected}`);
    return partsIn(memory, counts);
  } catch (error) {
    throw new SkyfixError('INDEX_CORRUPT', `${path}: ${messageOf(error)}.`, { cause: error });
  } finally {
    await file.close();
  }
}

function countsOf(head: Buffer, size: number): Counts {
  if (head.length < HEAD_BYTES || head.toString('latin1', 0, 8) !== MAGIC) {
    throw new Error(`it does not begin with "${MAGIC}"`);
  }
  const [version, tiles, sizes, sources, endBytes, nameBytes, tree] = Array.from({ length: 7 }, (_, k) =>
    head.readUInt32LE(8 + 4 * k),
  ) as [number, number, number, number, number, number, number];
  if (version !== FORMAT_VERSION) throw new Error(`it has format version ${version}, not ${FORMAT_VERSION}`);
  const fits = (many: number) => many === tiles || (many === 1 && tiles > 0);
  if (!fits(sizes) || !fits(sources) || (endBytes !== 4 && endBytes !== 8) || tree > 1) {
    throw new Error(`its head fits no ${tiles} tiles`);
  }
  const counts = { tiles, sizes, sources, endBytes, nameBytes, hasTree: tree === 1 };
  const least = HEAD_BYTES + placesOf(counts).ids;
  if (size < least) throw new Error(`it has ${size} bytes, its columns need ${least} and more`);
  return counts;
}

function partsIn(memory: SharedArrayBuffer, counts: Counts): CatalogueParts {
  const { tiles, sizes, sources, endBytes, nameBytes, hasTree } = counts;
  const at = placesOf(counts);
  const idEnds =
    endBytes === 4 ? new Uint32Array(memory, at.ends, tiles) : new Float64Array(memory, at.ends, tiles);
  const idLength = tiles === 0 ? 0 : (idEnds[tiles - 1] as number);
  const treeAt = upTo8(at.ids + idLength);
  const expected = treeAt + (hasTree ? upTo8(treeBytes(tiles)) : 0);
  if (memory.byteLength !== expected) {
    throw new Error(`its columns have ${memory.byteLength} bytes, ${tiles} tiles need ${expected}`);
  }
  const names = Buffer.from(memory, at.names, nameBytes).toString('utf8');
  const columns: TileColumns = {
    lons: new Float64Array(memory, at.lons, tiles),
    lats: new Float64Array(memory, at.lats, tiles),
    sizes: new Float64Array(memory, at.sizesAt, sizes),
    idEnds,
    idBytes: new Uint8Array(memory, at.ids, idLength),
    sources: new Uint32Array(memory, at.sourcesAt, sources),
    sourceNames: namesOf(names),
  };
  check(columns);
  // The tree wants a buffer of its own.
  const tree = hasTree ? copyOf(new Uint8Array(memory, treeAt, treeBytes(tiles))) : undefined;
  return tree ? { columns, tree } : { columns };
}

function copyOf(bytes: Uint8Array): SharedArrayBuffer {
  const copy = new SharedArrayBuffer(bytes.length);
  new Uint8Array(copy).set(bytes);
  return copy;
}

function namesOf(json: string): readonly string[] {
  const names: unknown = JSON.parse(json);
  if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return names;
  throw new Error("its sources' names are no list of names");
}

/** The same rules that catalogue.csv has. */
function check({ lons, lats, sizes, idEnds, sources, sourceNames }: TileColumns): void {
  let end = 0;
  for (let row = 0; row < lons.length; row++) {
    const [lon, lat, next] = [lons[row] as number, lats[row] as number, idEnds[row] as number];
    if (!(Math.abs(lon) <= 180 && Math.abs(lat) <= 90)) throw new Error(`row ${row} lies at ${lon}, ${lat}`);
    if (!(next > end)) throw new Error(`row ${row} has no id`);
    end = next;
  }
  const wrong = sizes.findIndex((sizeM) => !(sizeM > 0 && Number.isFinite(sizeM)));
  if (wrong !== -1) throw new Error(`row ${wrong} has the size ${sizes[wrong]}`);
  const unnamed = sources.findIndex((number) => number >= sourceNames.length);
  if (unnamed !== -1)
    throw new Error(`row ${unnamed} has source ${sources[unnamed]} of ${sourceNames.length}`);
}
