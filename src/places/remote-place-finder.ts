// A region's tiles in a cluster. While the cluster does not answer as a whole nothing is asked of it but whether it does again
// (a circuit breaker): requests are refused at once instead of waiting for their deadline.
import { SkyfixError } from '../errors/index.js';
import { type LifeEvents, Pacer, type PartState, RESTART_PACE, RequestWorker } from '../threads/index.js';
import type { CollectionPlace } from '../weaviate/index.js';
import { PlaceFinder } from './place-finder.js';
import type { RemotePlaceRequests, RemotePlaceSetup } from './place-requests.js';

const SCRIPT = new URL('./remote-place-worker.js', import.meta.url);

export interface RemotePlaceSource extends RemotePlaceSetup, LifeEvents {
  /** Opened also where the cluster is away: then it is recovering, and ready as soon as the cluster is there. */
  readonly mayBeAway?: boolean | undefined;
  /** Where the rows are by now: read before the cluster is asked whether it is there again. */
  readonly placeNow?: (() => Promise<CollectionPlace | undefined>) | undefined;
}

export class RemotePlaceFinder extends PlaceFinder {
  readonly #worker: RequestWorker<RemotePlaceRequests>;
  readonly #collection: string;
  readonly #events: LifeEvents;
  readonly #placeNow: RemotePlaceSource['placeNow'];
  readonly #pacer = new Pacer(RESTART_PACE);
  /** Why nothing is asked. */
  #open: SkyfixError | undefined;
  #probing: NodeJS.Timeout | undefined;

  private constructor(source: RemotePlaceSource, worker: RequestWorker<RemotePlaceRequests>) {
    const count = source.catalogue.columns.lons.length;
    const { collection: path, dimensions, projection } = source;
    super({ path, descriptors: { count, dimensions }, projection }, worker);
    this.#worker = worker;
    this.#collection = source.collection;
    this.#events = source;
    this.#placeNow = source.placeNow;
  }

  /**
   * Throws CLUSTER_UNAVAILABLE where the cluster has not all of the collection, or does not answer, unless it may be away.
   */
  static async openRemote(source: RemotePlaceSource): Promise<RemotePlaceFinder> {
    const { onDeath, onRecovered, mayBeAway, placeNow: _, ...setup } = source;
    let finder: RemotePlaceFinder | undefined;
    const worker = new RequestWorker<RemotePlaceRequests>(SCRIPT, {
      of: `the collection ${source.collection}`,
      setup,
      restart: RESTART_PACE,
      onDeath,
      onRecovered: () => {
        if (finder) finder.#threadIsBack();
      },
    });
    await worker.opened;
    finder = new RemotePlaceFinder(source, worker);
    try {
      await worker.ask('probe', {});
    } catch (error) {
      if (mayBeAway && isUnavailable(error)) finder.#lose(error);
      else {
        await finder.close();
        throw error;
      }
    }
    return finder;
  }

  override get state(): PartState {
    const state = super.state;
    return state === 'ready' && this.#open ? 'recovering' : state;
  }

  override get trouble(): string | undefined {
    return this.#open?.detail;
  }

  override async close(): Promise<void> {
    clearTimeout(this.#probing);
    await super.close();
  }

  /** What the cluster could not answer is RECOVERING, and so is all that is asked before it answers again. */
  protected override async answered<A>(ask: () => Promise<A>): Promise<A> {
    if (super.state === 'ready' && this.#open) throw this.#recovering(this.#open);
    try {
      return await super.answered(ask);
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      this.#lose(error);
      throw this.#recovering(error);
    }
  }

  #recovering(cause: SkyfixError): SkyfixError {
    const why = `The collection ${this.#collection} cannot be searched as a whole. ${cause.detail}`;
    return new SkyfixError('RECOVERING', why, { cause });
  }

  #lose(error: SkyfixError): void {
    if (this.#open || super.state !== 'ready') return;
    this.#open = error;
    this.#events.onDeath?.(error);
    this.#probeLater();
  }

  /** A fresh thread has not seen the cluster, and trusts no node. */
  #threadIsBack(): void {
    // Whoever waits for the cluster already asks again.
    if (this.#open) return;
    this.#open = new SkyfixError('CLUSTER_UNAVAILABLE', 'The cluster has not been asked yet.');
    void this.#probe();
  }

  #probeLater(): void {
    this.#probing = setTimeout(() => void this.#probe(), this.#pacer.nextDelayMs()).unref();
  }

  async #probe(): Promise<void> {
    try {
      await this.#worker.ask('probe', { place: await this.#placeNow?.() });
    } catch (error) {
      if (this.#open && isUnavailable(error)) this.#open = error;
      if (super.state !== 'closed') this.#probeLater();
      return;
    }
    this.#open = undefined;
    this.#events.onRecovered?.();
  }
}

function isUnavailable(error: unknown): error is SkyfixError {
  return error instanceof SkyfixError && error.code === 'CLUSTER_UNAVAILABLE';
}
