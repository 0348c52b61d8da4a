// skyfix-train ablate: runs the matrix, each run in a process of its own, several at a time; then writes the report. Runs
// that are finished are not run again, one that was stopped is continued, and a stage 1 that several share is trained once.
import { EventEmitter, once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SkyfixError } from 'skyfix/errors';
import { writeFileAtomic } from 'skyfix/files';
import { loadRunConfig } from '../config/index.js';
import { writeReport } from '../report/index.js';
import { MATRIX, type MatrixGroup } from './matrix.js';
import { openSource } from './run-data.js';
import { runInProcess } from './run-process.js';
import { INTERRUPTED } from './run-to-end.js';

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
}

/** Seconds of a run where none was measured yet: stage 1, stage 3 and the rest, on one thread of a 2026 server core. */
const GUESS_SECONDS = { generator: 190, encoder: 70 };
const TIMES_FILE = 'seconds.json';
/** What a run with the same stage 1 takes over from another one. */
const GENERATOR_FILES = ['generation-last.bin', 'generation-best.bin'];

export async function ablate(options: AblateOptions): Promise<void> {
  const groups = MATRIX.filter(({ group }) => options.only === undefined || group.includes(options.only));
  const seeds = Array.from({ length: options.seeds }, (_, k) => k + 1);
  const jobs = seeds.flatMap((seed) =>
    groups.map((group): Job => {
      const name = `${group.group}-seed${seed}`;
      return { name, dir: join(options.out, 'runs', name), group, seed };
    }),
  );
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
  say(`${options.report}: ${JSON.stringify(summary)}`);
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
      const code = await runJob(job, options);
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
        `${job.name}: ${code === 0 ? 'done' : `failed (exit ${code})`} in ${seconds.toFixed(0)} s; ${done}/${todo.length}, ${planText(waiting, times, options.parallel)}`,
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
  await mkdir(join(job.dir, 'checkpoints'), { recursive: true });
  for (const file of GENERATOR_FILES) {
    const path = join(from, 'checkpoints', file);
    if (existsSync(path)) await copyFile(path, join(job.dir, 'checkpoints', file));
  }
  if (existsSync(join(from, 'views')))
    await cp(join(from, 'views'), join(job.dir, 'views'), { recursive: true });
  return from;
}

function runJob({ dir, group, seed }: Job, options: AblateOptions): Promise<number> {
  const own = [`name=${group.group}`, `group=${group.group}`, `seed=${seed}`];
  return runInProcess('ablation', dir, [...own, ...group.set, ...options.set]);
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
