// Directories of a PMTiles archive (specification version 3, section 4): entries by tile id as columns of varints, gzipped;
// where they do not fit into the file's beginning, in leaves that the root lists.
import { gzipSync } from 'node:zlib';

export interface DirectoryEntry {
  readonly tileId: number;
  /** Of the tile in the tile data, or of a leaf in the leaves. */
  readonly offset: number;
  readonly length: number;
  /** 0 for a leaf. */
  readonly runLength: number;
}

export interface Directories {
  readonly root: Uint8Array;
  readonly leaves: Uint8Array;
}

/** Header and root directory lie in the first 16 KiB of a file. */
const MOST_ROOT_BYTES = 16_384 - 127;
const FIRST_LEAF_ENTRIES = 4096;

/** The entries, which are sorted by tile id, as a root and its leaves. */
export function directoriesOf(entries: readonly DirectoryEntry[]): Directories {
  const root = gzipSync(serialised(entries));
  if (root.length <= MOST_ROOT_BYTES) return { root, leaves: new Uint8Array() };
  for (let size = FIRST_LEAF_ENTRIES; ; size *= 2) {
    const made = inLeaves(entries, size);
    if (made.root.length <= MOST_ROOT_BYTES) return made;
  }
}

function inLeaves(entries: readonly DirectoryEntry[], size: number): Directories {
  const leaves: Buffer[] = [];
  const listed: DirectoryEntry[] = [];
  let offset = 0;
  for (let from = 0; from < entries.length; from += size) {
    const part = entries.slice(from, from + size);
    const leaf = gzipSync(serialised(part));
    listed.push({ tileId: part[0]?.tileId ?? 0, offset, length: leaf.length, runLength: 0 });
    leaves.push(leaf);
    offset += leaf.length;
  }
  return { root: gzipSync(serialised(listed)), leaves: Buffer.concat(leaves) };
}

/** Number of entries; then the columns: steps of the ids, run lengths, lengths, offsets (0 where one follows on another). */
function serialised(entries: readonly DirectoryEntry[]): Uint8Array {
  const bytes: number[] = [];
  const write = (value: number) => {
    let left = value;
    for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) + 0x80);
    bytes.push(left);
  };
  write(entries.length);
  let before = 0;
  for (const { tileId } of entries) {
    write(tileId - before);
    before = tileId;
  }
  for (const { runLength } of entries) write(runLength);
  for (const { length } of entries) write(length);
  let end = -1;
  for (const { offset, length } of entries) {
    write(offset === end ? 0 : offset + 1);
    end = offset + length;
  }
  return Uint8Array.from(bytes);
}
