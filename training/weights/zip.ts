// Files out of a ZIP archive (APPNOTE.TXT 6.3, sections 4.3.7 to 4.3.16): a Python wheel, or what torch.save writes. Stored
// and deflated entries are read, up to 4 GiB; encrypted, split and ZIP64 archives are not.
import { crc32, inflateRawSync } from 'node:zlib';
import { SkyfixError } from 'skyfix/errors';

const END = 0x06054b50;
const END_BYTES = 22;
const CENTRAL = 0x02014b50;
const CENTRAL_BYTES = 46;
const LOCAL = 0x04034b50;
const LOCAL_BYTES = 30;
const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED = 1;

interface Entry {
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly at: number;
}

export interface ZipArchive {
  readonly names: readonly string[];
  /** The bytes of one file, checked against its CRC-32. Throws WEIGHTS_INVALID. */
  read(name: string): Uint8Array;
}

/** Whether bytes begin as a ZIP archive does. */
export const isZip = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4;

/** Opens the archive `source` (its name in messages). Throws WEIGHTS_INVALID where it is damaged or of another kind. */
export function openZip(bytes: Uint8Array, source: string): ZipArchive {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const invalid = (what: string, cause?: unknown) =>
    new SkyfixError('WEIGHTS_INVALID', `${source}: ${what}.`, { cause });
  let entries: ReadonlyMap<string, Entry>;
  try {
    entries = directoryOf(file);
  } catch (cause) {
    throw invalid('the archive has no readable directory; it is damaged or was not copied completely', cause);
  }
  const read = (name: string): Uint8Array => {
    const entry = entries.get(name);
    if (!entry) throw invalid(`the archive holds no ${name}`);
    if (entry.flags & ENCRYPTED) throw invalid(`${name} is encrypted`);
    if (entry.method !== STORED && entry.method !== DEFLATED) {
      throw invalid(`${name} is packed by method ${entry.method}; stored and deflated files are read`);
    }
    let unpacked: Buffer;
    try {
      if (file.readUInt32LE(entry.at) !== LOCAL) throw new Error('no local header');
      const start =
        entry.at + LOCAL_BYTES + file.readUInt16LE(entry.at + 26) + file.readUInt16LE(entry.at + 28);
      const packed = file.subarray(start, start + entry.packed);
      // The limit keeps a small hostile entry from filling the memory.
      unpacked =
        entry.method === STORED ? packed : inflateRawSync(packed, { maxOutputLength: entry.size + 1 });
    } catch (cause) {
      throw invalid(`${name} in the archive is damaged`, cause);
    }
    if (unpacked.length !== entry.size || crc32(unpacked) !== entry.crc) {
      throw invalid(`${name} in the archive is damaged: its length or its checksum differs`);
    }
    return unpacked;
  };
  return { names: [...entries.keys()], read };
}

/** The central directory. Throws RangeError or Error where there is none. */
function directoryOf(file: Buffer): Map<string, Entry> {
  let end = file.length - END_BYTES;
  // A comment of up to 65,535 bytes may follow.
  for (const first = Math.max(0, end - 0xffff); end >= first && file.readUInt32LE(end) !== END; ) end--;
  if (file.readUInt32LE(end) !== END) throw new Error('no end of the central directory');
  const count = file.readUInt16LE(end + 10);
  let at = file.readUInt32LE(end + 16);
  const entries = new Map<string, Entry>();
  for (let i = 0; i < count; i++) {
    if (file.readUInt32LE(at) !== CENTRAL) throw new Error(`entry ${i} is no entry`);
    const nameBytes = file.readUInt16LE(at + 28);
    const name = file.toString('utf8', at + CENTRAL_BYTES, at + CENTRAL_BYTES + nameBytes);
    entries.set(name, {
      flags: file.readUInt16LE(at + 8),
      method: file.readUInt16LE(at + 10),
      crc: file.readUInt32LE(at + 16),
      packed: file.readUInt32LE(at + 20),
      size: file.readUInt32LE(at + 24),
      at: file.readUInt32LE(at + 42),
    });
    at += CENTRAL_BYTES + nameBytes + file.readUInt16LE(at + 30) + file.readUInt16LE(at + 32);
  }
  return entries;
}
