// Progress for people: a bar on a terminal, now and then a plain line where the output goes to a file or a log.
import { Presets, SingleBar } from 'cli-progress';

export interface Progress {
  /** One more is done. */
  step(): void;
  /** Makes room on a terminal for a line of its own; the next step draws the bar again below it. */
  clear(): void;
  stop(): void;
}

export interface StageProgress {
  /** A new label begins a new bar. `note` says more about the work as it is now, e.g. a loss. */
  update(label: string, done: number, total: number, note?: string): void;
  clear(): void;
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
  return { step: () => stages.update(what, ++done, total), clear: stages.clear, stop: stages.stop };
}

/** For work in several stages. Writes to stderr. */
export function openStageProgress(options: ProgressOptions = {}): StageProgress {
  const { stream = process.stderr, now = () => Date.now(), lineEveryMs = 5000 } = options;
  return stream.isTTY ? barProgress(stream, now) : lineProgress(stream, now, lineEveryMs);
}

function barProgress(stream: NodeJS.WriteStream, now: () => number): StageProgress {
  let bar: SingleBar | undefined;
  let current = '';
  let first = { at: 0, done: 0 };
  const stop = () => {
    bar?.stop();
    bar = undefined;
  };
  const update = (label: string, done: number, total: number, note = '') => {
    const at = now();
    if (!bar || label !== current) {
      stop();
      if (label !== current) first = { at, done };
      const format = `${label.padEnd(8)} [{bar}] {percentage}% {value}/{total} {left} {note}`;
      const barsize = note === '' ? 40 : 20;
      bar = new SingleBar({ stream, format, barsize, hideCursor: true }, Presets.shades_classic);
      bar.start(total, done, { note, left: '' });
      current = label;
    }
    // The bar's own estimate is "NULL" before the first step and at the end.
    bar.update(done, { note, left: timeLeft(first, { at, done }, total) });
    // A finished bar leaves its line, so that what is printed next begins a new one.
    if (done >= total) stop();
  };
  const clear = () => {
    if (bar) stream.write('\r\u001b[K');
  };
  return { update, clear, stop };
}

interface Moment {
  readonly at: number;
  readonly done: number;
}

/** "12 min left"; nothing before the first step and after the last. */
function timeLeft(first: Moment, now: Moment, total: number): string {
  if (now.done <= first.done || now.done >= total) return '';
  const seconds = (((now.at - first.at) / (now.done - first.done)) * (total - now.done)) / 1000;
  return `${durationText(seconds)} left`;
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
    const left = timeLeft(first, { at, done }, total);
    if (left !== '') parts.push(left);
    stream.write(`${parts.join('  ')}\n`);
  };
  return { update, clear: () => {}, stop: () => {} };
}

/** 42 s, 12 min, 3.4 h */
function durationText(seconds: number): string {
  if (seconds < 100) return `${Math.round(seconds)} s`;
  return seconds < 6000 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
