// Making an index version current; always by renaming one pointer file.
import { copyFile, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { loadBundle } from '../src/bundles/index.js';
import { asDiskError, SkyfixError } from '../src/errors/index.js';
import {
  type FileChecksum,
  makeFolder,
  replaceFolder,
  syncFolder,
  temporaryNameFor,
} from '../src/files/index.js';
import { SHARD_FOLDER } from '../src/search/index.js';
import {
  checkIndexFolder,
  checkRecall,
  currentVersion,
  DEFAULT_RECALL_GATE,
  filesOfIndex,
  type IndexManifest,
  keepDefaultRegion,
  readIndexManifest,
  readSearchPlace,
  regionDir,
  shardFilesOf,
  versionDir,
  writePointer,
  writeSearchPlace,
} from '../src/versions/index.js';
import { pruneVersions, removeLeftovers } from './prune.js';
import { pointAlias, pruneCollections, publishToWeaviate } from './publish-weaviate.js';
import { type RegionLockOptions, withRegionLock } from './region-lock.js';
import { isWhole, linkFile } from './share-files.js';
import type { WeaviateTarget } from './write-collection.js';

export interface PublishOptions extends RegionLockOptions {
  /** What buildIndex made. */
  readonly indexDir: string;
  readonly dataDir: string;
  readonly region: string;
  /** Taken instead of the bundle in indexDir; must hold the same encoder. */
  readonly bundleDir?: string | undefined;
  /** Versions to keep, the current, the one before it and what serves always; 3. */
  readonly keep?: number | undefined;
  readonly minRecall?: number | undefined;
  /** Take files that the current version has too from there, as hard links: for versions that differ little. */
  readonly share?: boolean | undefined;
  /** Has a cluster search the version, too; absent: servers search it themselves. */
  readonly weaviate?: WeaviateTarget | undefined;
  /** How a file is copied; for tests of full disks. */
  readonly copy?: (from: string, to: string) => Promise<void>;
}

/**
 * Copies a built version with its bundle into the data folder, checks the copy, and makes it current; returns its
 * name. One publisher of a region at a time; the others wait. All stays as it was where anything fails: INDEX_MISSING,
 * INDEX_CORRUPT, INDEX_BUNDLE_MISMATCH, INDEX_RECALL_TOO_LOW, BUNDLE_*, REGION_UNKNOWN for a malformed name, FOLDER_BUSY,
 * DISK_FULL, CLUSTER_UNAVAILABLE. A kill at any moment leaves the old version current or the new one; the next publish clears up.
 */
export async function publishIndex(options: PublishOptions): Promise<string> {
  const { indexDir, dataDir, region, keep = 3, weaviate, minRecall = DEFAULT_RECALL_GATE } = options;
  const { version } = await readIndexManifest(indexDir);
  // Before anything is made: a malformed name.
  regionDir(dataDir, region);
  return withRegionLock(dataDir, region, options, async (lock) => {
    await removeLeftovers(dataDir, region);
    const target = versionDir(dataDir, region, version);
    await putVersion(target, options);
    const placeBefore = weaviate && (await readSearchPlace(target));
    const place = weaviate && (await publishToWeaviate(target, region, minRecall, weaviate));
    await writeSearchPlace(target, place);
    if (weaviate && place) await pointAlias(weaviate.address, region, place);
    const before = await currentVersion(dataDir, region);
    if (before?.version !== version) {
      const history = (before ? [...before.history, before.version] : []).filter((name) => name !== version);
      await lock.assertHeld();
      await keepDefaultRegion(dataDir, region);
      await writePointer(dataDir, region, version, history);
    }
    await pruneVersions(dataDir, region, Math.max(2, keep));
    if (weaviate) await pruneCollections(weaviate.address, dataDir, region, placeBefore);
    return version;
  });
}

/** The version at `target`, complete and checked: copied in one step where it is not there, or is there damaged. */
async function putVersion(target: string, options: PublishOptions): Promise<void> {
  const { minRecall = DEFAULT_RECALL_GATE } = options;
  const there = (await stat(target).catch(() => undefined)) !== undefined;
  const whole = there ? await wholeVersion(target) : undefined;
  if (whole) return checkRecall(whole.recall, minRecall, target);
  const temporary = temporaryNameFor(target);
  try {
    await copyVersion(temporary, options);
    // The copy is what will be served, so the copy is what is checked.
    const manifest = await checkIndexFolder(temporary, minRecall);
    await loadBundle(join(temporary, 'bundle'));
    await syncFolder(join(temporary, 'bundle'));
    if (shardFilesOf(manifest).length > 0) await syncFolder(join(temporary, SHARD_FOLDER));
    await syncFolder(temporary);
    if (there) await replaceFolder(temporary, target);
    else await rename(temporary, target);
    await syncFolder(dirname(target));
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw asDiskError(error, target);
  }
}

async function wholeVersion(dir: string): Promise<IndexManifest | undefined> {
  try {
    const manifest = await checkIndexFolder(dir, 0);
    await loadBundle(join(dir, 'bundle'));
    return manifest;
  } catch (error) {
    if (error instanceof SkyfixError) return undefined;
    throw error;
  }
}

async function copyVersion(target: string, options: PublishOptions): Promise<void> {
  const { indexDir, bundleDir = join(indexDir, 'bundle'), copy = copyDurably } = options;
  await makeFolder(join(target, 'bundle'));
  const { manifest } = await loadBundle(bundleDir);
  const index = await readIndexManifest(indexDir);
  if (shardFilesOf(index).length > 0) await makeFolder(join(target, SHARD_FOLDER));
  const current = options.share ? await currentVersion(options.dataDir, options.region) : undefined;
  const shared = current && versionDir(options.dataDir, options.region, current.version);
  const put = async (from: string, name: string, expected: FileChecksum | undefined) => {
    if (shared !== undefined && expected && (await isSame(from, join(shared, name), expected))) {
      if (await linkFile(join(shared, name), join(target, name))) return;
    }
    await copy(from, join(target, name));
  };
  for (const name of ['index.json', ...filesOfIndex(index)]) {
    await put(join(indexDir, name), name, index.files[name]).catch(missingAs(join(indexDir, name)));
  }
  for (const name of ['bundle.json', ...Object.keys(manifest.files)]) {
    await put(join(bundleDir, name), join('bundle', name), manifest.files[name]);
  }
}

/** What is damaged on either side is not shared: it is copied, and found. */
const isSame = async (one: string, other: string, expected: FileChecksum) =>
  (await isWhole(other, expected)) && (await isWhole(one, expected));

async function copyDurably(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  // For reading: the copy of a read-only file is read-only too.
  const file = await open(to, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

function missingAs(path: string) {
  return async (error: unknown): Promise<never> => {
    if (await stat(path).catch(() => undefined)) throw error;
    throw new SkyfixError('INDEX_CORRUPT', `${path} is missing.`, { cause: error });
  };
}
