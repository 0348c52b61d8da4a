// Files of descriptors read into shared memory, or mapped; see descriptor-format.
import { type FileHandle, open, readFile, stat } from 'node:fs/promises';
import { messageOf, SkyfixError } from '../errors/index.js';
import {
  corrupt,
  DESCRIPTOR_HEADER_BYTES,
  type DescriptorHeader,
  type DescriptorShape,
  type FileHeader,
  headerOf,
  layoutOf,
  shardNameOf,
  shardPathOf,
  shardsIn,
} from './descriptor-format.js';
import {
  arraysIn,
  asFloats,
  type Descriptors,
  type MappedDescriptors,
  type MappedSegment,
  type StoredDescriptors,
} from './descriptors.js';
import { mapFile } from './mapped-file.js';
import { BYTES_PER_VALUE, DESCRIPTOR_PRECISIONS } from './precision.js';

/** So many bytes are read at a time: a read of 2 GiB and more is refused by the system. */
const PIECE_BYTES = 64 * 2 ** 20;
/** More bytes are mapped: what no search looks at takes no memory, and what one does is shared with whoever else maps it. */
const MAPPED_FROM_BYTES = 64 * 2 ** 20;

/**
 * Reads descriptors as float32 into shared memory, `pieceBytes` at a time, those that lie in shards included. Where there is no
 * such file, the one of the same name that keeps them in fewer bits is read. Throws INDEX_MISSING or INDEX_CORRUPT naming the
 * file and what is wrong.
 */
export async function readDescriptors(path: string, pieceBytes = PIECE_BYTES): Promise<Descriptors> {
  return asFloats(await readStored(await fileThatIs(path), pieceBytes));
}

/** Reads descriptors as they are kept, into shared memory. Throws INDEX_MISSING, INDEX_CORRUPT. */
export async function readStored(path: string, pieceBytes = PIECE_BYTES): Promise<StoredDescriptors> {
  return readFiles(await filesOf(path), pieceBytes);
}

/** Descriptors that are open, and how they are let go: not before whoever uses them has ended. */
export interface OpenDescriptors {
  readonly descriptors: StoredDescriptors | MappedDescriptors;
  close(): void;
}

/** Opens descriptors: many are mapped where the system can, others are read. Throws as readStored. */
export async function openDescriptors(
  path: string,
  mappedFrom = MAPPED_FROM_BYTES,
): Promise<OpenDescriptors> {
  const found = await filesOf(path);
  const { header, files } = found;
  const mapped = layoutOf(header).size >= mappedFrom ? mapFiles(files) : undefined;
  if (!mapped) return { descriptors: await readFiles(found, PIECE_BYTES), close: () => {} };
  return { descriptors: { ...header, segments: mapped.segments }, close: mapped.unmap };
}

/** A file with some of the rows. */
interface RowFile {
  readonly path: string;
  readonly count: number;
}

interface FoundFiles {
  readonly header: DescriptorHeader;
  /** In the order of their rows. */
  readonly files: readonly RowFile[];
}

/** Where the rows lie: in the file itself, or in the shards that it names, whose heads are checked. */
async function filesOf(path: string): Promise<FoundFiles> {
  const { shards, ...header } = await readHeader(path);
  if (shards === 0) return { header, files: [{ path, count: header.count }] };
  const files: RowFile[] = [];
  for (const shard of shardsIn(await readFile(path), { ...header, shards }, path)) {
    const file = { path: shardPathOf(path, shard, header.precision), count: shard.rows };
    const own = await readHeader(file.path);
    const { count, dimensions, precision } = own;
    if (own.shards > 0) throw corrupt(file.path, 'names shards, and is one itself');
    if (count !== shard.rows || dimensions !== header.dimensions || precision !== header.precision) {
      throw corrupt(
        file.path,
        `holds ${count} x ${dimensions} values of ${precision}; by ${path} it is ${shard.rows} x ${header.dimensions} of ` +
          header.precision,
      );
    }
    files.push(file);
  }
  return { header, files };
}

/** The names of the shards of a version within its folder, without those that are there twice; none where it has one file. */
export async function readShardNames(path: string): Promise<readonly string[]> {
  const header = await readHeader(path);
  if (header.shards === 0) return [];
  const shards = shardsIn(await readFile(path), header, path);
  return [...new Set(shards.map(({ sha256 }) => shardNameOf(sha256, header.precision)))];
}

async function readFiles({ header, files }: FoundFiles, pieceBytes: number): Promise<StoredDescriptors> {
  const memory = new SharedArrayBuffer(layoutOf(header).size - DESCRIPTOR_HEADER_BYTES);
  let from = 0;
  for (const file of files) {
    await readRows(file, { header, memory, from, pieceBytes });
    from += file.count;
  }
  return arraysIn(header, memory, 0);
}

interface Reading {
  /** Of all rows. */
  readonly header: DescriptorHeader;
  /** Laid out as behind the head of a file that holds all of them. */
  readonly memory: SharedArrayBuffer;
  /** The file's first row. */
  readonly from: number;
  readonly pieceBytes: number;
}

async function readRows({ path, count }: RowFile, reading: Reading): Promise<void> {
  const { header, memory, from, pieceBytes } = reading;
  const [own, all] = [layoutOf({ ...header, count }), layoutOf(header)];
  const rowBytes = header.dimensions * BYTES_PER_VALUE[header.precision];
  const values = new Uint8Array(memory, from * rowBytes, count * rowBytes);
  const scalesAt = all.scalesAt - DESCRIPTOR_HEADER_BYTES;
  const scales = new Uint8Array(memory, scalesAt, all.size - all.scalesAt);
  const file = await openFile(path);
  try {
    await readAt(file, path, values, DESCRIPTOR_HEADER_BYTES, pieceBytes);
    if (scales.length === 0) return;
    await readAt(file, path, scales.subarray(4 * from, 4 * (from + count)), own.scalesAt, pieceBytes);
  } finally {
    await file.close();
  }
}

async function readAt(
  file: FileHandle,
  path: string,
  bytes: Uint8Array,
  position: number,
  pieceBytes: number,
): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const piece = bytes.subarray(at, at + pieceBytes);
    const { bytesRead } = await file.read(piece, 0, piece.length, position + at);
    if (bytesRead === 0) throw corrupt(path, `ends after ${at} of ${bytes.length} bytes`);
    at += bytesRead;
  }
}

/** All of the files or, where one cannot be mapped, none. */
function mapFiles(files: readonly RowFile[]) {
  const segments: MappedSegment[] = [];
  const unmaps: (() => void)[] = [];
  const unmap = () => {
    for (const one of unmaps.splice(0)) one();
  };
  try {
    for (const { path, count } of files) {
      const mapped = mapFile(path);
      if (!mapped) {
        unmap();
        return undefined;
      }
      segments.push({ count, address: mapped.address, bytes: mapped.bytes });
      unmaps.push(() => mapped.unmap());
    }
    return { segments, unmap };
  } catch (error) {
    unmap();
    throw error;
  }
}

/**
 * The header alone, checked against the file's size; of a file that names shards, of all of them together. Throws INDEX_MISSING,
 * INDEX_CORRUPT.
 */
export async function readDescriptorHeader(path: string): Promise<DescriptorHeader> {
  const { count, dimensions, precision } = await readHeader(path);
  return { count, dimensions, precision };
}

/** How many there are, of which length. Throws INDEX_MISSING, INDEX_CORRUPT. */
export async function readDescriptorShape(path: string): Promise<DescriptorShape> {
  const { count, dimensions } = await readDescriptorHeader(path);
  return { count, dimensions };
}

/** The path itself, or where there is no such file, the one beside it that keeps descriptors otherwise. */
async function fileThatIs(path: string): Promise<string> {
  const stem = DESCRIPTOR_PRECISIONS.reduce(
    (name, kind) => name.replace(new RegExp(`\\.${kind}$`), ''),
    path,
  );
  const others = stem === path ? [] : DESCRIPTOR_PRECISIONS.map((kind) => `${stem}.${kind}`);
  for (const candidate of [path, ...others]) {
    if (await stat(candidate).catch(() => undefined)) return candidate;
  }
  return path;
}

function openFile(path: string): Promise<FileHandle> {
  return open(path, 'r').catch((error: unknown) => {
    const text = `${path} cannot be read (${messageOf(error)}).`;
    throw new SkyfixError('INDEX_MISSING', text, { cause: error });
  });
}

/** Throws INDEX_MISSING, INDEX_CORRUPT. */
async function readHeader(path: string): Promise<FileHeader> {
  const file = await openFile(path);
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(DESCRIPTOR_HEADER_BYTES), 0);
    return headerOf(buffer.subarray(0, bytesRead), size, path);
  } finally {
    await file.close();
  }
}
