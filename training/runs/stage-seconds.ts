// How long the stages of a run took: seconds.json in its folder, added up over all starts of the run.
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

/** Runs a stage and notes its seconds, also where it is stopped or fails. It is given what to call for every wait, ms. */
export async function timeStage<T>(
  dir: string,
  stage: string,
  body: (onWait: (ms: number) => void) => Promise<T>,
): Promise<T> {
  const started = performance.now();
  let waitedMs: number | undefined;
  try {
    return await body((ms) => {
      waitedMs = (waitedMs ?? 0) + ms;
    });
  } finally {
    const all = await readStageSeconds(dir);
    const before = all[stage];
    const total = (before?.total ?? 0) + (performance.now() - started) / 1000;
    const waiting = waitedMs === undefined ? before?.waiting : (before?.waiting ?? 0) + waitedMs / 1000;
    const stages = { ...all, [stage]: { total, ...(waiting !== undefined && { waiting }) } };
    await writeFileAtomic(join(dir, SECONDS_FILE), JSON.stringify(stages));
  }
}
