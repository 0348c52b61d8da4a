// Making an index version current, and taking that back; always by renaming one pointer file.
import { copyFile, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { loadBundle } from '../src/bundles/index.js';
import { asDiskError, SkyfixError } from '../src/errors/index.js';
import { syncFolder, temporaryNameFor, writeFileAtomic } from '../src/files/index.js';
import {
  checkIndexFolder,
  currentVersion,
  INDEX_FILES,
  listVersions,
  POINTER_SCHEMA,
  type RegionPointer,
  readIndexManifest,
  regionDir,
  versionDir,
} from '../src/versions/index.js';
import { removeStale } from './stale.js';

export interface PublishOptions {
  /** What buildIndex made. */
  readonly indexDir: string;
  readonly dataDir: string;
  readonly region: string;
  /** Taken instead of the bundle in indexDir; must hold the same encoder. */
  readonly bundleDir?: string | undefined;
  /** Versions to keep, the current and the one before it always; 3. */
  readonly keep?: number | undefined;
  readonly minRecall?: number | undefined;
  /** How a file is copied; for tests of full disks. */
  readonly copy?: (from: string, to: string) => Promise<void>;
}

/**
 * Copies a built version with its bundle into the data folder, checks the copy, and makes it current; returns its
 * name. All stays as it was where anything fails: INDEX_MISSING, INDEX_CORRUPT, INDEX_BUNDLE_MISMATCH,
 * INDEX_RECALL_TOO_LOW, BUNDLE_*, REGION_UNKNOWN for a malformed name, DISK_FULL.
 */
export async function publishIndex(options: PublishOptions): Promise<string> {
  const { indexDir, dataDir, region, minRecall, keep = 3, copy = copyDurably } = options;
  const { version } = await readIndexManifest(indexDir);
  const bundleDir = options.bundleDir ?? join(indexDir, 'bundle');
  const before = await currentVersion(dataDir, region);
  const target = versionDir(dataDir, region, version);
  if ((await listVersions(dataDir, region)).includes(version)) await checkIndexFolder(target, minRecall);
  else {
    const temporary = temporaryNameFor(target);
    try {
      await mkdir(join(temporary, 'bundle'), { recursive: true });
      const { manifest } = await loadBundle(bundleDir);
      for (const name of ['index.json', ...INDEX_FILES]) {
        await copy(join(indexDir, name), join(temporary, name)).catch(
          missingAs('INDEX_CORRUPT', join(indexDir, name)),
        );
      }
      for (const name of ['bundle.json', ...Object.keys(manifest.files)]) {
        await copy(join(bundleDir, name), join(temporary, 'bundle', name));
      }
      // The copy is what will be served, so the copy is what is checked.
      await checkIndexFolder(temporary, minRecall);
      await loadBundle(join(temporary, 'bundle'));
      await syncFolder(join(temporary, 'bundle'));
      await syncFolder(temporary);
      await rename(temporary, target);
      await syncFolder(dirname(target));
    } catch (error) {
      await rm(temporary, { recursive: true, force: true });
      throw asDiskError(error, target);
    }
  }
  if (before?.version !== version) {
    const history = (before ? [...before.history, before.version] : []).filter((name) => name !== version);
    await point(dataDir, region, version, history);
  }
  await prune(dataDir, region, Math.max(2, keep));
  return version;
}

/** Makes the version before the current one current again; returns its name. Throws INDEX_NO_PREVIOUS without one. */
export async function rollbackIndex(options: {
  readonly dataDir: string;
  readonly region: string;
}): Promise<string> {
  const { dataDir, region } = options;
  const now = await currentVersion(dataDir, region);
  const history = [...(now?.history ?? [])];
  const previous = history.pop();
  if (previous === undefined) {
    throw new SkyfixError(
      'INDEX_NO_PREVIOUS',
      `The region "${region}" has no version before ${now?.version ?? 'any'}.`,
    );
  }
  await checkIndexFolder(versionDir(dataDir, region, previous), 0);
  await point(dataDir, region, previous, history);
  return previous;
}

async function point(
  dataDir: string,
  region: string,
  version: string,
  history: readonly string[],
): Promise<void> {
  const pointer: RegionPointer = {
    schema: POINTER_SCHEMA,
    version,
    publishedAt: new Date().toISOString(),
    history,
  };
  const path = join(regionDir(dataDir, region), 'current.json');
  await writeFileAtomic(path, `${JSON.stringify(pointer, null, 2)}\n`);
}

/** Removes all but the current version and the latest before it; the pointer forgets them first. */
async function prune(dataDir: string, region: string, keep: number): Promise<void> {
  const now = await currentVersion(dataDir, region);
  if (!now) return;
  const history = now.history.slice(1 - keep);
  if (history.length < now.history.length) await point(dataDir, region, now.version, history);
  const kept = new Set([now.version, ...history]);
  for (const version of await listVersions(dataDir, region)) {
    if (!kept.has(version)) await rm(versionDir(dataDir, region, version), { recursive: true, force: true });
  }
  await removeStale(join(regionDir(dataDir, region), 'versions'));
}

async function copyDurably(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  const file = await open(to, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

function missingAs(code: 'INDEX_CORRUPT', path: string) {
  return async (error: unknown): Promise<never> => {
    if (await stat(path).catch(() => undefined)) throw error;
    throw new SkyfixError(code, `${path} is missing.`, { cause: error });
  };
}
