// The regions a process serves. A new version is opened completely before it takes over, and the old one closes
// when the last request that uses it is done: a swap fails no request. Both are in memory meanwhile.

import { DEFAULT_ENGINE, type EngineChoice } from '../engines/index.js';
import { SkyfixError } from '../errors/index.js';
import { listRegions, readDefaultRegion, type SearchCluster } from '../versions/index.js';
import {
  healthOf,
  LifeBook,
  type PartLives,
  type RegionHealth,
  type RegionPart,
  recoveringError,
} from './health.js';
import type { LoadedRegion } from './loaded-region.js';
import { NetworkPool } from './network-pool.js';
import { type FileTrust, openRegionSlot, type RegionLease, type RegionSlot } from './region-slot.js';
import { mapOf, type RegionMap, type RegionSummary, summaryOf } from './region-summary.js';

export interface RegionServiceOptions {
  /** Compute threads per network. */
  readonly threads: number;
  /** Versions whose recorded recall@10 is lower are refused. */
  readonly minRecall?: number | undefined;
  readonly defaultRegion?: string | undefined;
  /** Searches the versions that were published to it; without it they are searched here as all others are. */
  readonly cluster?: SearchCluster | undefined;
  /**
   * A region whose cluster does not answer at the start is there all the same, recovering, and answers as soon as the cluster
   * does. Otherwise it cannot be opened, and a reload never waits: the old version goes on serving.
   */
  readonly clusterMayBeAway?: boolean | undefined;
  /** Default: files of 16 MiB and more that the user's cache folder knows. */
  readonly files?: FileTrust | undefined;
  /** Default: onnxruntime on the CPU. */
  readonly engine?: EngineChoice | undefined;
  /** Done to a region before it serves, so that its first request is as quick as its others. */
  readonly warm?: ((region: LoadedRegion) => Promise<void>) | undefined;
  /** Told about a region that could not be opened at the start, or whose files have changed; the others serve. */
  readonly onError?: ((region: string, error: unknown) => void) | undefined;
  /** Told when a network or an index dies (with its death) and when it is there again (without). */
  readonly onPart?: ((part: RegionPart, death?: Error) => void) | undefined;
}

/** How the reload of one region went: a summary, or why the old version goes on serving. */
export type ReloadOutcome =
  | { readonly region: string; readonly summary: RegionSummary; readonly error?: never }
  | { readonly region: string; readonly error: unknown; readonly summary?: never };

export class RegionService {
  readonly #dataDir: string;
  readonly #options: RegionServiceOptions;
  readonly #lives: LifeBook;
  readonly #pool: NetworkPool;
  readonly #slots = new Map<string, RegionSlot>();
  /** Reloads of one region run one after another. */
  readonly #reloads = new Map<string, Promise<unknown>>();
  readonly #retiring = new Set<Promise<void>>();
  /** What default.json named last, or the region that was alone. */
  #savedDefault: string | undefined;
  #closed = false;

  private constructor(dataDir: string, options: RegionServiceOptions) {
    this.#dataDir = dataDir;
    this.#options = options;
    this.#lives = new LifeBook(options.onPart);
    this.#pool = new NetworkPool({
      threads: options.threads,
      engine: options.engine,
      eventsOf: (part) => this.#lives.eventsOf(part),
    });
  }

  /**
   * Opens every region of a data folder. A region that cannot be opened goes to `onError`, the others serve;
   * throws the first error where none can be opened. A folder without regions gives a service that is not ready.
   */
  static async open(dataDir: string, options: RegionServiceOptions): Promise<RegionService> {
    const service = new RegionService(dataDir, options);
    let firstError: unknown;
    for (const name of await listRegions(dataDir)) {
      try {
        await service.#queued(name, options.clusterMayBeAway);
      } catch (error) {
        firstError ??= error;
        options.onError?.(name, error);
      }
    }
    if (service.#slots.size === 0 && firstError !== undefined) throw firstError;
    return service;
  }

  /** True when there is a region that answers now, and the configured default is among those served. */
  get ready(): boolean {
    return !this.#closed && !this.#lacksDefault() && this.health().some(({ ready }) => ready);
  }

  /** Throws what a caller should be told where no region answers: NOT_READY, or RECOVERING while parts are opened again. */
  checkReady(): void {
    if (this.ready) return;
    const [first] = this.health();
    if (first && this.#lacksDefault()) {
      const text = `The default region ${this.#options.defaultRegion} is not served; ${this.names.join(', ')} are.`;
      throw new SkyfixError('NOT_READY', text);
    }
    if (this.#closed || !first) throw new SkyfixError('NOT_READY', 'No region is loaded.');
    throw recoveringError(first);
  }

  /** Of each region, sorted by name, whether it answers now. */
  health(): readonly RegionHealth[] {
    return this.names.flatMap((name) => {
      const slot = this.#slots.get(name);
      return slot ? [healthOf(slot.region)] : [];
    });
  }

  /** Deaths and recoveries of networks and indexes since the start. */
  get partLives(): readonly PartLives[] {
    return this.#lives.lives;
  }

  /** Names of the regions that serve, sorted. */
  get names(): readonly string[] {
    return [...this.#slots.keys()].sort();
  }

  /** Pairs of networks in memory; regions with the same files share one. */
  get networksLoaded(): number {
    return this.#pool.count;
  }

  /**
   * A lease on a region: the named one, else the default, else the only one. Throws NOT_READY, REGION_UNKNOWN,
   * REGION_REQUIRED, and RECOVERING while a part of it is opened again.
   */
  acquire(name?: string): RegionLease {
    if (this.#closed || this.#slots.size === 0) throw new SkyfixError('NOT_READY', 'No region is loaded.');
    const wanted = name ?? this.#defaultName();
    if (wanted === undefined) {
      throw new SkyfixError('REGION_REQUIRED', `The regions are ${this.names.join(', ')}.`);
    }
    const slot = this.#slots.get(wanted);
    if (!slot) throw new SkyfixError('REGION_UNKNOWN', `There is no region ${JSON.stringify(wanted)}.`);
    const health = healthOf(slot.region);
    if (!health.ready) throw recoveringError(health);
    return slot.lease();
  }

  /**
   * Opens a region's current version and swaps it in; a region published since the start is added. Throws what
   * opening and warming throw; the old version then goes on serving. Resolves at the swap, not when the old one is closed.
   */
  reload(name: string): Promise<RegionSummary> {
    return this.#queued(name);
  }

  #queued(name: string, clusterMayBeAway = false): Promise<RegionSummary> {
    const before = this.#reloads.get(name) ?? Promise.resolve();
    const reloading = before.catch(() => {}).then(() => this.#swap(name, clusterMayBeAway));
    this.#reloads.set(name, reloading);
    const forget = () => {
      if (this.#reloads.get(name) === reloading) this.#reloads.delete(name);
    };
    reloading.then(forget, forget);
    return reloading;
  }

  /** Reloads every region of the data folder, one after another; tells of each how it went. */
  async reloadAll(): Promise<readonly ReloadOutcome[]> {
    const outcomes: ReloadOutcome[] = [];
    for (const region of await listRegions(this.#dataDir)) {
      try {
        outcomes.push({ region, summary: await this.reload(region) });
      } catch (error) {
        outcomes.push({ region, error });
      }
    }
    return outcomes;
  }

  /** What each region serves, sorted by name. */
  summaries(): readonly RegionSummary[] {
    return this.names.flatMap((name) => {
      const slot = this.#slots.get(name);
      return slot ? [this.#summaryOf(slot)] : [];
    });
  }

  /** What maps show of a region, also while a part of it is opened again. Throws REGION_UNKNOWN. */
  mapOf(name: string): RegionMap {
    const slot = this.#slots.get(name);
    if (!slot) throw new SkyfixError('REGION_UNKNOWN', `There is no region ${JSON.stringify(name)}.`);
    return mapOf(slot, this.#summaryOf(slot));
  }

  /** Stops giving leases, waits for those given and closes everything. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#reloads.values());
    for (const slot of this.#slots.values()) this.#retire(slot);
    this.#slots.clear();
    await Promise.all(this.#retiring);
  }

  async #swap(name: string, clusterMayBeAway: boolean): Promise<RegionSummary> {
    if (this.#closed) throw new SkyfixError('NOT_READY', 'The server is stopping.');
    const fresh = await openRegionSlot(this.#dataDir, name, {
      pool: this.#pool,
      minRecall: this.#options.minRecall,
      cluster: this.#options.cluster,
      clusterMayBeAway,
      files: this.#options.files,
      indexEvents: this.#lives.eventsOf('index'),
    });
    try {
      await this.#options.warm?.(fresh.region);
    } catch (error) {
      // Its networks are warm by then; the search is what could not be tried.
      const waits = clusterMayBeAway && fresh.region.version.index.state === 'recovering';
      if (!waits || !(error instanceof SkyfixError && error.code === 'RECOVERING')) {
        await fresh.retire();
        throw error;
      }
    }
    const old = this.#slots.get(name);
    this.#slots.set(name, fresh);
    if (old) this.#retire(old);
    void this.#recheck(fresh);
    await this.#readDefault();
    return this.#summaryOf(fresh);
  }

  /** A version of which the disk has changed a file since it was first opened is served no longer. */
  async #recheck(slot: RegionSlot): Promise<void> {
    const { name } = slot.region;
    try {
      await slot.recheck();
    } catch (error) {
      if (slot.retired) return;
      this.#options.onError?.(name, error);
      if (this.#slots.get(name) === slot) this.#slots.delete(name);
      this.#retire(slot);
    }
  }

  /** The default that was stays where none is named, also beside a second region. */
  async #readDefault(): Promise<void> {
    try {
      this.#savedDefault = (await readDefaultRegion(this.#dataDir)) ?? this.#savedDefault;
    } catch (error) {
      this.#options.onError?.('default', error);
    }
  }

  #lacksDefault(): boolean {
    const { defaultRegion } = this.#options;
    return defaultRegion !== undefined && !this.#slots.has(defaultRegion);
  }

  #retire(slot: RegionSlot): void {
    const done = slot.retire().catch((error) => this.#options.onError?.(slot.region.name, error));
    this.#retiring.add(done);
    done.finally(() => this.#retiring.delete(done));
  }

  #defaultName(): string | undefined {
    const { defaultRegion } = this.#options;
    if (defaultRegion !== undefined) return defaultRegion;
    if (this.#savedDefault !== undefined && this.#slots.has(this.#savedDefault)) return this.#savedDefault;
    return this.#slots.size === 1 ? this.names[0] : undefined;
  }

  #summaryOf(slot: RegionSlot): RegionSummary {
    const { notes } = this.#options.engine ?? DEFAULT_ENGINE;
    return summaryOf(slot, this.#defaultName() === slot.region.name, notes);
  }
}
