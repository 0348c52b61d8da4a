// The files of a version against the checksums of its index.json.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SkyfixError } from '../errors/index.js';
import { sha256OfFile } from '../files/index.js';
import { filesOfIndex, type IndexManifest, shardFilesOf } from './manifest.js';
import { SeenFiles, TRUSTED_FROM_BYTES } from './seen-files.js';

export interface CheckFilesOptions {
  /** Large files that were hashed before, and have not changed since, are believed; see recheckFiles. */
  readonly trustSeen?: boolean | undefined;
  /** Default: those in the user's cache folder. */
  readonly seen?: SeenFiles | undefined;
  readonly trustedFromBytes?: number | undefined;
}

/** Throws INDEX_CORRUPT for a file that is missing or not the manifest's; names the ones that were believed. */
export async function checkFiles(
  dir: string,
  manifest: IndexManifest,
  options: CheckFilesOptions = {},
): Promise<readonly string[]> {
  const { trustSeen, seen = new SeenFiles(), trustedFromBytes = TRUSTED_FROM_BYTES } = options;
  const trusted: string[] = [];
  const shards = new Set(shardFilesOf(manifest));
  // Shards are small one by one: they count as the one large file that they are together.
  const shardBytes = [...shards].reduce((sum, name) => sum + (manifest.files[name]?.bytes ?? 0), 0);
  for (const name of filesOfIndex(manifest)) {
    const path = join(dir, name);
    const expected = manifest.files[name];
    const found = await stat(path, { bigint: true }).catch(() => undefined);
    if (!found) throw new SkyfixError('INDEX_CORRUPT', `${path} is missing.`);
    const large = (shards.has(name) ? shardBytes : found.size) >= trustedFromBytes;
    if (large && trustSeen && expected && (await seen.has(found, expected))) {
      trusted.push(name);
      continue;
    }
    const sha256 = await sha256OfFile(path);
    if (Number(found.size) !== expected?.bytes || sha256 !== expected.sha256) {
      if (large) await seen.forget(found);
      throw new SkyfixError(
        'INDEX_CORRUPT',
        `${path} has ${found.size} bytes and the SHA-256 ${sha256}, index.json says ${expected?.bytes} ` +
          `bytes and ${expected?.sha256}.`,
      );
    }
    if (large) await seen.note(found, expected);
  }
  return trusted;
}

/** So fast are files read again that serve meanwhile: a tenth of a core. */
const RECHECKED_BYTES_PER_SECOND = 32 * 2 ** 20;

/** Hashes the files that checkFiles believed, at leisure. Throws INDEX_CORRUPT, and the signal's reason. */
export async function recheckFiles(
  dir: string,
  manifest: IndexManifest,
  trusted: readonly string[],
  { signal, seen = new SeenFiles() }: Pick<CheckFilesOptions, 'seen'> & { readonly signal: AbortSignal },
): Promise<void> {
  for (const name of trusted) {
    const path = join(dir, name);
    const file = await stat(path, { bigint: true });
    const sha256 = await sha256OfFile(path, { bytesPerSecond: RECHECKED_BYTES_PER_SECOND, signal });
    const expected = manifest.files[name]?.sha256;
    if (sha256 === expected) continue;
    await seen.forget(file);
    throw new SkyfixError(
      'INDEX_CORRUPT',
      `${path} had the SHA-256 ${expected} when it was first opened, and has ${sha256} now: the disk changed it.`,
    );
  }
}
