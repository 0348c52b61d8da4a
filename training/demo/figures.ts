// npm run demo:figures: trains the comparisons beside the shipped bundle (raw panorama + encoder, BEV + encoder; the same
// data, schedule and seed) and writes all strict figures into the bundle's metrics.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from 'skyfix/files';
import type { BundleManifest } from 'skyfix/models';
import { loadRunConfig } from '../config/index.js';
import { runTraining } from '../pipeline/run.js';
import { retrievalTable } from '../report/retrieval-table.js';
import type { RetrievalResult } from '../report/run-result.js';

const COMPARISONS = {
  'raw panorama + encoder': [
    'publish=null',
    'queries=panorama',
    'geometry.searchMarginPx=0',
    'geometry.searchStepPx=null',
    'evaluation.robustness=false',
  ],
  'BEV + encoder': ['publish=null', 'queries=bev', 'evaluation.robustness=false'],
} as const;

const overrides = process.argv.slice(2);
const config = await loadRunConfig('town', overrides);
const path = join('models', config.bundle.name, 'bundle.json');
const comparisons: Record<string, readonly RetrievalResult[]> = {};
for (const [name, changes] of Object.entries(COMPARISONS)) {
  const own = await loadRunConfig('town', [...overrides, `name=${name.replace(/\W+/g, '-')}`, ...changes]);
  const result = await runTraining(own, join('var', 'demo', own.name));
  if (!result) continue;
  comparisons[name] = result.retrieval.filter(({ model }) => model === 'trained');
  process.stdout.write(`${name}\n${retrievalTable(comparisons[name])}\n`);
}
const manifest = JSON.parse(await readFile(path, 'utf8')) as BundleManifest;
const metrics = { ...manifest.metrics, comparisons };
await writeFileAtomic(path, `${JSON.stringify({ ...manifest, metrics }, null, 2)}\n`);
