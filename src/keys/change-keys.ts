// Adding and revoking keys: read, change, write, one process at a time.
import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { SkyfixError } from '../errors/index.js';
import { lockFolder, makeFolder, readTextIfThere } from '../files/index.js';
import { type ApiKey, digestOf, readKeys, writeKeys } from './key-file.js';

export type NewKey = Omit<ApiKey, 'sha256' | 'createdAt'>;

const KEY_BYTES = 32;
const LOCK_WAIT_MS = 10_000;

/**
 * Makes a key and writes its digest into the file, which is made where there is none. Resolves to the key itself: it is
 * written nowhere. Throws KEY_EXISTS for a name that is taken, KEYS_INVALID, and what writing throws.
 */
export async function addKey(path: string, key: NewKey, now = new Date()): Promise<string> {
  // The prefix lets scanners of leaked secrets recognise it.
  const text = `skyfix_${randomBytes(KEY_BYTES).toString('base64url')}`;
  await change(path, (keys) => {
    if (keys.some(({ name }) => name === key.name))
      throw new SkyfixError('KEY_EXISTS', `${path} has a key "${key.name}" already.`);
    return [...keys, { ...key, sha256: digestOf(text).toString('hex'), createdAt: now.toISOString() }];
  });
  return text;
}

/** Throws KEY_UNKNOWN, KEYS_INVALID, and what writing throws. */
export async function revokeKey(path: string, name: string): Promise<void> {
  await change(path, (keys) => {
    if (keys.some((key) => key.name === name)) return keys.filter((key) => key.name !== name);
    throw new SkyfixError('KEY_UNKNOWN', `${path} has no key "${name}".`);
  });
}

async function change(path: string, made: (keys: readonly ApiKey[]) => readonly ApiKey[]): Promise<void> {
  const folder = dirname(path);
  await makeFolder(folder);
  const lock = await lockFolder(folder, { kind: 'keys', waitMs: LOCK_WAIT_MS });
  try {
    const there = (await readTextIfThere(path)) !== undefined;
    await writeKeys(path, made(there ? await readKeys(path) : []));
  } finally {
    await lock.release();
  }
}
