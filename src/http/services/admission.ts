// The line: all requests whose upload has begun, until their work has ended. Who comes and could not be answered within the
// budget behind those before it is told so at once, before its upload is read; so the line stays short, and those in it are
// answered in time.
import { refusal } from '../../errors/index.js';
import { ServiceTimes } from './service-times.js';

export interface AdmissionLimits {
  /** Requests worked on at once. */
  readonly concurrency: number;
  /** Requests that may wait, whatever is expected of them. */
  readonly queueSize: number;
  /** From the first byte to the answer; 0: whatever it takes. */
  readonly budgetMs: number;
}

/** One request's place; end() exactly once, however it ends. */
export interface PlaceInLine {
  /** Bytes of its upload have come: the first take the place. Throws QUEUE_FULL as check does. */
  received(): void;
  /** Its upload is there, and says for which region it is, and perhaps that a heading has to be searched for. */
  uploaded(region?: string, searchesHeading?: boolean): void;
  /** Work begins. */
  begin(): void;
  /** Work for `region` was done; with a search for the heading it says nothing of work without one. */
  done(region: string, searchedHeading?: boolean): void;
  end(): void;
}

type Stage = 'uploading' | 'waiting' | 'working';

interface Entry {
  region: string | undefined;
  searchesHeading: boolean;
  stage: Stage;
  /** When the stage began. */
  since: number;
}

export interface AdmissionParts {
  readonly now?: () => number;
  readonly times?: ServiceTimes;
}

export class Admission {
  readonly times: ServiceTimes;
  /** Of requests whose heading was searched for: many times as long. */
  readonly searchTimes = new ServiceTimes();
  readonly #limits: AdmissionLimits;
  readonly #now: () => number;
  readonly #line = new Set<Entry>();

  /** `now` in milliseconds. */
  constructor(
    limits: AdmissionLimits,
    { now = () => performance.now(), times = new ServiceTimes() }: AdmissionParts = {},
  ) {
    this.times = times;
    this.#limits = limits;
    this.#now = now;
  }

  /** Milliseconds until work would begin for a request that came now, as far as times are known. */
  get expectedWaitMs(): number {
    const ahead = this.#ahead();
    const { concurrency } = this.#limits;
    if (ahead.length < concurrency) return 0;
    return ahead.reduce((sum, entry) => sum + this.#leftMs(entry), 0) / concurrency;
  }

  /** Throws QUEUE_FULL where a request that came now would wait too long. */
  check(region?: string): void {
    const { concurrency, queueSize, budgetMs } = this.#limits;
    const ahead = this.#ahead().length;
    if (ahead < concurrency) return;
    if (ahead >= concurrency + queueSize) {
      throw refusal('QUEUE_FULL', `${ahead} requests are being worked on or wait.`);
    }
    // One may always wait, or workers would stand idle between two requests.
    if (budgetMs === 0 || ahead === concurrency) return;
    const expectedMs = this.expectedWaitMs + (this.times.expectedMs(region) ?? 0);
    if (expectedMs <= budgetMs) return;
    throw refusal(
      'QUEUE_FULL',
      `An answer would take about ${Math.round(expectedMs)} ms behind ${ahead} requests; the budget is ${budgetMs} ms.`,
    );
  }

  /** Whole seconds, at least one, after which those who are in the line now will have gone. */
  get retryAfterSeconds(): number {
    return Math.max(1, Math.ceil(this.expectedWaitMs / 1000));
  }

  /**
   * A request whose headers are there. Throws QUEUE_FULL as check does: nothing is read for nothing. Headers alone hold no
   * place.
   */
  open(region?: string): PlaceInLine {
    this.check(region);
    const entry: Entry = { region, searchesHeading: false, stage: 'uploading', since: this.#now() };
    const goOn = (stage: Stage) => {
      entry.stage = stage;
      entry.since = this.#now();
      this.#line.add(entry);
    };
    return {
      received: () => {
        if (this.#line.has(entry)) return;
        this.check(region);
        goOn('uploading');
      },
      uploaded: (named, searchesHeading = false) => {
        entry.region = named ?? region;
        entry.searchesHeading = searchesHeading;
        goOn('waiting');
      },
      begin: () => goOn('working'),
      done: (of, searchedHeading = false) =>
        (searchedHeading ? this.searchTimes : this.times).note(of, this.#now() - entry.since),
      end: () => this.#line.delete(entry),
    };
  }

  /** Those that keep others waiting: not the uploads that are slower than the budget, or they could close the door. */
  #ahead(): readonly Entry[] {
    const now = this.#now();
    const patienceMs = this.#limits.budgetMs || SLOW_UPLOAD_MS;
    return [...this.#line].filter(({ stage, since }) => stage !== 'uploading' || now - since < patienceMs);
  }

  #leftMs({ region, searchesHeading, stage, since }: Entry): number {
    const searchMs = searchesHeading ? this.searchTimes.expectedMs(region) : undefined;
    const expectedMs = searchMs ?? this.times.expectedMs(region) ?? 0;
    return stage === 'working' ? Math.max(0, expectedMs - (this.#now() - since)) : expectedMs;
  }
}

/** Without a budget: so long an upload counts as one that will be there at once. */
const SLOW_UPLOAD_MS = 1000;
