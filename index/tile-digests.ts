// tile-digests.bin: of each row the digest of the pixels that its descriptor was made of, so that an update sees which tiles
// changed: "SKYFIXT1" | uint32 format version | uint32 count | count x 16 bytes, the first half of each SHA-256.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { messageOf, SkyfixError } from '../src/errors/index.js';
import { writeFileAtomic } from '../src/files/index.js';
import type { RgbImage } from '../src/geometry/index.js';

const MAGIC = 'SKYFIXT1';
const FORMAT_VERSION = 1;
const HEADER_BYTES = 16;
/** Enough that two pictures never have the same. */
export const DIGEST_BYTES = 16;

/** Of everything that an encoder sees of a tile: all its pixels, at the size at which it takes them. */
export function digestOfPixels({ data }: RgbImage): Uint8Array {
  return createHash('sha256').update(data).digest().subarray(0, DIGEST_BYTES);
}

/** Writes the file, whole or not at all. `digests` are DIGEST_BYTES a row. Throws DISK_FULL. */
export function writeTileDigests(path: string, digests: Uint8Array): Promise<void> {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(MAGIC, 'latin1');
  header.writeUInt32LE(FORMAT_VERSION, 8);
  header.writeUInt32LE(digests.length / DIGEST_BYTES, 12);
  return writeFileAtomic(path, [header, digests]);
}

/** DIGEST_BYTES a row. Throws INDEX_MISSING, INDEX_CORRUPT where it is none of `count` rows. */
export async function readTileDigests(path: string, count: number): Promise<Uint8Array> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new SkyfixError('INDEX_MISSING', `${path} cannot be read (${messageOf(error)}).`, { cause: error });
  });
  const expected = HEADER_BYTES + count * DIGEST_BYTES;
  if (bytes.length < HEADER_BYTES || bytes.toString('latin1', 0, 8) !== MAGIC) {
    throw new SkyfixError('INDEX_CORRUPT', `${path} does not begin with "${MAGIC}".`);
  }
  if (
    bytes.readUInt32LE(8) !== FORMAT_VERSION ||
    bytes.readUInt32LE(12) !== count ||
    bytes.length !== expected
  ) {
    throw new SkyfixError(
      'INDEX_CORRUPT',
      `${path} has ${bytes.length} bytes and says ${bytes.readUInt32LE(12)} tiles in format ${bytes.readUInt32LE(8)}; ` +
        `${count} tiles in format ${FORMAT_VERSION} need ${expected}.`,
    );
  }
  return bytes.subarray(HEADER_BYTES);
}
