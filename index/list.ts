// What is published: regions, their versions, and which of them is current.
import { messageOf } from '../src/errors/index.js';
import {
  currentVersion,
  type IndexManifest,
  listRegions,
  listVersions,
  readIndexManifest,
  versionDir,
} from '../src/versions/index.js';

export interface ListedVersion {
  readonly version: string;
  readonly state: 'current' | 'previous' | 'old';
  /** Absent where `problem` says why it cannot be read. */
  readonly manifest?: IndexManifest;
  readonly problem?: string;
}

export interface ListedRegion {
  readonly region: string;
  /** Oldest first. */
  readonly versions: readonly ListedVersion[];
}

/** The versions of one region, or of all. A damaged version is listed with its problem. */
export async function listIndex(options: {
  readonly dataDir: string;
  readonly region?: string | undefined;
}): Promise<ListedRegion[]> {
  const { dataDir, region } = options;
  const names = region === undefined ? await listRegions(dataDir) : [region];
  return await Promise.all(names.map((name) => listRegion(dataDir, name)));
}

async function listRegion(dataDir: string, region: string): Promise<ListedRegion> {
  const pointer = await currentVersion(dataDir, region);
  const previous = pointer?.history[pointer.history.length - 1];
  const versions: ListedVersion[] = [];
  for (const version of await listVersions(dataDir, region)) {
    const state = version === pointer?.version ? 'current' : version === previous ? 'previous' : 'old';
    try {
      const manifest = await readIndexManifest(versionDir(dataDir, region, version));
      versions.push({ version, state, manifest });
    } catch (error) {
      versions.push({ version, state, problem: messageOf(error) });
    }
  }
  return { region, versions };
}
