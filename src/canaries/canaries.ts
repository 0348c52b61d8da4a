// Canaries: panoramas whose place is known, asked from time to time like any other, so that an operator sees when answers get
// worse: a bad bundle, imagery that is out of date, a broken deployment. They take no place of a client's: one at a time, and
// only while nobody is being answered.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SkyfixError } from '../errors/index.js';
import { distanceM } from '../geometry/index.js';
import { type LocatedPanorama, type locate, readLocatedPanoramas } from '../locate/index.js';
import type { RegionService } from '../regions/index.js';

/** What the last round told. */
export interface CanaryReport {
  /** Canaries that were answered, and those that could not be. */
  readonly answered: number;
  readonly failed: number;
  /** Share of all of them whose first answer lies within 25 m. */
  readonly recall: number;
  /** Of the first answers, metres; NaN where none was answered. */
  readonly medianErrorM: number;
  /** When the round ended, seconds since 1970. */
  readonly endedAt: number;
}

export interface CanaryOptions {
  readonly panoramas: readonly LocatedPanorama[];
  readonly regions: Pick<RegionService, 'acquire'>;
  readonly locate: typeof locate;
  /** From the beginning of one round to that of the next. */
  readonly everyMs: number;
  /** True while no client is being answered or waits. */
  readonly idle: () => boolean;
  /** Told of a canary that could not be asked for. */
  readonly onFailed?: ((file: string, error: unknown) => void) | undefined;
  readonly now?: () => number;
}

/** As far off a first answer still counts. */
const NEAR_M = 25;
/** How often a canary looks whether it may be asked. */
const LOOK_MS = 100;

/** Reads FOLDER/*.csv, of which there must be one. Throws CONFIG_INVALID, PANORAMA_LIST_INVALID. */
export async function readCanaries(folder: string): Promise<readonly LocatedPanorama[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw new SkyfixError('CONFIG_INVALID', `SKYFIX_CANARIES is ${folder}, which cannot be read.`, {
      cause: error,
    });
  });
  const lists = names.filter((name) => name.endsWith('.csv'));
  const [list] = lists;
  if (list === undefined || lists.length > 1) {
    const found = lists.length === 0 ? 'none' : lists.join(', ');
    throw new SkyfixError(
      'CONFIG_INVALID',
      `SKYFIX_CANARIES is ${folder}, which must hold one list (.csv); it holds ${found}.`,
    );
  }
  return readLocatedPanoramas(join(folder, list));
}

export class Canaries {
  readonly #options: CanaryOptions;
  readonly #stop = new AbortController();
  #report: CanaryReport | undefined;
  #running: Promise<void> | undefined;

  constructor(options: CanaryOptions) {
    this.#options = options;
  }

  /** Of the last round that came to its end; undefined before the first did. */
  get report(): CanaryReport | undefined {
    return this.#report;
  }

  /** Begins the first round at once. */
  start(): void {
    this.#running ??= this.#rounds();
  }

  /** Resolves when the canary that is being asked for is answered. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #rounds(): Promise<void> {
    const { everyMs, now = Date.now } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const begun = now();
      await this.round();
      await pause(Math.max(LOOK_MS, begun + everyMs - now()), signal);
    }
  }

  /** Asks for each once. A round that is stopped half-way tells nothing. */
  async round(): Promise<void> {
    const { panoramas, onFailed, now = Date.now } = this.#options;
    const errorsM: number[] = [];
    let failed = 0;
    for (const panorama of panoramas) {
      await this.#untilIdle();
      if (this.#stop.signal.aborted) return;
      try {
        errorsM.push(await this.#ask(panorama));
      } catch (error) {
        failed++;
        onFailed?.(panorama.file, error);
      }
    }
    this.#report = reportOf(errorsM, failed, now() / 1000);
  }

  async #untilIdle(): Promise<void> {
    const { signal } = this.#stop;
    while (!this.#options.idle() && !signal.aborted) await pause(LOOK_MS, signal);
  }

  /** How far off the first answer is, metres; infinite where there is none. */
  async #ask({ file, headingDeg, ...truth }: LocatedPanorama): Promise<number> {
    const { regions, locate: ask } = this.#options;
    const image = await readFile(file);
    const lease = regions.acquire();
    try {
      const { results } = await ask(lease.region, image, { top: 1, distinct: true, headingDeg });
      const [first] = results;
      return first ? distanceM(first, truth) : Number.POSITIVE_INFINITY;
    } finally {
      lease.release();
    }
  }
}

function reportOf(errorsM: readonly number[], failed: number, endedAt: number): CanaryReport {
  const sorted = [...errorsM].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const medianErrorM =
    ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2;
  const right = sorted.filter((errorM) => errorM <= NEAR_M).length;
  const all = sorted.length + failed;
  return { answered: sorted.length, failed, recall: right / all, medianErrorM, endedAt };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
