// How long the stages of a run took: seconds.json in its folder, added up over all starts of the run, of a killed one up to
// its last checkpoint.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from 'skyfix/files';

const SECONDS_FILE = 'seconds.json';

export interface StageSeconds {
  readonly total: number;
  /** Of these, how long steps waited for their batch; absent where the stage has no batches. */
  readonly waiting?: number;
}

/** Seconds by stage; none in a folder without the file. */
export async function readStageSeconds(dir: string): Promise<Record<string, StageSeconds>> {
  const text = await readFile(join(dir, SECONDS_FILE), 'utf8').catch(() => '{}');
  return JSON.parse(text) as Record<string, StageSeconds>;
}

/** Puts the seconds of some stages into the folder's file. */
export async function writeStageSeconds(
  dir: string,
  stages: Readonly<Record<string, StageSeconds>>,
): Promise<void> {
  const all = { ...(await readStageSeconds(dir)), ...stages };
  await writeFileAtomic(join(dir, SECONDS_FILE), JSON.stringify(all));
}

/** What a stage tells while it is timed. */
export interface StageClock {
  /** A step waited for its batch. */
  waited(ms: number): void;
  /** Writes the time so far. */
  note(): Promise<void>;
}

/** Runs a stage and notes its seconds at the end, also where it is stopped or fails. */
export async function timeStage<T>(
  dir: string,
  stage: string,
  body: (clock: StageClock) => Promise<T>,
): Promise<T> {
  const started = performance.now();
  const before = (await readStageSeconds(dir))[stage];
  let waitedMs: number | undefined;
  const note = async (): Promise<void> => {
    const total = (before?.total ?? 0) + (performance.now() - started) / 1000;
    const waiting = waitedMs === undefined ? before?.waiting : (before?.waiting ?? 0) + waitedMs / 1000;
    await writeStageSeconds(dir, { [stage]: { total, ...(waiting !== undefined && { waiting }) } });
  };
  const waited = (ms: number): void => {
    waitedMs = (waitedMs ?? 0) + ms;
  };
  try {
    return await body({ waited, note });
  } finally {
    await note();
  }
}
