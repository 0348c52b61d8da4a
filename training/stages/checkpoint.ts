// Checkpoints of a training stage: named float arrays and a step number in one file, written atomically, with a
// checksum that is verified on load. The random streams are functions of (seed, step), so a stage that continues from
// a checkpoint takes the same steps as one that was never interrupted.
import { open, readFile } from 'node:fs/promises';
import { messageOf, SkyfixError } from 'skyfix/errors';
import { sha256OfBytes, writeFileAtomic } from 'skyfix/files';

const MAGIC = 'SKYFIXC1';

export interface Checkpoint {
  readonly step: number;
  /** Digest of everything the stage depends on; a checkpoint of another run is not continued. */
  readonly key: string;
  readonly arrays: Readonly<Record<string, Float32Array>>;
  /** Plain values such as loss histories. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** Magic, header length, JSON header (step, key, values, array names, lengths, SHA-256 of the body), float32 body. */
export async function saveCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  const names = Object.keys(checkpoint.arrays);
  const parts = names.map((name) => {
    const array = checkpoint.arrays[name] as Float32Array;
    return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
  });
  const body = Buffer.concat(parts);
  const header = Buffer.from(
    JSON.stringify({
      step: checkpoint.step,
      key: checkpoint.key,
      values: checkpoint.values,
      arrays: names.map((name) => [name, (checkpoint.arrays[name] as Float32Array).length]),
      sha256: sha256OfBytes(body),
    }),
  );
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  await writeFileAtomic(path, Buffer.concat([Buffer.from(MAGIC), length, header, body]));
}

interface Header {
  readonly step: number;
  readonly key: string;
  readonly values: Record<string, unknown>;
  readonly arrays: readonly (readonly [string, number])[];
  readonly sha256: string;
}

/**
 * The checkpoint at `path` where it belongs to `key`; undefined where there is none or it belongs to another run. Throws
 * DATASET_INVALID where it is damaged or cannot be read: a stage never starts anew over a checkpoint by itself.
 */
export async function loadCheckpoint(path: string, key: string): Promise<Checkpoint | undefined> {
  const bytes = await readFile(path).catch((error: unknown) => ifMissing(error, path));
  if (!bytes) return undefined;
  const headerLength = lengthOf(bytes, path);
  const header = headerOf(bytes.subarray(12, 12 + headerLength), headerLength, path);
  if (header.key !== key) return undefined;
  const body = bytes.subarray(12 + headerLength);
  if (sha256OfBytes(body) !== header.sha256) throw damaged(path);
  const arrays: Record<string, Float32Array> = {};
  let at = 0;
  for (const [name, length] of header.arrays) {
    arrays[name] = new Float32Array(
      body.buffer.slice(body.byteOffset + at, body.byteOffset + at + length * 4),
    );
    at += length * 4;
  }
  return { step: header.step, key: header.key, arrays, values: header.values };
}

/**
 * How many steps the checkpoint at `path` has done, whatever run it belongs to; 0 where there is none. Throws
 * DATASET_INVALID where its beginning is damaged.
 */
export async function loadCheckpointStep(path: string): Promise<number> {
  const file = await open(path, 'r').catch((error: unknown) => ifMissing(error, path));
  if (!file) return 0;
  const read = async (at: number, bytes: number): Promise<Buffer> => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, at);
    return buffer.subarray(0, bytesRead);
  };
  try {
    const length = lengthOf(await read(0, 12), path);
    return headerOf(await read(12, Math.min(length, (await file.stat()).size)), length, path).step;
  } finally {
    await file.close();
  }
}

function ifMissing(error: unknown, path: string): undefined {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
  throw new SkyfixError('DATASET_INVALID', `${path} cannot be read: ${messageOf(error)}.`, { cause: error });
}

function damaged(path: string): SkyfixError {
  return new SkyfixError('DATASET_INVALID', `${path} is damaged; remove it to start this stage anew.`);
}

/** Length of the header, from the file's first 12 bytes. */
function lengthOf(start: Buffer, path: string): number {
  if (start.subarray(0, 8).toString() !== MAGIC) {
    throw new SkyfixError(
      'DATASET_INVALID',
      `${path} is not a checkpoint; remove it to start this stage anew.`,
    );
  }
  if (start.length < 12) throw damaged(path);
  return start.readUInt32LE(8);
}

function headerOf(bytes: Buffer, length: number, path: string): Header {
  if (bytes.length < length) throw damaged(path);
  try {
    return JSON.parse(bytes.toString()) as Header;
  } catch {
    throw damaged(path);
  }
}
