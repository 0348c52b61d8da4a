// The file of an image store: header, images, and one checksum an image. Images are written in any order by any
// thread; one whose checksum fits is done, so that a file half made is gone on with.
import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { asDiskError, messageOf, SkyfixError } from 'skyfix/errors';

const MAGIC = 'SKYFIXIM';
const VERSION = 1;
/** Magic (8 bytes), version, sizePx and count (uint32 each, little-endian), 12 bytes of zeros. */
const HEADER_BYTES = 32;
const CRC_BYTES = 4;

interface Shape {
  readonly sizePx: number;
  readonly count: number;
}

const imageBytesOf = ({ sizePx }: Shape): number => sizePx * sizePx * 3;
const lengthOf = (shape: Shape): number => HEADER_BYTES + shape.count * (imageBytesOf(shape) + CRC_BYTES);

/** Reads images out of a finished file, each checked against its checksum. */
export class StoreFile {
  readonly path: string;
  readonly sizePx: number;
  readonly count: number;
  readonly #bytes: number;
  /** One an image. */
  readonly checksums: Uint32Array;
  #file: number | undefined;

  /** Throws DATASET_INVALID where the file is missing, no store, of another version or of a wrong length. */
  constructor(path: string) {
    this.path = path;
    const file = this.#open();
    try {
      const { sizePx, count } = readHeader(file, path);
      this.sizePx = sizePx;
      this.count = count;
      this.#bytes = imageBytesOf(this);
      this.checksums = readChecksums(file, this);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Image `index` to out[at...]. Throws DATASET_INVALID where its bytes are not those that were written. */
  read(index: number, out: Uint8Array, at: number): void {
    const target = out.subarray(at, at + this.#bytes);
    readFully(this.#open(), target, HEADER_BYTES + index * this.#bytes, this.path);
    if (crc32(target) !== this.checksums[index]) {
      throw damaged(this.path, `the checksum of image ${index} does not fit`);
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

/** True where every image of a file was written; what was written is checked where it is read. Throws DATASET_INVALID. */
export function isComplete(path: string): boolean {
  const file = new StoreFile(path);
  file.close();
  return file.checksums.every((checksum) => checksum !== 0);
}

/** Writes images into a file that is being made. Several threads may hold one each. */
export class StoreFileWriter {
  readonly #path: string;
  readonly #shape: Shape;
  readonly #bytes: number;
  readonly #file: number;

  /** Opens the file, or lays it out with every image missing. Throws DISK_FULL where there is no space for it. */
  constructor(path: string, sizePx: number, count: number) {
    this.#path = path;
    this.#shape = { sizePx, count };
    this.#bytes = imageBytesOf(this.#shape);
    this.#file = openForWriting(path);
    try {
      if (fstatSync(this.#file).size !== lengthOf(this.#shape)) {
        ftruncateSync(this.#file, 0);
        ftruncateSync(this.#file, lengthOf(this.#shape));
      }
      const header = Buffer.alloc(HEADER_BYTES);
      header.write(MAGIC, 'latin1');
      header.writeUInt32LE(VERSION, 8);
      header.writeUInt32LE(sizePx, 12);
      header.writeUInt32LE(count, 16);
      writeSync(this.#file, header, 0, HEADER_BYTES, 0);
    } catch (error) {
      this.close();
      throw asDiskError(error, path);
    }
  }

  /** Numbers of the images that are not there yet. Reads all that are. */
  missing(): number[] {
    const checksums = readChecksums(this.#file, { ...this.#shape, path: this.#path });
    const image = new Uint8Array(this.#bytes);
    return Array.from({ length: this.#shape.count }, (_, index) => index).filter((index) => {
      if (checksums[index] === 0) return true; // also the rare image whose checksum is 0: it is made again
      readFully(this.#file, image, HEADER_BYTES + index * this.#bytes, this.#path);
      return crc32(image) !== checksums[index];
    });
  }

  /** Writes image `index` and then its checksum. Throws RangeError, DISK_FULL. */
  write(index: number, data: Uint8Array): void {
    if (data.length !== this.#bytes) {
      throw new RangeError(`Image ${index} has ${data.length} bytes instead of ${this.#bytes}.`);
    }
    const checksum = Buffer.alloc(CRC_BYTES);
    checksum.writeUInt32LE(crc32(data));
    try {
      writeFully(this.#file, data, HEADER_BYTES + index * this.#bytes);
      writeFully(this.#file, checksum, HEADER_BYTES + this.#shape.count * this.#bytes + index * CRC_BYTES);
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

function readHeader(file: number, path: string): Shape {
  const header = Buffer.alloc(HEADER_BYTES);
  readFully(file, header, 0, path);
  if (header.toString('latin1', 0, 8) !== MAGIC) throw damaged(path, 'it is no image store');
  const version = header.readUInt32LE(8);
  if (version !== VERSION) throw damaged(path, `it has version ${version}, not ${VERSION}`);
  const shape = { sizePx: header.readUInt32LE(12), count: header.readUInt32LE(16) };
  const { size } = fstatSync(file);
  if (size !== lengthOf(shape)) throw damaged(path, `it has ${size} bytes instead of ${lengthOf(shape)}`);
  return shape;
}

function readChecksums(file: number, shape: Shape & { readonly path: string }): Uint32Array {
  const bytes = Buffer.alloc(shape.count * CRC_BYTES);
  readFully(file, bytes, HEADER_BYTES + shape.count * imageBytesOf(shape), shape.path);
  return Uint32Array.from({ length: shape.count }, (_, k) => bytes.readUInt32LE(k * CRC_BYTES));
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
