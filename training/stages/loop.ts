// The loop every stage shares: steps, checkpoints, progress, and the stop at a loss that is not a number.
import { SkyfixError } from 'skyfix/errors';
import type { NamedArray } from '../networks/index.js';
import { loadCheckpoint, saveCheckpoint } from './checkpoint.js';

/** Anything with a state to keep: a network's parameters, an optimiser, a history pool. */
export interface Stateful {
  toArrays(): Record<string, NamedArray>;
  load(arrays: Readonly<Record<string, NamedArray>>): void;
}

export interface StepReport {
  readonly step: number;
  readonly steps: number;
  readonly losses: Readonly<Record<string, number>>;
}

export interface StageHooks {
  /** Checkpoint file; no checkpoints when absent. */
  readonly checkpoint?: string;
  /** Digest of data and options: a checkpoint with another key is not continued. */
  readonly key: string;
  readonly checkpointEvery?: number;
  onStep?(report: StepReport): void;
}

interface LoopOptions {
  readonly steps: number;
  readonly parts: Readonly<Record<string, Stateful>>;
  readonly hooks: StageHooks;
  step(step: number): Promise<Readonly<Record<string, number>>>;
}

/** Runs the steps that the checkpoint has not done yet. All randomness must be a function of the step number. */
export async function trainSteps({ steps, parts, hooks, step: takeStep }: LoopOptions): Promise<void> {
  const { checkpoint, key, checkpointEvery = 100 } = hooks;
  let first = 0;
  if (checkpoint) {
    const saved = await loadCheckpoint(checkpoint, key);
    if (saved) {
      first = saved.step;
      restore(parts, saved.arrays, saved.values);
    }
  }
  for (let step = first; step < steps; step++) {
    const losses = await takeStep(step);
    hooks.onStep?.({ step: step + 1, steps, losses });
    if (checkpoint && ((step + 1) % checkpointEvery === 0 || step + 1 === steps)) {
      await saveCheckpoint(checkpoint, { step: step + 1, key, ...flatten(parts) });
    }
  }
}

/** Stops a run whose loss is no longer a number, naming stage, step and parts. */
export function assertFinite(stage: string, step: number, losses: Readonly<Record<string, number>>): void {
  if (Object.values(losses).every(Number.isFinite)) return;
  throw new SkyfixError(
    'DATASET_INVALID',
    `The ${stage} stage diverged at step ${step}: ${JSON.stringify(losses)}. Lower the learning rate.`,
  );
}

function flatten(parts: Readonly<Record<string, Stateful>>): {
  arrays: Record<string, Float32Array>;
  values: Record<string, unknown>;
} {
  const arrays: Record<string, Float32Array> = {};
  const shapes: Record<string, readonly number[]> = {};
  for (const [part, state] of Object.entries(parts)) {
    for (const [name, array] of Object.entries(state.toArrays())) {
      arrays[`${part}/${name}`] = array.data;
      shapes[`${part}/${name}`] = array.shape;
    }
  }
  return { arrays, values: { shapes } };
}

function restore(
  parts: Readonly<Record<string, Stateful>>,
  arrays: Readonly<Record<string, Float32Array>>,
  values: Readonly<Record<string, unknown>>,
): void {
  const shapes = values.shapes as Record<string, readonly number[]>;
  for (const [part, state] of Object.entries(parts)) {
    const own = Object.entries(arrays).filter(([name]) => name.startsWith(`${part}/`));
    state.load(
      Object.fromEntries(
        own.map(([name, data]) => [
          name.slice(part.length + 1),
          { data, shape: shapes[name] ?? [data.length] },
        ]),
      ),
    );
  }
}
