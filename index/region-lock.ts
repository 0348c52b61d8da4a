// One process at a time publishes, rolls back or prunes a region.
import { type FolderLock, lockFolder, makeFolder } from '../src/files/index.js';
import { regionDir } from '../src/versions/index.js';

export interface RegionLockOptions {
  /** How long to wait for another publisher of the region; 10 minutes. */
  readonly waitMs?: number | undefined;
  /** Told once whom it waits for, e.g. "process 12". */
  readonly onWait?: ((owner: string) => void) | undefined;
}

const WAIT_MS = 600_000;

/**
 * Runs `work` while no other process changes the region. Throws FOLDER_BUSY where another one keeps it too long, and
 * FOLDER_UNUSABLE, NOT_WRITABLE, DISK_FULL where the data folder cannot be written.
 */
export async function withRegionLock<T>(
  dataDir: string,
  region: string,
  { waitMs = WAIT_MS, onWait }: RegionLockOptions,
  work: (lock: FolderLock) => Promise<T>,
): Promise<T> {
  const dir = regionDir(dataDir, region);
  await makeFolder(dir);
  const lock = await lockFolder(dir, { kind: 'publish', waitMs, onWait });
  try {
    return await work(lock);
  } finally {
    await lock.release();
  }
}
