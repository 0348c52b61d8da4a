// The user's cache folder: what can be made or fetched again.
import { homedir } from 'node:os';
import { join } from 'node:path';

/** SKYFIX_CACHE, or ~/.cache/skyfix. */
export function userCacheFolder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  return env.SKYFIX_CACHE?.trim() || join(homedir(), '.cache/skyfix');
}
