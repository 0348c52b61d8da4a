// The loop every stage shares: steps, checkpoints (last and best), validation, progress, a stop on request, and the stop
// at a loss that is not a number.
import { SkyfixError } from 'skyfix/errors';
import type { NamedArray } from '../../networks/index.js';
import { type Checkpoint, loadCheckpoint, saveCheckpoint } from './checkpoint.js';

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

/** A figure by which checkpoints are compared; higher is better. */
export interface Validation {
  readonly every: number;
  measure(step: number): Promise<number>;
}

export interface StageHooks {
  /** Checkpoint file; no checkpoints when absent. */
  readonly checkpoint?: string;
  /** Where the state with the highest validation figure is kept. */
  readonly best?: string;
  /** Digest of data and options: a checkpoint with another key is not continued. */
  readonly key: string;
  /** Keys of other checkpoints that may be gone on from, e.g. of the same stage when it was to be shorter. */
  readonly formerKeys?: readonly string[];
  readonly checkpointEvery?: number;
  readonly validation?: Validation;
  /** Asked after every step; true saves a checkpoint and ends the stage with RunStopped. */
  shouldStop?(): boolean;
  /** Once, before the first step: how many steps the checkpoint has done. */
  onStart?(step: number): Promise<void> | void;
  onStep?(report: StepReport): void;
  onValidation?(step: number, value: number, best: boolean): void;
  /** How long a step waited for its batch. */
  onWait?(ms: number): void;
  /** Before a checkpoint is written: what was logged so far goes to the disk first. */
  onCheckpoint?(step: number): Promise<void> | void;
}

/** The stage was asked to stop; its checkpoint holds all steps that were done. */
export class RunStopped extends Error {
  constructor(readonly step: number) {
    super(`Stopped after step ${step}; the same command continues there.`);
  }
}

interface LoopOptions {
  readonly steps: number;
  readonly parts: Readonly<Record<string, Stateful>>;
  readonly hooks: StageHooks;
  step(step: number): Promise<Readonly<Record<string, number>>>;
}

/** The best validation so far. */
export interface BestStep {
  readonly step: number;
  readonly value: number;
}

/**
 * Runs the steps that the checkpoint has not done yet; returns the best validation, where there was one. All randomness
 * must be a function of the step number or part of a state.
 */
export async function trainSteps({
  steps,
  parts,
  hooks,
  step: takeStep,
}: LoopOptions): Promise<BestStep | undefined> {
  const { checkpoint, key, formerKeys = [], checkpointEvery = 100, validation } = hooks;
  let first = 0;
  let best: BestStep | undefined;
  const saved = checkpoint ? await loadCheckpoint(checkpoint, [key, ...formerKeys]) : undefined;
  if (saved) {
    first = saved.step;
    best = saved.values.best as BestStep | undefined;
    restore(parts, saved);
  }
  await hooks.onStart?.(first);
  for (let step = first; step < steps; step++) {
    const losses = await takeStep(step);
    const done = step + 1;
    hooks.onStep?.({ step: done, steps, losses });
    if (validation && (done % validation.every === 0 || done === steps)) {
      const value = await validation.measure(done);
      const better = best === undefined || value > best.value;
      if (better) {
        best = { step: done, value };
        if (hooks.best) await saveState(hooks.best, stateOf(parts, done, key, best));
      }
      hooks.onValidation?.(done, value, better);
    }
    const stop = done < steps && hooks.shouldStop?.();
    if (checkpoint && (done % checkpointEvery === 0 || done === steps || stop)) {
      await hooks.onCheckpoint?.(done);
      await saveState(checkpoint, stateOf(parts, done, key, best));
    }
    if (stop) throw new RunStopped(done);
  }
  return best;
}

/** The batch once it is there; tells how long that took. */
export async function waitFor<T>(batch: Promise<T>, hooks: Pick<StageHooks, 'onWait'>): Promise<T> {
  const started = performance.now();
  const loaded = await batch;
  hooks.onWait?.(performance.now() - started);
  return loaded;
}

/**
 * Loads parts from a checkpoint file of one of the keys, or of any without one. Throws DATASET_INVALID where it is
 * missing or of another run.
 */
export async function loadParts(
  path: string,
  key: string | readonly string[] | undefined,
  parts: Readonly<Record<string, Stateful>>,
): Promise<number> {
  const saved = await loadCheckpoint(path, key);
  if (!saved) throw new SkyfixError('DATASET_INVALID', `${path} is missing or belongs to another run.`);
  restore(parts, saved);
  return saved.step;
}

/** Losses beyond this are an explosion, not a fluctuation. */
const EXPLODED = 1e6;

/** Stops a run whose loss is no longer a number, or beyond all bounds; names stage, step, losses and the batch. */
export function assertFinite(
  stage: string,
  step: number,
  losses: Readonly<Record<string, number>>,
  batch?: unknown,
): void {
  if (Object.values(losses).every((value) => Number.isFinite(value) && Math.abs(value) < EXPLODED)) return;
  const shown = Object.entries(losses).map(([name, value]) => `${name} ${value}`);
  const of = batch === undefined ? '' : ` Its batch: ${JSON.stringify(batch)}.`;
  throw new SkyfixError(
    'TRAINING_DIVERGED',
    `The ${stage} stage diverged in step ${step + 1}: ${shown.join(', ')}.${of}`,
  );
}

/** Writes a checkpoint, unless it holds what is no number: then the one before is worth more. Throws TRAINING_DIVERGED. */
async function saveState(path: string, state: Checkpoint): Promise<void> {
  for (const [name, array] of Object.entries(state.arrays)) {
    // By index: three times as fast as an iterator, and a checkpoint holds 10^8 numbers.
    for (let k = 0; k < array.length; k++) {
      const value = array[k] as number;
      if (Number.isFinite(value)) continue;
      throw new SkyfixError(
        'TRAINING_DIVERGED',
        `After step ${state.step} ${name} holds ${value}; ${path} was left as it was.`,
      );
    }
  }
  await saveCheckpoint(path, state);
}

function stateOf(
  parts: Readonly<Record<string, Stateful>>,
  step: number,
  key: string,
  best: BestStep | undefined,
): Checkpoint {
  const arrays: Record<string, Float32Array> = {};
  const shapes: Record<string, readonly number[]> = {};
  for (const [part, state] of Object.entries(parts)) {
    for (const [name, array] of Object.entries(state.toArrays())) {
      arrays[`${part}/${name}`] = array.data;
      shapes[`${part}/${name}`] = array.shape;
    }
  }
  return { step, key, arrays, values: { shapes, ...(best && { best }) } };
}

function restore(parts: Readonly<Record<string, Stateful>>, { arrays, values }: Checkpoint): void {
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
