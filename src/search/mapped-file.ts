// Files mapped into memory, read-only, through the C library's mmap: Node has none. What is mapped must stay as it is on the
// disk while it is mapped, which versions of an index do.
import { closeSync, fstatSync, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import type Koffi from 'koffi';

interface Mapping {
  readonly map: (
    address: null,
    bytes: number,
    protection: number,
    flags: number,
    file: number,
    from: number,
  ) => bigint;
  readonly unmap: (address: bigint, bytes: number) => number;
}

export interface MappedFile {
  readonly address: bigint;
  readonly bytes: number;
  /** Arrays over it must be out of use. */
  unmap(): void;
}

/** Of mmap, on Linux and macOS alike. */
const READ = 1;
const SHARED = 1;
const FAILED = 2n ** 64n - 1n;

const koffi = (): typeof Koffi => createRequire(import.meta.url)('koffi') as typeof Koffi;

let mapping: Mapping | undefined | 'none';

function mappingOf(): Mapping | undefined {
  if (mapping === undefined) {
    try {
      const library = koffi().load(null);
      mapping = {
        map: library.func('void *mmap(void *, size_t, int, int, int, int64_t)') as Mapping['map'],
        unmap: library.func('int munmap(void *, size_t)') as Mapping['unmap'],
      };
    } catch {
      mapping = 'none';
    }
  }
  return mapping === 'none' ? undefined : mapping;
}

/** Maps a whole file; undefined where the system (Windows) or the file offers none: then it has to be read. */
export function mapFile(path: string): MappedFile | undefined {
  const calls = process.platform === 'win32' ? undefined : mappingOf();
  if (!calls) return undefined;
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const address = size === 0 ? FAILED : calls.map(null, size, READ, SHARED, file, 0);
    if (address === null || address === FAILED) return undefined;
    let mapped = true;
    const unmap = () => {
      if (mapped) calls.unmap(address, size);
      mapped = false;
    };
    return { address, bytes: size, unmap };
  } finally {
    closeSync(file);
  }
}

/** The mapped bytes, in any thread; whoever writes to them ends the process. */
export function bytesAt(address: bigint, bytes: number): ArrayBuffer {
  return koffi().view(address, bytes);
}
