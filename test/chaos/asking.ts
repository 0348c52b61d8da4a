// A client that asks without a pause and keeps count of what it is told.
import { noisePanorama, pngOf } from '../support/tiny-region.js';

export interface Told {
  /** The right place. */
  right: number;
  /** 503 with Retry-After: try again. */
  later: number;
  /** The connection was refused or cut. */
  cut: number;
  /** What must not be: a wrong place, an unknown version, another status; as sentences. */
  readonly faults: string[];
}

export interface Client {
  readonly told: Told;
  /** Asks once; true where the answer is the right place. */
  ask(): Promise<boolean>;
  /** Asks until stop() is called. */
  start(): void;
  stop(): Promise<void>;
}

/** `url` is where the server is now; `mayBeCut` whether a cut connection is nobody's fault at this moment. */
export function openClient(options: {
  readonly url: () => string;
  readonly versions: ReadonlySet<string>;
  readonly mayBeCut: () => boolean;
}): Client {
  const told: Told = { right: 0, later: 0, cut: 0, faults: [] };
  let asked = 0;
  let asking: Promise<void> | undefined;
  let stopping = false;
  const ask = async (): Promise<boolean> => {
    const seed = asked++ % 10;
    const body = await pngOf(noisePanorama(seed));
    const couldBeCut = options.mayBeCut();
    try {
      const response = await fetch(`${options.url()}/locate?headingDeg=0&top=1`, {
        method: 'POST',
        headers: { 'content-type': 'image/png' },
        body,
        signal: AbortSignal.timeout(20_000),
      });
      const text = await response.text();
      if (response.status === 503 && response.headers.has('retry-after')) {
        told.later++;
        return false;
      }
      if (response.status !== 200) return fault(`${response.status}: ${text}`);
      const answer = JSON.parse(text) as { indexVersion: string; results: { tile: string }[] };
      if (!options.versions.has(answer.indexVersion)) return fault(`unknown version: ${text}`);
      if (answer.results[0]?.tile !== `place-${seed}`) return fault(`place-${seed} asked: ${text}`);
      told.right++;
      return true;
    } catch (error) {
      if (!couldBeCut && !options.mayBeCut()) return fault(`${error} (${(error as Error).cause})`);
      told.cut++;
      return false;
    }
  };
  const fault = (what: string) => {
    told.faults.push(what);
    return false;
  };
  const askOn = async () => {
    while (!stopping) if (!(await ask())) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  return {
    told,
    ask,
    start: () => {
      asking = askOn();
    },
    stop: async () => {
      stopping = true;
      await asking;
    },
  };
}
