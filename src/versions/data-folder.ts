// SKYFIX_DATA before anything is opened in it: a folder, readable, and writable as long as it has to be filled.
import { checkFolder } from '../files/index.js';
import { listRegions } from './region-store.js';

/** Makes an absent folder. One with regions may be read-only. Throws FOLDER_UNUSABLE, NOT_WRITABLE, DISK_FULL; never waits. */
export async function checkDataFolder(dataDir: string): Promise<void> {
  await checkFolder(dataDir, false);
  const regions = await listRegions(dataDir);
  if (regions.length === 0) await checkFolder(dataDir, true);
}
