// A file of records of one length: header, records, and one checksum a record. Records are written in any order by any
// thread; one whose checksum fits is done, so that a file half made is gone on with.
import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { asDiskError, messageOf, SkyfixError } from 'skyfix/errors';

/** What a kind of file holds. */
export interface RecordKind {
  /** Eight characters at the file's start. */
  readonly magic: string;
  readonly version: number;
  /** What a file and one of its records are called in messages. */
  readonly file: string;
  readonly record: string;
  /** Bytes of a record of a file with these numbers in its header. */
  bytesOf(numbers: RecordNumbers): number;
}

/** Four numbers of a file that say what its records look like; their meaning is the kind's. */
export type RecordNumbers = readonly [number, number, number, number];

/** Magic (8 bytes), version, numbers[0], count, numbers[1..3] (uint32 each, little-endian). */
const HEADER_BYTES = 32;
const CRC_BYTES = 4;

interface Shape {
  readonly numbers: RecordNumbers;
  readonly count: number;
  readonly bytes: number;
}

const lengthOf = ({ count, bytes }: Shape): number => HEADER_BYTES + count * (bytes + CRC_BYTES);

/** Reads records out of a finished file, each checked against its checksum. */
export class RecordFile {
  readonly path: string;
  readonly numbers: RecordNumbers;
  readonly count: number;
  /** Bytes of a record. */
  readonly bytes: number;
  /** One a record. */
  readonly checksums: Uint32Array;
  readonly #kind: RecordKind;
  #file: number | undefined;

  /** Throws DATASET_INVALID where the file is missing, of another kind or version, or of a wrong length. */
  constructor(path: string, kind: RecordKind) {
    this.path = path;
    this.#kind = kind;
    const file = this.#open();
    try {
      const shape = readHeader(file, path, kind);
      this.numbers = shape.numbers;
      this.count = shape.count;
      this.bytes = shape.bytes;
      this.checksums = readChecksums(file, shape, path);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Record `index` to out[at...]. Throws DATASET_INVALID where its bytes are not those that were written. */
  read(index: number, out: Uint8Array, at: number): void {
    const target = out.subarray(at, at + this.bytes);
    readFully(this.#open(), target, HEADER_BYTES + index * this.bytes, this.path);
    if (crc32(target) !== this.checksums[index]) {
      throw damaged(this.path, `the checksum of ${this.#kind.record} ${index} does not fit`);
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #open(): number {
    if (this.#file === undefined) {
      try {
        this.#file = openSync(this.path, 'r');
      } catch (error) {
        throw new SkyfixError('DATASET_INVALID', `${this.path} cannot be opened (${messageOf(error)}).`, {
          cause: error,
        });
      }
    }
    return this.#file;
  }
}

/**
 * True where every record of a file was written; what was written is checked where it is read. Throws DATASET_INVALID.
 */
export function isCompleteFile(path: string, kind: RecordKind): boolean {
  const file = new RecordFile(path, kind);
  file.close();
  return file.checksums.every((checksum) => checksum !== 0);
}

/** Writes records into a file that is being made. Several threads may hold one each. */
export class RecordFileWriter {
  readonly #path: string;
  readonly #kind: RecordKind;
  readonly #shape: Shape;
  readonly #file: number;

  /** Opens the file, or lays it out with every record missing. Throws DISK_FULL where there is no space for it. */
  constructor(path: string, kind: RecordKind, numbers: RecordNumbers, count: number) {
    this.#path = path;
    this.#kind = kind;
    this.#shape = { numbers, count, bytes: kind.bytesOf(numbers) };
    this.#file = openForWriting(path);
    try {
      if (fstatSync(this.#file).size !== lengthOf(this.#shape)) {
        ftruncateSync(this.#file, 0);
        ftruncateSync(this.#file, lengthOf(this.#shape));
      }
      const header = Buffer.alloc(HEADER_BYTES);
      header.write(kind.magic, 'latin1');
      const [first, ...more] = numbers;
      [kind.version, first, count, ...more].forEach((value, k) => {
        header.writeUInt32LE(value, 8 + 4 * k);
      });
      writeSync(this.#file, header, 0, HEADER_BYTES, 0);
    } catch (error) {
      this.close();
      throw asDiskError(error, path);
    }
  }

  /** Numbers of the records that are not there yet. Reads all that are. */
  missing(): number[] {
    const { count, bytes } = this.#shape;
    const checksums = readChecksums(this.#file, this.#shape, this.#path);
    const record = new Uint8Array(bytes);
    return Array.from({ length: count }, (_, index) => index).filter((index) => {
      if (checksums[index] === 0) return true; // also the rare record whose checksum is 0: it is made again
      readFully(this.#file, record, HEADER_BYTES + index * bytes, this.#path);
      return crc32(record) !== checksums[index];
    });
  }

  /** Writes record `index` and then its checksum. Throws RangeError, DISK_FULL. */
  write(index: number, data: Uint8Array): void {
    const { count, bytes } = this.#shape;
    if (data.length !== bytes) {
      const { record } = this.#kind;
      const name = record.charAt(0).toUpperCase() + record.slice(1);
      throw new RangeError(`${name} ${index} has ${data.length} bytes instead of ${bytes}.`);
    }
    const checksum = Buffer.alloc(CRC_BYTES);
    checksum.writeUInt32LE(crc32(data));
    try {
      writeFully(this.#file, data, HEADER_BYTES + index * bytes);
      writeFully(this.#file, checksum, HEADER_BYTES + count * bytes + index * CRC_BYTES);
    } catch (error) {
      throw asDiskError(error, this.#path);
    }
  }

  /** Flushes what was written to the disk. */
  sync(): void {
    fsyncSync(this.#file);
  }

  close(): void {
    closeSync(this.#file);
  }
}

function readHeader(file: number, path: string, kind: RecordKind): Shape {
  const header = Buffer.alloc(HEADER_BYTES);
  readFully(file, header, 0, path);
  if (header.toString('latin1', 0, 8) !== kind.magic) throw damaged(path, `it is no ${kind.file}`);
  const number = (k: number) => header.readUInt32LE(8 + 4 * k);
  if (number(0) !== kind.version) throw damaged(path, `it has version ${number(0)}, not ${kind.version}`);
  const numbers: RecordNumbers = [number(1), number(3), number(4), number(5)];
  const shape = { numbers, count: number(2), bytes: kind.bytesOf(numbers) };
  const { size } = fstatSync(file);
  if (size !== lengthOf(shape)) throw damaged(path, `it has ${size} bytes instead of ${lengthOf(shape)}`);
  return shape;
}

function readChecksums(file: number, { count, bytes }: Shape, path: string): Uint32Array {
  const read = Buffer.alloc(count * CRC_BYTES);
  readFully(file, read, HEADER_BYTES + count * bytes, path);
  return Uint32Array.from({ length: count }, (_, k) => read.readUInt32LE(k * CRC_BYTES));
}

function openForWriting(path: string): number {
  try {
    try {
      return openSync(path, 'r+');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      return openSync(path, 'w+');
    }
  } catch (error) {
    throw asDiskError(error, path);
  }
}

function readFully(file: number, out: Uint8Array, position: number, path: string): void {
  for (let done = 0; done < out.length; ) {
    const read = readSync(file, out, done, out.length - done, position + done);
    if (read === 0) throw damaged(path, 'it ends too early');
    done += read;
  }
}

function writeFully(file: number, data: Uint8Array, position: number): void {
  for (let done = 0; done < data.length; ) {
    done += writeSync(file, data, done, data.length - done, position + done);
  }
}

function damaged(path: string, what: string): SkyfixError {
  return new SkyfixError('DATASET_INVALID', `${path} is damaged: ${what}. Delete it; it is made anew.`);
}
