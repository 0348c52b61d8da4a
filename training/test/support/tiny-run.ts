// Runs of a few steps on a town of two dozen places, in this process or as the command in one of its own.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PACKAGE_ROOT } from 'skyfix/cli';
import { SkyfixError } from 'skyfix/errors';
import { stringify } from 'yaml';
import { type RunConfig, resolveRunConfig } from '../../config/index.js';
import { sourceOpener } from '../../pipeline/open-source.js';
import { type RunOptions, runTraining } from '../../pipeline/run.js';
import { openTrainingData } from '../../pipeline/run-data.js';
import { type MetricLine, readMetrics } from '../../runs/metrics-file.js';
import type { TrainingProgress } from '../../runs/progress.js';
import type { RunResult } from '../../runs/result.js';

/** Every method is on: few labels, dynamic pseudo-labels, mining, an average of the weights, validation, all losses. */
export const tinyConfig = (folder: string) => ({
  preset: 'small',
  name: 'tiny',
  group: 'tiny',
  seed: 5,
  data: {
    source: {
      format: 'town',
      root: join(folder, 'town'),
      make: { seed: 3, places: 24, panoramaWidthPx: 256 },
    },
    cacheDir: join(folder, 'cache'),
  },
  geometry: {
    tileSizeM: 64,
    inputSizePx: 32,
    bevSizePx: 64,
    cameraHeightM: 2.5,
    searchMarginPx: 4,
    searchStepPx: 4,
  },
  tileMarginM: 8,
  shiftM: 4,
  networks: {
    generator: { baseFilters: 4, blocks: 1, learnResidual: true },
    discriminator: { filters: 4 },
    contrast: { projection: 8 },
    encoder: { size: 'femto', dropPath: 0.1 },
  },
  labels: { fraction: 0.5 },
  stage1: { steps: 24, batch: 2, historyPool: 4, lambdaIdentity: 0.5, contrast: { positions: 16 } },
  stage3: {
    steps: 24,
    batch: 4,
    warmupSteps: 2,
    infoNce: { scale: 'learnable' },
    triplet: { fromShare: 0.5 },
    sampling: { negatives: 'mined', groupSize: 2, minedFromShare: 0.3 },
    emaDecay: 0.9,
    augment: { offsetPx: 2, turnDeg: 5 },
    validateEvery: 6,
  },
  selfTraining: { strategy: 'dynamic', warmupShare: 0.25, every: 6, decayShare: 0.5 },
  evaluation: { areas: [{ name: 'unseen', splits: ['test'] }], gridStrideM: 64, robustness: false },
  checkpointEvery: 5,
  bundle: { name: 'tiny' },
});

/** The tiny configuration with other values, as `--set` takes them. */
export function tinyRun(folder: string, values: readonly string[] = []): Promise<RunConfig> {
  return resolveRunConfig(tinyConfig(folder), values);
}

const SILENT: TrainingProgress = { steps: () => () => {}, work: () => () => {}, stop: () => {} };

/** The training data of a configuration. */
export function openHere(config: RunConfig): ReturnType<typeof openTrainingData> {
  return openTrainingData(config, sourceOpener(config, SILENT.work), SILENT.work);
}

/** The run in this process. */
export function runHere(
  config: RunConfig,
  dir: string,
  options: RunOptions = {},
): Promise<RunResult | undefined> {
  return runTraining(config, dir, { progress: SILENT, ...options });
}

export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** When a run is sent which signal: as soon as its log holds so many steps of a stage. */
export interface Interruption {
  readonly signal: NodeJS.Signals;
  readonly stage: string;
  readonly step: number;
}

/** `skyfix-train run` in a process of its own; `through` stands before the command, e.g. unshare. */
export async function runCommand(
  folder: string,
  dir: string,
  interruption?: Interruption,
  through: readonly string[] = [],
): Promise<ChildEnd> {
  await mkdir(dir, { recursive: true });
  const file = join(folder, 'tiny.yaml');
  await writeFile(file, stringify(tinyConfig(folder)));
  const command = [process.execPath, join(PACKAGE_ROOT, 'bin/skyfix-train.js'), 'run', file, '--out', dir];
  const [program = '', ...args] = [...through, ...command];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
    });
  }
  const closed = once(child, 'close');
  const watching = interruption && onceLogged(dir, interruption, () => child.kill(interruption.signal));
  const [code, signal] = (await closed) as [number | null, NodeJS.Signals | null];
  watching?.close();
  return { code, signal, ...texts };
}

/** Calls back once, as soon as the run's log holds the step. */
function onceLogged(dir: string, { stage, step }: Interruption, then: () => void) {
  let told = false;
  const watcher = watch(dir, async (_, name) => {
    if (told || name !== 'metrics.jsonl') return;
    const lines = await readMetrics(join(dir, name));
    if (told || !lines.some((line) => line.stage === stage && line.step >= step)) return;
    told = true;
    then();
  });
  return watcher;
}

/** The last step that a run's log holds. */
export async function lastLine(dir: string): Promise<MetricLine | undefined> {
  return (await readMetrics(join(dir, 'metrics.jsonl'))).at(-1);
}

/** SHA-256 of the networks in a run's bundle. */
export async function networksOf(dir: string): Promise<unknown> {
  const { files } = JSON.parse(await readFile(join(dir, 'bundle/bundle.json'), 'utf8')) as {
    files: Record<string, { sha256: string }>;
  };
  return Object.fromEntries(Object.entries(files).map(([name, { sha256 }]) => [name, sha256]));
}

/** A run's log. */
export const metrics = (dir: string) => readFile(join(dir, 'metrics.jsonl'), 'utf8');
/** A stage's last checkpoint. */
export const checkpoint = (dir: string, stage: string) => join(dir, 'checkpoints', `${stage}-last.bin`);
/** For assert.rejects: a SkyfixError of a code, with texts in its message. */
export const coded =
  (code: string, ...texts: readonly string[]) =>
  (error: unknown) => {
    assert.ok(error instanceof SkyfixError, String(error));
    assert.equal(error.code, code, error.message);
    for (const text of texts)
      assert.ok(error.message.includes(text), `"${text}" is not in: ${error.message}`);
    return true;
  };
