// A PMTiles archive (version 3) of WebP tiles. Tiles come in any order into a file beside it; at the end they are put down in
// the order of their ids, behind header, directories and metadata.
import { readSync } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { gzipSync } from 'node:zlib';
import { zxyToTileId } from 'pmtiles';
import { asDiskError } from '../errors/index.js';
import { syncFolder, temporaryNameFor } from '../files/index.js';
import type { Bounds } from '../geometry/index.js';
import { type DirectoryEntry, directoriesOf } from './archive-directory.js';
import type { TileAddress } from './mercator.js';

/** Ids of deeper tiles are beyond what a number holds exactly. */
export const MOST_ZOOM = 24;

export interface ArchiveFacts {
  readonly minZoom: number;
  readonly maxZoom: number;
  /** west, south, east, north; west above east crosses the antimeridian. */
  readonly bounds: Bounds;
  readonly name: string;
  /** Plain text. */
  readonly attribution?: string | undefined;
}

const HEADER_BYTES = 127;
const [GZIP, NO_COMPRESSION, WEBP] = [2, 1, 4];
const CHUNK_BYTES = 4 * 1024 * 1024;

export class ArchiveWriter {
  readonly #path: string;
  readonly #scratchPath: string;
  readonly #scratch: FileHandle;
  readonly #tiles: { readonly tileId: number; readonly at: number; readonly length: number }[] = [];
  #bytes = 0;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;

  private constructor(path: string, scratchPath: string, scratch: FileHandle) {
    this.#path = path;
    this.#scratchPath = scratchPath;
    this.#scratch = scratch;
  }

  /** Nothing is at `path` until finish(). */
  static async open(path: string): Promise<ArchiveWriter> {
    const scratchPath = temporaryNameFor(path);
    return new ArchiveWriter(path, scratchPath, await open(scratchPath, 'w+'));
  }

  get count(): number {
    return this.#tiles.length;
  }

  /** Each tile once. Throws DISK_FULL. */
  async add({ z, x, y }: TileAddress, webp: Uint8Array): Promise<void> {
    this.#tiles.push({ tileId: zxyToTileId(z, x, y), at: this.#bytes, length: webp.length });
    this.#bytes += webp.length;
    this.#waiting.push(webp);
    this.#waitingBytes += webp.length;
    if (this.#waitingBytes >= CHUNK_BYTES) await this.#flush();
  }

  /** Many tiles are small: they go to the disk together. */
  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    await this.#scratch.appendFile(bytes).catch((error: unknown) => {
      throw asDiskError(error, this.#path);
    });
  }

  /** Writes the archive, flushed, and closes. Returns its size in bytes. Throws DISK_FULL. */
  async finish(facts: ArchiveFacts): Promise<number> {
    const tiles = this.#tiles.sort((a, b) => a.tileId - b.tileId);
    let offset = 0;
    const entries: DirectoryEntry[] = tiles.map(({ tileId, length }) => {
      const entry = { tileId, offset, length, runLength: 1 };
      offset += length;
      return entry;
    });
    const { root, leaves } = directoriesOf(entries);
    const metadata = gzipSync(JSON.stringify(metadataOf(facts)));
    const front = [headerOf(facts, { root, leaves, metadata, tileBytes: offset, count: tiles.length })];
    const temporary = temporaryNameFor(this.#path);
    try {
      const file = await open(temporary, 'w');
      try {
        await file.appendFile(Buffer.concat([...front, root, metadata, leaves]));
        await this.#flush();
        await copyTiles(this.#scratch, tiles, file);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, this.#path);
      await syncFolder(dirname(this.#path));
    } catch (error) {
      await rm(temporary, { force: true });
      throw asDiskError(error, this.#path);
    } finally {
      await this.abandon();
    }
    return HEADER_BYTES + root.length + metadata.length + leaves.length + offset;
  }

  /** Removes what was written. */
  async abandon(): Promise<void> {
    await this.#scratch.close().catch(() => {});
    await rm(this.#scratchPath, { force: true });
  }
}

/** Read one by one, written in chunks; what is read was written a moment ago, and lies in memory. */
async function copyTiles(
  from: FileHandle,
  tiles: readonly { readonly at: number; readonly length: number }[],
  to: FileHandle,
): Promise<void> {
  let chunk: Buffer[] = [];
  let bytes = 0;
  for (const { at, length } of tiles) {
    const tile = Buffer.alloc(length);
    if (readSync(from.fd, tile, 0, length, at) !== length)
      throw new Error(`The tile at byte ${at} is cut off.`);
    chunk.push(tile);
    bytes += length;
    if (bytes < CHUNK_BYTES) continue;
    await to.appendFile(Buffer.concat(chunk));
    chunk = [];
    bytes = 0;
  }
  if (chunk.length > 0) await to.appendFile(Buffer.concat(chunk));
}

/** As map libraries read it (section 5 of the specification). */
function metadataOf({ name, attribution }: ArchiveFacts): object {
  const html = attribution === undefined ? undefined : asHtml(attribution);
  return { name, type: 'baselayer', format: 'webp', ...(html !== undefined && { attribution: html }) };
}

/** Maps put an attribution into their page as HTML. */
function asHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

interface Parts {
  readonly root: Uint8Array;
  readonly leaves: Uint8Array;
  readonly metadata: Uint8Array;
  readonly tileBytes: number;
  readonly count: number;
}

/** Section 3 of the specification: 127 bytes, little-endian. */
function headerOf({ minZoom, maxZoom, bounds }: ArchiveFacts, parts: Parts): Buffer {
  const { root, leaves, metadata, tileBytes, count } = parts;
  const header = Buffer.alloc(HEADER_BYTES);
  header.write('PMTiles', 0, 'latin1');
  header[7] = 3;
  const metadataAt = HEADER_BYTES + root.length;
  const leavesAt = metadataAt + metadata.length;
  const places = [
    [HEADER_BYTES, root.length],
    [metadataAt, metadata.length],
    [leavesAt, leaves.length],
    [leavesAt + leaves.length, tileBytes],
    [count, count],
    [count],
  ].flat();
  for (const [k, value] of places.entries()) header.writeBigUInt64LE(BigInt(value), 8 + 8 * k);
  // Tiles lie in the order of their ids.
  header[96] = 1;
  header[97] = GZIP as number;
  header[98] = NO_COMPRESSION as number;
  header[99] = WEBP as number;
  header[100] = minZoom;
  header[101] = maxZoom;
  const [west, south, east, north] = boundsOfHeader(bounds);
  const degrees = (value: number, at: number) => header.writeInt32LE(Math.round(value * 1e7), at);
  for (const [k, value] of [west, south, east, north].entries()) degrees(value, 102 + 4 * k);
  header[118] = Math.max(minZoom, maxZoom - 2);
  degrees((west + east) / 2, 119);
  degrees((south + north) / 2, 123);
  return header;
}

/** A header has no box across the antimeridian: all longitudes stand for it. */
const boundsOfHeader = ([west, south, east, north]: Bounds): Bounds =>
  west <= east ? [west, south, east, north] : [-180, south, 180, north];
