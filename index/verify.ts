// Checks an index version folder thoroughly: everything a server checks, and its recall measured anew.
import { join } from 'node:path';
import { loadBundle } from '../src/bundles/index.js';
import { measureRecall, type Recall, readDescriptors } from '../src/search/index.js';
import {
  checkIndexFolder,
  checkRecall,
  DEFAULT_RECALL_GATE,
  descriptorFileOf,
  type IndexManifest,
  openIndexVersion,
} from '../src/versions/index.js';
import { checkVariety } from './variety.js';

export interface VerifyOptions {
  readonly minRecall?: number | undefined;
  readonly queries?: number | undefined;
  readonly seed?: number | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

export interface VerifyReport {
  readonly manifest: IndexManifest;
  /** As measured now, against exact search. */
  readonly recall: Recall;
  /** Share of the tiles (of a sample) that have the same descriptor as another one. */
  readonly alike: number;
}

/**
 * Throws INDEX_MISSING, INDEX_CORRUPT (also where nearly all tiles look the same), INDEX_BUNDLE_MISMATCH, BUNDLE_CORRUPT for
 * what does not fit, and INDEX_RECALL_TOO_LOW where the measured recall is under the gate.
 */
export async function verifyIndex(dir: string, options: VerifyOptions = {}): Promise<VerifyReport> {
  const { minRecall = DEFAULT_RECALL_GATE, queries, seed = 1, onProgress } = options;
  await checkIndexFolder(dir, 0);
  await loadBundle(join(dir, 'bundle'));
  // The graph's own recall, also where searches would compare all rows.
  const version = await openIndexVersion(dir, { recallGate: 0, exactProducts: 0, asKept: true });
  try {
    const descriptors = await readDescriptors(join(dir, descriptorFileOf(version.manifest)));
    const alike = checkVariety(descriptors, seed, dir);
    const recall = await measureRecall(version.index, descriptors, { queries, seed, onProgress });
    checkRecall(recall, minRecall, dir);
    return { manifest: version.manifest, recall, alike };
  } finally {
    await version.close();
  }
}
