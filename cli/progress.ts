// Progress for people: a bar on a terminal, now and then a plain line where the output goes to a file or a log.
import { Presets, SingleBar } from 'cli-progress';

export interface Progress {
  /** One more is done. */
  step(): void;
  stop(): void;
}

export interface StageProgress {
  /** A new label begins a new bar. */
  update(label: string, done: number, total: number): void;
  stop(): void;
}

/** Between two plain lines. */
const LINE_EVERY_MS = 5000;

/** For `total` things of one kind, e.g. 'panoramas'. Writes to stderr, so that stdout keeps to results. */
export function openProgress(total: number, what: string): Progress {
  const stages = openStageProgress();
  let done = 0;
  return { step: () => stages.update(what, ++done, total), stop: stages.stop };
}

/** For work in several stages. Writes to stderr. */
export function openStageProgress(
  stream: NodeJS.WriteStream = process.stderr,
  now = () => Date.now(),
): StageProgress {
  return stream.isTTY ? barProgress(stream) : lineProgress(stream, now);
}

function barProgress(stream: NodeJS.WriteStream): StageProgress {
  let bar: SingleBar | undefined;
  let current = '';
  const stop = () => {
    bar?.stop();
    bar = undefined;
  };
  const update = (label: string, done: number, total: number) => {
    if (!bar || label !== current) {
      stop();
      const format = `${label.padEnd(8)} [{bar}] {percentage}% {value}/{total} {eta_formatted}`;
      bar = new SingleBar({ stream, format, hideCursor: true }, Presets.shades_classic);
      bar.start(total, done);
      current = label;
    }
    bar.update(done);
  };
  return { update, stop };
}

function lineProgress(stream: NodeJS.WritableStream, now: () => number): StageProgress {
  let current = '';
  let last = 0;
  const update = (label: string, done: number, total: number) => {
    if (label === current && done < total && now() - last < LINE_EVERY_MS) return;
    current = label;
    last = now();
    stream.write(`${label}: ${done}/${total}\n`);
  };
  return { update, stop: () => {} };
}
