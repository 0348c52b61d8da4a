// result.json of a run: its configuration and its figures, written last: a run that has it is finished.
import { join } from 'node:path';
import type { BundleManifest } from 'skyfix/bundles';
import { writeFileAtomic } from 'skyfix/files';
import type { RunConfig } from '../config/index.js';
import { METRICS_FILE, type RunResult, readMetrics, type SelfTrainingUpdate } from '../runs/index.js';
import type { RunFigures } from './evaluate-run.js';
import type { TrainingData } from './run-data.js';

export const RESULT_FILE = 'result.json';

export async function resultOf(
  config: RunConfig,
  dir: string,
  data: TrainingData,
  { retrieval, ...figures }: RunFigures,
): Promise<RunResult> {
  return {
    schema: 'skyfix-run-result/1',
    run: `${config.name}-seed${config.seed}`,
    seed: config.seed,
    group: config.group,
    dataset: data.name,
    config: {
      ...config,
      stage1: {
        ...config.stage1,
        enabled: config.queries === 'views',
        source: config.stage1.input,
        residual: config.networks.generator.learnResidual ?? false,
      },
    },
    retrieval,
    ...figures,
    ...(config.selfTraining.strategy !== 'none' && { selfTraining: await updatesOf(dir) }),
  };
}

/** Writes result.json, with the digests of the bundle's files. */
export async function writeResult(
  dir: string,
  result: RunResult,
  { files }: Pick<BundleManifest, 'files'>,
): Promise<void> {
  await writeFileAtomic(join(dir, RESULT_FILE), `${JSON.stringify({ ...result, bundle: files }, null, 1)}\n`);
}

async function updatesOf(dir: string): Promise<SelfTrainingUpdate[]> {
  const lines = await readMetrics(join(dir, METRICS_FILE));
  return lines.flatMap((line) =>
    line.kind === 'self-training' && 'data' in line ? [line.data] : [],
  ) as unknown as SelfTrainingUpdate[];
}
