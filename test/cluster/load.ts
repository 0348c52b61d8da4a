// Questions that go on while things happen to a cluster, and what became of them.
import { SkyfixError } from '../../src/errors/index.js';

/** right: as exact search has it. refused: with an error that says "later". */
export type Outcome = 'right' | 'wrong' | 'refused';

export interface LoadResult {
  readonly right: number;
  readonly wrong: number;
  readonly refused: number;
  /** Of an answer that was given. */
  readonly slowestMs: number;
  readonly medianMs: number;
}

/** A line of what happened: what became of the questions, or how long it took. */
export type Note = (
  what: string,
  result: Partial<LoadResult> & { readonly lost?: number; readonly seconds?: number },
) => void;

const LATER = new Set(['RECOVERING', 'CLUSTER_UNAVAILABLE']);
/** So many ask at a time. */
const ASKERS = 4;

/** Asks until `during` ends. An error that does not say "later" is thrown. */
export async function underLoad(
  ask: (number: number) => Promise<boolean>,
  during: () => Promise<void>,
): Promise<LoadResult> {
  const counts = { right: 0, wrong: 0, refused: 0 };
  const times: number[] = [];
  let goesOn = true;
  let next = 0;
  const asker = async () => {
    while (goesOn) {
      const started = performance.now();
      const outcome = await outcomeOf(ask(next++));
      counts[outcome]++;
      if (outcome !== 'refused') times.push(performance.now() - started);
      // Who is refused comes again later, as Retry-After says.
      else await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const askers = Promise.all(Array.from({ length: ASKERS }, asker));
  try {
    await during();
  } finally {
    goesOn = false;
  }
  await askers;
  times.sort((a, b) => a - b);
  const medianMs = times[Math.floor(times.length / 2)] ?? Number.NaN;
  return { ...counts, slowestMs: times[times.length - 1] ?? Number.NaN, medianMs };
}

async function outcomeOf(answer: Promise<boolean>): Promise<Outcome> {
  try {
    return (await answer) ? 'right' : 'wrong';
  } catch (error) {
    if (error instanceof SkyfixError && LATER.has(error.code)) return 'refused';
    throw error;
  }
}
