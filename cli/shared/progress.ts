// Progress for people: a bar on a terminal, now and then a plain line where the output goes to a file or a log.
import { Presets, SingleBar } from 'cli-progress';

export interface Progress {
  /** One more is done. */
  step(): void;
  stop(): void;
}

export interface StageProgress {
  /** A new label begins a new bar. `note` says more about the work as it is now, e.g. a loss. */
  update(label: string, done: number, total: number, note?: string): void;
  stop(): void;
}

export interface ProgressOptions {
  readonly stream?: NodeJS.WriteStream;
  /** Milliseconds; a test sets the clock. */
  readonly now?: () => number;
  /** Between two plain lines. */
  readonly lineEveryMs?: number;
}

/** For `total` things of one kind, e.g. 'panoramas'. Writes to stderr, so that stdout keeps to results. */
export function openProgress(total: number, what: string): Progress {
  const stages = openStageProgress();
  let done = 0;
  return { step: () => stages.update(what, ++done, total), stop: stages.stop };
}

/** For work in several stages. Writes to stderr. */
export function openStageProgress(options: ProgressOptions = {}): StageProgress {
  const { stream = process.stderr, now = () => Date.now(), lineEveryMs = 5000 } = options;
  return stream.isTTY ? barProgress(stream) : lineProgress(stream, now, lineEveryMs);
}

function barProgress(stream: NodeJS.WriteStream): StageProgress {
  let bar: SingleBar | undefined;
  let current = '';
  const stop = () => {
    bar?.stop();
    bar = undefined;
  };
  const update = (label: string, done: number, total: number, note = '') => {
    if (!bar || label !== current) {
      stop();
      const format = `${label.padEnd(8)} [{bar}] {percentage}% {value}/{total} {eta_formatted} {note}`;
      const barsize = note === '' ? 40 : 20;
      bar = new SingleBar({ stream, format, barsize, hideCursor: true }, Presets.shades_classic);
      bar.start(total, done, { note });
      current = label;
    }
    bar.update(done, { note });
    // A finished bar leaves its line, so that what is printed next begins a new one.
    if (done >= total) stop();
  };
  return { update, stop };
}

function lineProgress(stream: NodeJS.WritableStream, now: () => number, lineEveryMs: number): StageProgress {
  let current = '';
  let last = 0;
  let first = { at: 0, done: 0 };
  const update = (label: string, done: number, total: number, note = '') => {
    const at = now();
    if (label !== current) first = { at, done };
    else if (done < total && at - last < lineEveryMs) return;
    current = label;
    last = at;
    const parts = [`${label}: ${done}/${total}`];
    if (note !== '') parts.push(note);
    if (done > first.done && done < total) {
      const seconds = (((at - first.at) / (done - first.done)) * (total - done)) / 1000;
      parts.push(`${durationText(seconds)} left`);
    }
    stream.write(`${parts.join('  ')}\n`);
  };
  return { update, stop: () => {} };
}

/** 42 s, 12 min, 3.4 h */
function durationText(seconds: number): string {
  if (seconds < 100) return `${Math.round(seconds)} s`;
  return seconds < 6000 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
