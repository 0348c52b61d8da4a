// What a person sees of a run while it runs: the steps of a stage with losses, seconds a step and time left, and the
// work before and after them. A bar on a terminal, now and then a line elsewhere; both on stderr.
import { openStageProgress, type ProgressOptions } from 'skyfix/cli';
import type { StepReport } from '../stages/index.js';

/** A progress reporter for a named piece of work. */
export type Tell = (what: string) => (done: number, total: number) => void;

export interface TrainingProgress {
  /** Hears of each step of a stage. */
  readonly steps: (stage: string) => (report: StepReport) => void;
  readonly work: Tell;
  /** Puts the cursor back where work stopped before its end. */
  readonly stop: () => void;
}

/** A step takes seconds, a run hours: a log gets a line every quarter of a minute. */
const LINE_EVERY_MS = 15_000;
/** Weight of the newest step in the seconds a step that are shown. */
const NEWEST = 0.1;

/** The clock in `options.now` also measures the seconds a step. */
export function openTrainingProgress(options: ProgressOptions = {}): TrainingProgress {
  const { now = () => Date.now() } = options;
  const progress = openStageProgress({ lineEveryMs: LINE_EVERY_MS, ...options });
  const steps = (stage: string) => {
    let last: number | undefined;
    let secondsPerStep: number | undefined;
    return ({ step, steps: total, losses }: StepReport) => {
      const at = now();
      if (last !== undefined) {
        const seconds = (at - last) / 1000;
        secondsPerStep =
          secondsPerStep === undefined ? seconds : secondsPerStep + NEWEST * (seconds - secondsPerStep);
      }
      last = at;
      const parts = Object.entries(losses).map(([name, value]) => `${name} ${value.toPrecision(4)}`);
      if (secondsPerStep !== undefined) parts.push(`${secondsPerStep.toPrecision(2)} s/step`);
      progress.update(stage, step, total, parts.join('  '));
    };
  };
  const work: Tell = (what) => (done, total) => progress.update(what, done, total);
  return { steps, work, stop: progress.stop };
}
