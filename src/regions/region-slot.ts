// One opened version of a region, counted: it closes when it is retired and its last lease is released.

import { type BundleGeometry, bevGeometryOf, cameraHeightsOf, loadBundle } from '../bundles/index.js';
import { SkyfixError } from '../errors/index.js';
import { BevTableCache, bevTableBytes, DEFAULT_TABLE_BYTES } from '../geometry/index.js';
import type { LifeEvents } from '../threads/index.js';
import {
  type CheckFilesOptions,
  currentVersion,
  markServing,
  openIndexVersion,
  recheckFiles,
  type SearchCluster,
  type ServingMark,
  versionDir,
} from '../versions/index.js';
import type { LoadedRegion } from './loaded-region.js';
import type { NetworkPool, SharedNetworks } from './network-pool.js';

export type FileTrust = Omit<CheckFilesOptions, 'trustSeen'>;

/** Permission to use a region; release() exactly once, also after an error. */
export interface RegionLease {
  readonly region: LoadedRegion;
  release(): void;
}

export class RegionSlot {
  readonly region: LoadedRegion;
  readonly openedAt: Date;
  readonly #networks: SharedNetworks;
  readonly #mark: ServingMark;
  readonly #files: FileTrust;
  #leases = 0;
  #retired = false;
  #closing: Promise<void> | undefined;
  readonly #rechecking = new AbortController();
  readonly #closed: Promise<void>;
  #resolveClosed: (done: Promise<void>) => void = () => {};

  constructor(
    region: LoadedRegion,
    networks: SharedNetworks,
    mark: ServingMark,
    openedAt: Date,
    files: FileTrust = {},
  ) {
    this.region = region;
    this.openedAt = openedAt;
    this.#networks = networks;
    this.#mark = mark;
    this.#files = files;
    this.#closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  /** Requests that use it now. */
  get leases(): number {
    return this.#leases;
  }

  lease(): RegionLease {
    this.#leases++;
    let released = false;
    return {
      region: this.region,
      release: () => {
        if (released) return;
        released = true;
        this.#leases--;
        this.#closeWhenUnused();
      },
    };
  }

  get retired(): boolean {
    return this.#retired;
  }

  /**
   * Reads again, at leisure, the files that were believed when it was opened. Throws INDEX_CORRUPT where the disk has changed
   * one; ends with an error, too, when it is retired.
   */
  recheck(): Promise<void> {
    const { dir, manifest, trusted } = this.region.version;
    const { signal } = this.#rechecking;
    return recheckFiles(dir, manifest, trusted, { ...this.#files, signal });
  }

  /** No new leases will come. Resolves when the last one is released and everything is closed. */
  retire(): Promise<void> {
    this.#retired = true;
    this.#rechecking.abort();
    this.#closeWhenUnused();
    return this.#closed;
  }

  #closeWhenUnused(): void {
    if (!this.#retired || this.#leases > 0 || this.#closing) return;
    const parts = [this.region.version.close(), this.#networks.release(), this.#mark.release()];
    this.#closing = Promise.all(parts).then(() => {});
    this.#resolveClosed(this.#closing);
  }
}

export interface SlotOptions {
  readonly pool: NetworkPool;
  /** Lowest recall that is accepted. */
  readonly minRecall?: number | undefined;
  /** Where versions that were published to a cluster are searched. */
  readonly cluster?: SearchCluster | undefined;
  /** Whether a version is opened while its cluster does not answer. */
  readonly clusterMayBeAway?: boolean | undefined;
  /** Which large files are believed by what was found earlier; see checkFiles. */
  readonly files?: FileTrust | undefined;
  /** What the index reports its deaths and recoveries to. */
  readonly indexEvents?: LifeEvents | undefined;
}

/**
 * Opens a region's current version with its bundle and networks, everything verified. Throws REGION_UNKNOWN,
 * INDEX_MISSING, INDEX_CORRUPT, INDEX_BUNDLE_MISMATCH, INDEX_RECALL_TOO_LOW, BUNDLE_MISSING, BUNDLE_CORRUPT,
 * BUNDLE_INPUT_UNSUPPORTED; then nothing stays open.
 */
export async function openRegionSlot(
  dataDir: string,
  name: string,
  options: SlotOptions,
): Promise<RegionSlot> {
  for (let failed: { readonly version: string; readonly error: unknown } | undefined; ; ) {
    const pointer = await currentVersion(dataDir, name);
    if (!pointer) throw new SkyfixError('REGION_UNKNOWN', `There is no region ${JSON.stringify(name)}.`);
    // While it was being opened the pointer may have moved on, and the version been removed: then the new one is opened.
    if (failed?.version === pointer.version) throw failed.error;
    // Marked before it is opened, so that no publisher removes it in between.
    const mark = await markServing(dataDir, name, pointer.version);
    try {
      return await openVersion(dataDir, name, pointer.version, options, mark);
    } catch (error) {
      await mark.release();
      failed = { version: pointer.version, error };
    }
  }
}

async function openVersion(
  dataDir: string,
  name: string,
  versionName: string,
  { pool, minRecall, cluster, clusterMayBeAway, indexEvents, files }: SlotOptions,
  mark: ServingMark,
): Promise<RegionSlot> {
  const dir = versionDir(dataDir, name, versionName);
  const version = await openIndexVersion(dir, {
    ...indexEvents,
    ...files,
    trustSeen: true,
    cluster,
    clusterMayBeAway,
    ...(minRecall !== undefined && { recallGate: minRecall }),
  });
  try {
    const bundle = await loadBundle(version.bundleDir);
    const shared = await pool.acquire(bundle);
    const region = {
      name,
      bundle,
      networks: shared.networks,
      version,
      tables: tablesFor(bundle.manifest.geometry),
    };
    return new RegionSlot(region, shared, mark, new Date(), files);
  } catch (error) {
    await version.close();
    throw error;
  }
}

/** Kinds of panoramas (their sizes) whose sampling tables are kept beside each other, at least. */
const KINDS_OF_PANORAMAS = 3;

/** Room for the tables of all camera heights that the bundle assumes. */
function tablesFor(geometry: BundleGeometry): BevTableCache {
  const heights = cameraHeightsOf(geometry).length;
  return new BevTableCache(
    Math.max(DEFAULT_TABLE_BYTES, KINDS_OF_PANORAMAS * heights * bevTableBytes(bevGeometryOf(geometry))),
  );
}
