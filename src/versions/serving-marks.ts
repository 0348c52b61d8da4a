// Which version a process has open: REGION/serving.TOKEN.lock. A version that serves is not pruned, and whoever publishes
// or rolls back hears what still serves.
import { createOwnedFile, listOwners } from '../files/index.js';
import { regionDir } from './region-store.js';

const KIND = 'serving';
/** A mark of another host or container counts until it was not touched for so long; it only keeps files on disk. */
const FORGOTTEN_AFTER_MS = 3600_000;

export interface ServingMark {
  release(): Promise<void>;
}

export interface ServingProcess {
  readonly version: string;
  /** For people: "process 12". */
  readonly process: string;
}

/** Says that this process has the version open. Where the folder may not be written, nothing is said. */
export async function markServing(dataDir: string, region: string, version: string): Promise<ServingMark> {
  try {
    const file = await createOwnedFile(regionDir(dataDir, region), { kind: KIND, details: { version } });
    return { release: () => file.release().catch(() => {}) };
  } catch {
    return { release: async () => {} };
  }
}

/** What processes have open, as far as they could say so. */
export async function servingProcesses(
  dataDir: string,
  region: string,
  nowMs = Date.now(),
): Promise<ServingProcess[]> {
  const owners = await listOwners(regionDir(dataDir, region), KIND);
  return owners.flatMap(({ liveness, touchedAtMs, details, name }) => {
    const forgotten = liveness === 'unknown' && nowMs - touchedAtMs > FORGOTTEN_AFTER_MS;
    const { version } = details;
    return liveness === 'dead' || forgotten || version === undefined ? [] : [{ version, process: name }];
  });
}
