// A region's tiles in a thread of their own: looks in, places out.
import type { Look } from '../describe/index.js';
import { type Held, type IndexSource, openThread, ThreadedIndex } from '../search/index.js';
import type { RequestWorker } from '../threads/index.js';
import type { PlaceHit } from './merge-places.js';
import type { PlaceQuestion, PlaceRequests, PlaceSetup } from './place-requests.js';

const SCRIPT = new URL('./place-worker.js', import.meta.url);

/** An index that can be asked for places, too. */
export class PlaceFinder extends ThreadedIndex {
  readonly #asking: RequestWorker<PlaceRequests>;

  protected constructor(setup: Held, worker: RequestWorker<PlaceRequests>) {
    super(setup, worker);
    this.#asking = worker;
  }

  /** Loads the index, whose row k is row k of the catalogue. Throws INDEX_CORRUPT as ThreadedIndex.open. */
  static override async open(
    source: IndexSource & Pick<PlaceSetup, 'catalogue' | 'map'>,
  ): Promise<PlaceFinder> {
    const { onDeath, onRecovered, ...setup } = source;
    return new PlaceFinder(setup, await openThread<PlaceRequests>(SCRIPT, setup, { onDeath, onRecovered }));
  }

  /** See findPlaces. */
  places(looks: readonly Look[], question: PlaceQuestion): Promise<readonly PlaceHit[]> {
    return this.#ask('places', looks, question);
  }

  /** See findTiles. */
  tiles(looks: readonly Look[], question: PlaceQuestion): Promise<readonly PlaceHit[]> {
    return this.#ask('tiles', looks, question);
  }

  async #ask(
    kind: 'places' | 'tiles',
    looks: readonly Look[],
    { k, prior, leastHits }: PlaceQuestion,
  ): Promise<readonly PlaceHit[]> {
    const descriptors = this.checked(
      looks.map(({ descriptor }) => descriptor),
      k,
    );
    const offsets = Float64Array.from(looks.flatMap(({ eastM, northM }) => [eastM, northM]));
    const transfer = [descriptors.buffer as ArrayBuffer, offsets.buffer as ArrayBuffer];
    const request = { offsets, descriptors, k, prior, leastHits };
    return this.answered(() => this.#asking.ask(kind, request, { transfer }));
  }
}
