// Making an earlier version current again, or a later one.
import { join } from 'node:path';
import { loadBundle } from '../src/bundles/index.js';
import { SkyfixError } from '../src/errors/index.js';
import {
  checkIndexFolder,
  currentVersion,
  listRegions,
  listVersions,
  readSearchPlace,
  VERSION_NAME,
  versionDir,
  writePointer,
} from '../src/versions/index.js';
import type { ClusterAddress } from '../src/weaviate/index.js';
import { pointAlias } from './publish-weaviate.js';
import { type RegionLockOptions, withRegionLock } from './region-lock.js';

export interface RollbackOptions extends RegionLockOptions {
  readonly dataDir: string;
  readonly region: string;
  /** Any version that is still there, also one that a rollback left; the one before the current when absent. */
  readonly to?: string | undefined;
  /** Has the region's alias there follow, where the version is searched there. */
  readonly cluster?: ClusterAddress | undefined;
}

/**
 * Makes another version current, after checking it as a server would; returns its name. The one that was current stays,
 * so that it can be gone back to. Throws REGION_UNKNOWN, INDEX_NO_PREVIOUS without an earlier version, INDEX_MISSING where
 * `to` is not there, INDEX_CORRUPT, INDEX_BUNDLE_MISMATCH, BUNDLE_*, FOLDER_BUSY, DISK_FULL, CLUSTER_UNAVAILABLE; then all
 * stays as it was.
 */
export async function rollbackIndex(options: RollbackOptions): Promise<string> {
  const { dataDir, region, to, cluster } = options;
  if (!(await currentVersion(dataDir, region))) {
    const there = (await listRegions(dataDir)).join(', ') || 'none';
    throw new SkyfixError('REGION_UNKNOWN', `"${region}" is not published in ${dataDir}; there is ${there}.`);
  }
  return withRegionLock(dataDir, region, options, async (lock) => {
    const now = await currentVersion(dataDir, region);
    const [current = '', before = []] = [now?.version, now?.history];
    const wanted = to ?? before[before.length - 1];
    if (wanted === undefined) {
      throw new SkyfixError('INDEX_NO_PREVIOUS', `The region "${region}" has no version before ${current}.`);
    }
    if (wanted === current) return current;
    const versions = await listVersions(dataDir, region);
    if (!VERSION_NAME.test(wanted) || !versions.includes(wanted)) {
      throw new SkyfixError(
        'INDEX_MISSING',
        `The region "${region}" has no version ${JSON.stringify(wanted)}; it has ${versions.join(', ')}.`,
      );
    }
    const dir = versionDir(dataDir, region, wanted);
    await checkIndexFolder(dir, 0);
    await loadBundle(join(dir, 'bundle'));
    // Back: what came after it is no history. Forward: what is current becomes history.
    const at = before.indexOf(wanted);
    const place = cluster && (await readSearchPlace(dir));
    await lock.assertHeld();
    if (cluster && place) await pointAlias(cluster, region, place);
    await writePointer(dataDir, region, wanted, at < 0 ? [...before, current] : before.slice(0, at));
    return wanted;
  });
}
