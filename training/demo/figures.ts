// npm run demo:figures: trains the comparisons beside the shipped bundle (raw panorama + encoder, BEV + encoder; the same
// data, schedule and seed), side by side with one thread each, and writes all strict figures into the bundle's metrics.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BundleManifest } from 'skyfix/bundles';
import { SkyfixError } from 'skyfix/errors';
import { writeFileAtomic } from 'skyfix/files';
import { runInProcess } from '../ablation/index.js';
import { loadRunConfig } from '../config/index.js';
import { type RetrievalResult, readRunResult, summaryTable } from '../runs/index.js';

const EACH = ['publish=null', 'evaluation.robustness=false', 'runtime.threads=1'];
const COMPARISONS = {
  'raw panorama + encoder': [
    ...EACH,
    'queries=panorama',
    'geometry.searchMarginPx=0',
    'geometry.searchStepPx=null',
  ],
  'BEV + encoder': [...EACH, 'queries=bev'],
} as const;

async function compare(
  name: string,
  settings: readonly string[],
): Promise<[string, readonly RetrievalResult[]]> {
  const run = name.replace(/\W+/g, '-');
  const dir = join('var', 'demo', run);
  process.stderr.write(`${name}: trains in ${dir}\n`);
  const code = await runInProcess('town', dir, [...settings, `name=${run}`]);
  if (code !== 0) {
    throw new SkyfixError('TRAINING_DIVERGED', `${name} ended with exit code ${code}; see ${dir}/run.log.`);
  }
  const { retrieval } = await readRunResult(dir);
  const trained = retrieval.filter(({ model }) => model === 'trained');
  process.stdout.write(`${name}\n${summaryTable(trained)}\n`);
  return [name, trained];
}

const overrides = process.argv.slice(2);
const { bundle } = await loadRunConfig('town', overrides);
const runs = Object.entries(COMPARISONS).map(([name, set]) => compare(name, [...overrides, ...set]));
const comparisons = Object.fromEntries(await Promise.all(runs));
const path = join('models', bundle.name, 'bundle.json');
const manifest = JSON.parse(await readFile(path, 'utf8')) as BundleManifest;
const metrics = { ...manifest.metrics, comparisons };
await writeFileAtomic(path, `${JSON.stringify({ ...manifest, metrics }, null, 2)}\n`);
