// What a run's networks cost: parameters and operations, the time of a query, and the time of training.
import { encoderCost, generatorCost, gridEncoderCost } from '../evaluation/index.js';
import type { PreparedArea } from '../images/index.js';
import { type RunResult, readStageSeconds } from '../runs/index.js';
import { describe, viewsInMemory } from '../stages/index.js';
import { joinStores } from '../stores/index.js';
import { profileOf } from './networks-of.js';
import type { RunContext } from './run-context.js';
import type { Trained } from './train-stages.js';

const QUERIES_TIMED = 9;

export async function costOf(
  { config, dir }: RunContext,
  trained: Trained,
  area: PreparedArea,
): Promise<RunResult['cost']> {
  const seconds = await readStageSeconds(dir);
  const { encoder } = trained;
  const profile = profileOf(config);
  return {
    ...(trained.made && { generator: generatorCost(profile.generator) }),
    encoder:
      'config' in encoder
        ? encoderCost(encoder.config)
        : gridEncoderCost({ ...encoder, head: encoder.head() }),
    queryMs: await medianQueryMs(trained, area),
    trainSeconds: Object.fromEntries(Object.entries(seconds).map(([stage, { total }]) => [stage, total])),
  };
}

/** What the networks take for one query, in the training runtime: the median of some. */
async function medianQueryMs({ encoder, made }: Trained, area: PreparedArea): Promise<number> {
  const one = joinStores(area.gallery);
  const times: number[] = [];
  for (let k = 0; k < QUERIES_TIMED; k++) {
    const query = {
      ...one,
      count: 1,
      read: (_: number, out: Uint8Array, at?: number) => one.read(k % one.count, out, at),
    };
    const started = performance.now();
    await describe(encoder, made ? await viewsInMemory(made.generator, query) : query);
    times.push(performance.now() - started);
  }
  return times.sort((a, b) => a - b)[QUERIES_TIMED >> 1] ?? Number.NaN;
}
