// What would end a run long after its beginning is looked at before stage 1: that there is something to train and to measure on,
// that the images of every area can be made, and that the weights and the imagery which are named are there.
import { stat } from 'node:fs/promises';
import { SkyfixError } from 'skyfix/errors';
import { openImagery } from 'skyfix/index';
import { SPLITS } from '../common/index.js';
import { type EvaluationArea, imageryOptionsOf, type RunConfig, trainingSources } from '../config/index.js';
import type { CrossViewDataset } from '../datasets/index.js';
import { openContrastTrunk } from './contrast-trunk.js';
import { freshEncoder } from './encoder-of.js';
import type { OpenSource } from './open-source.js';
import { splitsOf } from './run-data.js';

export interface CheckedRun {
  /** What the run is measured on; none where everything is for training. */
  readonly areas: readonly EvaluationArea[];
  /** What a person should know before it starts. */
  readonly notes: readonly string[];
}

/**
 * Throws TRAINING_CONFIG_INVALID that names the field, DATASET_INVALID, WEIGHTS_INVALID and IMAGERY_INVALID; nothing has been
 * trained then.
 */
export async function checkRun(config: RunConfig, open: OpenSource): Promise<CheckedRun> {
  const own = await open(config.data.source);
  if (!splitsOf(own).includes('train')) {
    throw invalid(`/data/source has nothing to train on: ${holdings(own)}.`);
  }
  const datasets = [own];
  for (const source of trainingSources(config.data).slice(1)) datasets.push(await open(source));
  const encoder = await freshEncoder(config); // reads its weights
  encoder.dispose();
  if (config.queries === 'views') (await openContrastTrunk(config))?.dispose(); // it was fetched
  if (config.publish) await checkPublish(config.publish);
  const { areas } = config.evaluation;
  if (!areas) {
    const found = areasOf(own, config);
    return { areas: found.areas, notes: [...notesOf(datasets), ...found.notes] };
  }
  for (const [k, area] of areas.entries()) {
    const dataset = area.source ? await open(area.source) : own;
    datasets.push(dataset);
    if (splitsOf(dataset).some((split) => area.splits.includes(split))) continue;
    throw invalid(
      `/evaluation/areas/${k} "${area.name}" is ${area.splits.join(' and ')}, but ${holdings(dataset)}. ` +
        'Name splits that it has, or set evaluation.areas to null: then the run takes what its ' +
        'data set has.',
    );
  }
  return { areas, notes: notesOf(datasets) };
}

/** The first preferred split that the data set has. */
function areasOf(own: CrossViewDataset, { evaluation }: RunConfig): CheckedRun {
  const { preferredSplits = ['test', 'validation'] } = evaluation;
  const split = preferredSplits.find((wanted) => splitsOf(own).includes(wanted));
  if (split) return { areas: [{ name: split, splits: [split] }], notes: [] };
  const note = `Nothing is held out (${holdings(own)}): the run ends with its bundle, and without figures.`;
  return { areas: [], notes: [note] };
}

function notesOf(datasets: readonly CrossViewDataset[]): string[] {
  return [...new Set(datasets.flatMap(({ root, notes }) => notes.map((note) => `${root}: ${note}`)))];
}

function holdings(dataset: CrossViewDataset): string {
  const counts = SPLITS.map((split) => [split, dataset.pairs.filter((pair) => pair.split === split).length]);
  const some = counts.filter(([, count]) => count !== 0).map(([split, count]) => `${count} in ${split}`);
  return `${dataset.root} has ${some.length > 0 ? `${some.join(', ')} (pairs)` : 'no pairs'}`;
}

async function checkPublish({ imagery, area, ...how }: NonNullable<RunConfig['publish']>): Promise<void> {
  await (await openImagery(imagery, imageryOptionsOf(how))).close();
  if (area !== undefined && !(await stat(area).catch(() => undefined)))
    throw invalid(`/publish/area is ${area}, which does not exist.`);
}

function invalid(detail: string): SkyfixError {
  return new SkyfixError('TRAINING_CONFIG_INVALID', detail);
}
