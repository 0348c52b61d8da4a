// A file that several starts may have worked on becomes what it was made for.
import { existsSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from 'skyfix/files';

/** Flushes and renames in one folder; another process that made the same file at the same time may have been first. */
export async function finishFile(partial: string, path: string): Promise<void> {
  try {
    const file = await open(partial, 'r+');
    await file.sync().finally(() => file.close());
    await rename(partial, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || !existsSync(path)) throw error;
  }
  await syncFolder(dirname(path));
}
