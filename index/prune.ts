// What is removed of a region: versions that are no longer wanted, and what a publish that was killed left behind. The
// caller has the region's lock.
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { removeDeadOwners, temporaryNameFor } from '../src/files/index.js';
import {
  currentVersion,
  listVersions,
  regionDir,
  servingProcesses,
  versionDir,
  writePointer,
} from '../src/versions/index.js';

/**
 * Removes all but the current version, the latest `keep` - 1 before it, what a process has open, and what is younger
 * than the pointer (a publisher that knows no lock may be about to point to it). The pointer forgets them first.
 */
export async function pruneVersions(dataDir: string, region: string, keep: number): Promise<void> {
  const now = await currentVersion(dataDir, region);
  if (!now) return;
  const history = now.history.slice(1 - keep);
  const { ctimeMs: pointedAtMs } = await stat(join(regionDir(dataDir, region), 'current.json'));
  if (history.length < now.history.length) await writePointer(dataDir, region, now.version, history);
  const kept = new Set([now.version, ...history]);
  for (const version of await listVersions(dataDir, region)) {
    if (kept.has(version)) continue;
    const dir = versionDir(dataDir, region, version);
    if ((await stat(dir)).ctimeMs > pointedAtMs) continue;
    // Asked for each anew: a server marks a version before it opens it.
    const serving = await servingProcesses(dataDir, region);
    if (!serving.some((one) => one.version === version)) await removeWhole(dir);
  }
}

/** Renamed first, so that a kill half-way leaves no version that is half there. */
async function removeWhole(dir: string): Promise<void> {
  const leaving = temporaryNameFor(dir);
  await rename(dir, leaving);
  await rm(leaving, { recursive: true, force: true });
}

/** Removes temporary files and folders of publishers that were killed: whoever has the lock is the only one at work. */
export async function removeLeftovers(dataDir: string, region: string): Promise<void> {
  const dir = regionDir(dataDir, region);
  await removeDeadOwners(dir);
  for (const folder of [dir, join(dir, 'versions')]) {
    for (const name of await readdir(folder).catch(() => [])) {
      if (isLeftover(name)) await rm(join(folder, name), { recursive: true, force: true });
    }
  }
}

/** Not the marks and locks that other processes are just writing; see removeDeadOwners. */
const isLeftover = (name: string) => name.endsWith('.tmp') && !name.endsWith('.lock.tmp');
