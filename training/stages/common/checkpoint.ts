// Checkpoints of a training stage: named float arrays and a step number in one file, written atomically, with a
// checksum that is verified on load. The random streams are functions of (seed, step), so a stage that continues from
// a checkpoint takes the same steps as one that was never interrupted.
import { open, readFile } from 'node:fs/promises';
import { messageOf, SkyfixError } from 'skyfix/errors';
import { sha256OfBytes, writeFileAtomic } from 'skyfix/files';

const MAGIC = 'SKYFIXC2';
/** Magic, length of the header (uint32, little-endian), SHA-256 of the header. */
const START_BYTES = 44;

export interface Checkpoint {
  readonly step: number;
  /** Digest of everything the stage depends on; a checkpoint of another run is not continued. */
  readonly key: string;
  readonly arrays: Readonly<Record<string, Float32Array>>;
  /** Plain values such as loss histories. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** The start, JSON header (step, key, values, array names, lengths, SHA-256 of the body), float32 body. */
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
  const start = Buffer.alloc(START_BYTES);
  start.write(MAGIC);
  start.writeUInt32LE(header.length, 8);
  start.write(sha256OfBytes(header), 12, 'hex');
  await writeFileAtomic(path, Buffer.concat([start, header, body]));
}

interface Header {
  readonly step: number;
  readonly key: string;
  readonly values: Record<string, unknown>;
  readonly arrays: readonly (readonly [string, number])[];
  readonly sha256: string;
}

/**
 * The checkpoint at `path` where it belongs to `key`, one of several, or whatever it belongs to without a key;
 * undefined where there is none or it belongs to another run. Throws
 * DATASET_INVALID where it is damaged or cannot be read: a stage never starts anew over a checkpoint by itself.
 */
export async function loadCheckpoint(
  path: string,
  key: string | readonly string[] | undefined,
): Promise<Checkpoint | undefined> {
  const bytes = await readFile(path).catch((error: unknown) => ifMissing(error, path));
  if (!bytes) return undefined;
  const start = startOf(bytes, path);
  const bodyAt = START_BYTES + start.length;
  const header = headerOf(bytes.subarray(START_BYTES, bodyAt), start, path);
  if (key !== undefined && ![key].flat().includes(header.key)) return undefined;
  const body = bytes.subarray(bodyAt);
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
    const start = startOf(await read(0, START_BYTES), path);
    const length = Math.min(start.length, (await file.stat()).size);
    return headerOf(await read(START_BYTES, length), start, path).step;
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

interface Start {
  /** Of the header, bytes. */
  readonly length: number;
  readonly sha256: string;
}

function startOf(bytes: Buffer, path: string): Start {
  if (bytes.subarray(0, MAGIC.length).toString() !== MAGIC) {
    throw new SkyfixError(
      'DATASET_INVALID',
      `${path} is no checkpoint of this version; remove it to start this stage anew.`,
    );
  }
  if (bytes.length < START_BYTES) throw damaged(path);
  return { length: bytes.readUInt32LE(8), sha256: bytes.toString('hex', 12, START_BYTES) };
}

function headerOf(bytes: Buffer, { length, sha256 }: Start, path: string): Header {
  if (bytes.length < length || sha256OfBytes(bytes) !== sha256) throw damaged(path);
  return JSON.parse(bytes.toString()) as Header;
}
