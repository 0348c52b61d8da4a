// Which engine is the fastest differs from processor to processor and from network to network. So the candidates are timed,
// once: what was found is kept, for as long as network, engines, processor and threads are the same.
import { cpus } from 'node:os';
import { join } from 'node:path';
import { sha256OfFile, userCacheFolder } from '../files/index.js';
import { type EngineChoice, type EngineTiming, nameOfChoice } from './choice.js';
import type { EngineOptions, InferenceEngine } from './engine.js';
import { KeptRecord } from './kept-record.js';

/**
 * The best of so many runs counts: what else a machine does makes runs slower, never faster. Quick networks get more of
 * them, as many as fit into the time.
 */
const ROUNDS = { least: 4, most: 25, withinMs: 1_500 };
/** A candidate that is named earlier stays, unless another is faster by more than this. */
const CLEARLY = 1.05;

export type Opener = (choice: EngineChoice, path: string, options: EngineOptions) => Promise<InferenceEngine>;

/** An engine, and the form of the network that it would run. */
export interface Candidate {
  readonly choice: EngineChoice;
  readonly path: string;
}

/**
 * The network under the candidate that runs `shape` fastest; candidates that cannot open or run it are none. Throws what the
 * first candidate throws where no one can.
 */
export async function openFastest(
  candidates: readonly Candidate[],
  options: EngineOptions & { readonly typicalShape: readonly number[] },
  open: Opener,
  folder: string = join(userCacheFolder(), 'timings'),
): Promise<InferenceEngine> {
  const { typicalShape: shape, threads } = options;
  const names = candidates.map(({ choice }) => nameOfChoice(choice));
  const files = new Map<string, string>();
  for (const { path } of candidates) {
    if (!files.has(path)) files.set(path, await sha256OfFile(path));
  }
  const circumstances = [[...files.values()], names, shape, threads, cpus().map(({ model }) => model)];
  const record = new KeptRecord(folder, circumstances);
  const kept = await record.read((value) => timingsOf(value, names));
  if (kept) return opened(candidates, kept, options, open);
  const timings = await alone(() => timeAll(candidates, options, open));
  // One that did not run may do so another time: only what is complete is kept.
  if (timings.length === candidates.length) await record.write(timings);
  return opened(candidates, timings, options, open);
}

let before: Promise<unknown> = Promise.resolve();

/** One network of the process is timed at a time. */
function alone<T>(work: () => Promise<T>): Promise<T> {
  const mine = before.then(work);
  before = mine.catch(() => {});
  return mine;
}

async function opened(
  candidates: readonly Candidate[],
  timings: readonly EngineTiming[],
  options: EngineOptions,
  open: Opener,
): Promise<InferenceEngine> {
  const best = timings.reduce((a, b) => (b.ms * CLEARLY < a.ms ? b : a));
  const found = candidates.find(({ choice }) => nameOfChoice(choice) === best.engine);
  if (!found) throw new Error(`${best.engine} is no candidate`);
  const engine = await open(found.choice, found.path, options);
  return Object.assign(engine, { timings });
}

/** Those that run, each with its best time; they take turns, so that a busy machine slows them alike. */
async function timeAll(
  candidates: readonly Candidate[],
  { threads, typicalShape: shape, takesBytes }: EngineOptions & { readonly typicalShape: readonly number[] },
  open: Opener,
): Promise<readonly EngineTiming[]> {
  const count = shape.reduce((product, n) => product * n, 1);
  const input = takesBytes
    ? { data: new Uint8Array(count).fill(128), shape }
    : { data: new Float32Array(count).fill(0.5), shape };
  const running = new Map<EngineChoice, { engine: InferenceEngine; ms: number }>();
  let firstError: unknown;
  try {
    for (const { choice, path } of candidates) {
      try {
        running.set(choice, { engine: await open(choice, path, { threads }), ms: Number.POSITIVE_INFINITY });
      } catch (error) {
        firstError ??= error;
      }
    }
    const begun = performance.now();
    for (let round = -1; round < ROUNDS.most; round++) {
      if (round >= ROUNDS.least && performance.now() - begun > ROUNDS.withinMs) break;
      for (const [choice, entry] of running) {
        const started = performance.now();
        try {
          await entry.engine.run(input);
        } catch (error) {
          firstError ??= error;
          running.delete(choice);
          await entry.engine.close();
          continue;
        }
        // The first prepares.
        if (round >= 0) entry.ms = Math.min(entry.ms, performance.now() - started);
      }
    }
    if (running.size === 0) throw firstError;
    return [...running].map(([choice, { ms }]) => ({
      engine: nameOfChoice(choice),
      ms: Number(ms.toFixed(2)),
    }));
  } finally {
    await Promise.all([...running.values()].map(({ engine }) => engine.close()));
  }
}

/** What is kept, where it is whole and about these engines. */
function timingsOf(value: unknown, names: readonly string[]): readonly EngineTiming[] | undefined {
  const timings = value as readonly EngineTiming[];
  const whole = timings.every(({ engine, ms }) => names.includes(engine) && Number.isFinite(ms));
  return whole && timings.length === names.length ? timings : undefined;
}
