// skyfix-train ablate: runs the matrix, each run in a process of its own, several at a time; then writes the report. Runs
// that are finished are not run again, one that was stopped is continued, and a stage 1 that several share is trained once.
import { EventEmitter, once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SkyfixError } from 'skyfix/errors';
import { writeFileAtomic } from 'skyfix/files';
import { loadRunConfig } from '../config/index.js';
import { INTERRUPTED, isOfRun, openSource } from '../pipeline/index.js';
import { summaryText, writeReport } from '../report/index.js';
import { readStageSeconds, writeStageSeconds } from '../runs/index.js';
import { MATRIX, type MatrixGroup } from './matrix.js';
import { runInProcess } from './run-process.js';

export interface AblateOptions {
  readonly out: string;
  readonly report: string;
  readonly seeds: number;
  readonly parallel: number;
  readonly only?: string;
  readonly plan: boolean;
  readonly set: readonly string[];
}

/** One run of the matrix. */
interface Job {
  readonly name: string;
  readonly dir: string;
  readonly group: MatrixGroup;
  readonly seed: number;
  /** Over the preset "ablation". */
  readonly set: readonly string[];
}

/** Seconds of a run where none was measured yet: stage 1, stage 3 and the rest, on one thread of a 2026 server core. */
const GUESS_SECONDS = { generator: 190, encoder: 70 };
const TIMES_FILE = 'seconds.json';
/** What a run with the same stage 1 takes over from another one. */
const STAGE1_FILES = ['checkpoints/generation-last.bin', 'checkpoints/generation-best.bin', 'views'];

export async function ablate(options: AblateOptions): Promise<void> {
  const groups = MATRIX.filter(({ group }) => options.only === undefined || group.includes(options.only));
  const seeds = Array.from({ length: options.seeds }, (_, k) => k + 1);
  const jobs = seeds.flatMap((seed) =>
    groups.map((group): Job => {
      const name = `${group.group}-seed${seed}`;
      const own = [`name=${group.group}`, `group=${group.group}`, `seed=${seed}`];
      const set = [...own, ...group.set, ...options.set];
      return { name, dir: join(options.out, 'runs', name), group, seed, set };
    }),
  );
  for (const { dir, set } of jobs) await isOfRun(await loadRunConfig('ablation', set), dir); // else it throws
  const todo = jobs.filter(({ dir }) => !isDone(dir));
  const times = await readTimes(options.out);
  say(
    `${jobs.length} runs, ${jobs.length - todo.length} of them done; ${planText(todo, times, options.parallel)}`,
  );
  if (options.plan) {
    for (const { name, dir } of jobs) process.stdout.write(`${isDone(dir) ? 'done ' : 'to do'}  ${name}\n`);
    return;
  }
  // The town is made once, before runs that share it begin.
  const base = await loadRunConfig('ablation', options.set);
  await openSource(
    base.data.source,
    { ...base, runtime: { ...base.runtime, threads: options.parallel } },
    (what) => {
      let last = -1;
      return (done, total) => {
        const tenth = Math.floor((10 * done) / total);
        if (tenth !== last) say(`${what} ${done}/${total}`);
        last = tenth;
      };
    },
  );
  if (!(await runAll(todo, options, times))) {
    say('Stopped; the same command continues.');
    process.exitCode = INTERRUPTED;
    return;
  }
  const summary = await writeReport(
    jobs.map(({ dir }) => dir),
    options.report,
  );
  say(summaryText(summary));
}

const say = (text: string) => process.stderr.write(`${text}\n`);
const isDone = (dir: string) => existsSync(join(dir, 'result.json'));

/**
 * Runs jobs, `parallel` at a time; a job whose stage 1 another one is just training waits for it. False where a signal stopped
 * them.
 */
async function runAll(
  todo: readonly Job[],
  options: AblateOptions,
  times: Record<string, number>,
): Promise<boolean> {
  const waiting = [...todo];
  const training = new Set<string>();
  const failed: string[] = [];
  let done = 0;
  let stopped = false;
  const generatorKey = ({ group, seed }: Job) =>
    group.generator ? `${group.generator}-seed${seed}` : undefined;
  const ready = new EventEmitter();
  const worker = async (): Promise<void> => {
    while (waiting.length > 0 && !stopped) {
      const at = waiting.findIndex((job) => !training.has(generatorKey(job) ?? ''));
      if (at < 0) {
        await once(ready, 'stage 1');
        continue;
      }
      const [job] = waiting.splice(at, 1) as [Job];
      const key = generatorKey(job);
      if (key) training.add(key); // before anything is awaited: the other worker looks at it
      const from = key && !isDone(job.dir) ? await sharedStage1(job, options.out) : undefined;
      if (key && from) {
        training.delete(key);
        ready.emit('stage 1');
      }
      const started = performance.now();
      const code = await runInProcess('ablation', job.dir, job.set);
      const seconds = (performance.now() - started) / 1000;
      training.delete(key ?? '');
      ready.emit('stage 1');
      if (stopped && code !== 0) return;
      done++;
      if (code === 0) {
        times[`${from ? 'shared ' : ''}${job.group.generator ? 'views' : 'plain'}`] = seconds;
        await writeFileAtomic(join(options.out, TIMES_FILE), JSON.stringify(times));
      } else failed.push(job.name);
      say(
        `${job.name}: ${code === 0 ? 'done' : `failed (exit ${code})`} in ${seconds.toFixed(0)} ` +
          `s; ${done}/${todo.length}, ${planText(waiting, times, options.parallel)}`,
      );
    }
  };
  const stop = (): void => {
    stopped = true;
  };
  process.on('SIGINT', stop).on('SIGTERM', stop); // the runs get it too
  await Promise.all(Array.from({ length: options.parallel }, worker));
  process.off('SIGINT', stop).off('SIGTERM', stop);
  if (failed.length > 0) {
    throw new SkyfixError(
      'TRAINING_DIVERGED',
      `${failed.length} runs failed: ${failed.join(', ')}. Each has a run.log in its folder; the others are kept.`,
    );
  }
  return !stopped;
}

/** Copies a finished stage 1 of the same kind and seed into the job's folder; undefined where there is none. */
async function sharedStage1(job: Job, out: string): Promise<string | undefined> {
  if (existsSync(join(job.dir, 'checkpoints'))) return undefined;
  const candidates = MATRIX.filter(({ generator }) => generator === job.group.generator).map(({ group }) =>
    join(out, 'runs', `${group}-seed${job.seed}`),
  );
  const from = candidates.find((dir) => dir !== job.dir && isDone(dir));
  if (!from) return undefined;
  // Under another name first: a run must not find half of a file.
  const copy = join(job.dir, 'stage1.tmp');
  await rm(copy, { recursive: true, force: true });
  for (const path of STAGE1_FILES) {
    if (existsSync(join(from, path))) await cp(join(from, path), join(copy, path), { recursive: true });
  }
  const { stage1, stage2 } = await readStageSeconds(from);
  await writeStageSeconds(copy, { ...(stage1 && { stage1 }), ...(stage2 && { stage2 }) });
  for (const name of await readdir(copy)) await rename(join(copy, name), join(job.dir, name));
  await rm(copy, { recursive: true });
  return from;
}

async function readTimes(out: string): Promise<Record<string, number>> {
  const text = await readFile(join(out, TIMES_FILE), 'utf8').catch(() => '{}');
  return JSON.parse(text) as Record<string, number>;
}

/** How long jobs should take: measured times of this machine where there are some. */
function planText(jobs: readonly Job[], times: Readonly<Record<string, number>>, parallel: number): string {
  const seen = new Set<string>();
  let seconds = 0;
  for (const { group, seed } of jobs) {
    const key = `${group.generator}-${seed}`;
    const shared = group.generator !== undefined && seen.has(key);
    seen.add(key);
    const kind = `${shared ? 'shared ' : ''}${group.generator ? 'views' : 'plain'}`;
    const guess = GUESS_SECONDS.encoder + (group.generator && !shared ? GUESS_SECONDS.generator : 0);
    seconds += times[kind] ?? guess;
  }
  return `about ${Math.ceil(seconds / 60 / parallel)} minutes for the rest`;
}
