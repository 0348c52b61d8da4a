// What a run leaves for people and for reports while it trains, in its folder: metrics.jsonl, samples/ with PNGs, and
// tensorboard/ with a folder for each stage (stages count their steps from 1, so each is a run of its own there).
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asDiskError } from 'skyfix/errors';
import { writeFileAtomic } from 'skyfix/files';
import type { RgbImage } from 'skyfix/geometry';
import { encodePng } from 'skyfix/imaging';
import { EventFile } from './event-file.js';
import { formatLine, type MetricLine, rewindMetrics } from './metrics-file.js';

export const METRICS_FILE = 'metrics.jsonl';
export const SAMPLES_FOLDER = 'samples';
export const TENSORBOARD_FOLDER = 'tensorboard';

export interface RunLogOptions {
  /**
   * Steps that each stage's checkpoint has done: what the log says of later steps is dropped, since they are taken
   * again. A stage that starts anew has 0; stages that are not named keep all their lines.
   */
  readonly resume?: Readonly<Record<string, number>>;
  /** Milliseconds; only TensorBoard's files hold times. */
  readonly now?: () => number;
}

/** Every line is with the operating system when its call returns: a kill of the process loses none. */
export interface RunLog {
  /** Losses and other numbers after `step` steps. */
  scalars(stage: string, step: number, values: Readonly<Record<string, number>>): void;
  /** Anything else; its numbers go to TensorBoard as KIND/NAME too. */
  event(stage: string, step: number, kind: string, data: Readonly<Record<string, unknown>>): void;
  /** samples/TAG-STEP.png and TensorBoard. `tag` is "STAGE/NAME", or the stage alone. */
  images(tag: string, step: number, grid: RgbImage): Promise<void>;
  /** Onto the disk, before a checkpoint is written: then a power cut loses no line before it either. */
  flush(): void;
  /** Once is enough; again is nothing. */
  close(): Promise<void>;
}

/** Opens the log in a run's folder (made where missing), and takes back what a killed run wrote too much. */
export async function openRunLog(dir: string, options: RunLogOptions = {}): Promise<RunLog> {
  const { resume = {}, now = Date.now } = options;
  mkdirSync(dir, { recursive: true });
  const path = join(dir, METRICS_FILE);
  await rewindMetrics(path, resume);
  const file = openSync(path, 'a');
  const append = (line: MetricLine): void => {
    try {
      writeFileSync(file, formatLine(line));
    } catch (error) {
      throw asDiskError(error, path);
    }
  };

  let open = true;
  const boards = new Map<string, EventFile>();
  const folderOf = (stage: string): string => join(dir, TENSORBOARD_FOLDER, fileName(stage));
  const board = (stage: string): EventFile => {
    const known = boards.get(stage);
    if (known) return known;
    const opened = new EventFile(folderOf(stage), now);
    boards.set(stage, opened);
    return opened;
  };
  for (const [stage, step] of Object.entries(resume)) {
    if (existsSync(folderOf(stage))) board(stage).restartAt(step + 1);
  }

  return {
    scalars(stage, step, values) {
      append({ stage, step, kind: 'scalars', values });
      board(stage).scalars(step, values);
    },
    event(stage, step, kind, data) {
      if (kind === 'scalars') throw new RangeError('Numbers of a step are logged with scalars().');
      append({ stage, step, kind, data });
      const numbers = Object.entries(data).filter(
        (entry): entry is [string, number] => typeof entry[1] === 'number',
      );
      if (numbers.length === 0) return;
      board(stage).scalars(
        step,
        Object.fromEntries(numbers.map(([name, value]) => [`${kind}/${name}`, value])),
      );
    },
    async images(tag, step, grid) {
      const [stage = '', ...rest] = tag.split('/');
      const name = `${tag.split('/').map(fileName).join('/')}-${String(step).padStart(6, '0')}.png`;
      const png = await encodePng(grid);
      await writeFileAtomic(join(dir, SAMPLES_FOLDER, name), png);
      board(stage).image(step, rest.join('/') || 'samples', grid.widthPx, grid.heightPx, png);
    },
    flush() {
      fsyncSync(file);
    },
    async close() {
      if (!open) return; // the number of a closed file may be another file's by now
      open = false;
      try {
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      for (const events of boards.values()) {
        events.sync();
        events.close();
      }
    },
  };
}

/** A stage's or tag's name as the name of a file: letters, digits, dot, dash and underscore; never hidden, never "..". */
export function fileName(text: string): string {
  return text.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[.-]+/, '') || 'unnamed';
}
