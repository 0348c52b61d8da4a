// Checkpoints of a training stage: named float arrays and a step number in one file, written atomically, with a
// checksum that is verified on load. The random streams are functions of (seed, step), so a stage that continues from
// a checkpoint takes the same steps as one that was never interrupted.
import { open, readFile } from 'node:fs/promises';
import { SkyfixError } from 'skyfix/errors';
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

/** The checkpoint at `path` where it belongs to `key`; undefined where there is none or it belongs to another run. */
export async function loadCheckpoint(path: string, key: string): Promise<Checkpoint | undefined> {
  const bytes = await readFile(path).catch(() => undefined);
  if (!bytes) return undefined;
  if (bytes.subarray(0, 8).toString() !== MAGIC) {
    throw new SkyfixError(
      'DATASET_INVALID',
      `${path} is not a checkpoint; remove it to start this stage anew.`,
    );
  }
  const headerEnd = 12 + bytes.readUInt32LE(8);
  const header = JSON.parse(bytes.subarray(12, headerEnd).toString()) as {
    step: number;
    key: string;
    values: Record<string, unknown>;
    arrays: [string, number][];
    sha256: string;
  };
  if (header.key !== key) return undefined;
  const body = bytes.subarray(headerEnd);
  if (sha256OfBytes(body) !== header.sha256) {
    throw new SkyfixError('DATASET_INVALID', `${path} is damaged; remove it to start this stage anew.`);
  }
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

/** How many steps the checkpoint at `path` has done, whatever run it belongs to; 0 where there is none. */
export async function loadCheckpointStep(path: string): Promise<number> {
  const file = await open(path, 'r').catch(() => undefined);
  if (!file) return 0;
  try {
    const start = (await file.read(Buffer.alloc(12), 0, 12, 0)).buffer;
    if (start.subarray(0, 8).toString() !== MAGIC) return 0;
    const length = start.readUInt32LE(8);
    const header = (await file.read(Buffer.alloc(length), 0, length, 12)).buffer;
    return (JSON.parse(header.toString()) as { step: number }).step;
  } finally {
    await file.close();
  }
}
