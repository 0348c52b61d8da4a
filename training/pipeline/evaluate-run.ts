// What a run's networks reach on the areas that it is measured on.

import { inputOf } from '../config/index.js';
import type { CrossViewDataset } from '../datasets/index.js';
import type { PreparedArea } from '../images/index.js';
import type { Encoder, GridHead } from '../networks/index.js';
import type { RetrievalResult, RunResult } from '../runs/index.js';
import { describe, viewsInMemory } from '../stages/index.js';
import type { ImageStore } from '../stores/index.js';
import { overHeights } from './camera-heights.js';
import { freshEncoder, writtenHead } from './encoder-of.js';
import { type AreaFigures, type Embed, evaluateArea, servedBy } from './evaluate-area.js';
import { featureEmbed } from './feature-embed.js';
import { generationFigures } from './generation-figures.js';

import { measureRobustness } from './robustness.js';
import { type RunContext, rawQueries } from './run-context.js';
import { costOf } from './run-cost.js';
import { type OpenedArea, prepareOptions, trainingGeometry } from './run-data.js';
import { writeSheets } from './sheets.js';
import type { Trained } from './train-stages.js';
import { trunkFileOf } from './trunk-file.js';
import { queriesOf } from './views-stage.js';

/** The measured part of a run's result. */
export type RunFigures = Pick<RunResult, 'retrieval' | 'robustness' | 'generation' | 'cost'>;

/** An area after the trained encoder was measured on it. */
interface MeasuredArea {
  readonly prepared: PreparedArea;
  readonly dataset: CrossViewDataset;
  readonly queries: ImageStore;
  readonly figures: AreaFigures;
}

/** Retrieval on every area; everything else, and the sheets in the run's folder, on the first one. */
export async function evaluateRun(
  context: RunContext,
  trained: Trained,
  opened: readonly OpenedArea[],
): Promise<RunFigures> {
  const { own, made } = trained;
  const { areas, first } = await evaluateAreas(context, trained, opened);
  if (!first) return { retrieval: [] };
  const { prepared, queries } = first;
  const generation = await generationFigures(own.gallery, prepared, made ? queries : undefined);
  if (context.config.evaluation.sheets) await sheetsOf(context.dir, first, made !== undefined);
  const robustness = await robustnessOf(context, trained, first);
  const cost = await costOf(context, trained, prepared);
  return {
    retrieval: areas,
    ...(robustness && { robustness }),
    ...(generation && { generation }),
    ...(cost && { cost }),
  };
}

/** The untrained encoder stands beside the trained one: it tells what the data give away by themselves. */
async function evaluateAreas(
  context: RunContext,
  own: Trained,
  opened: readonly OpenedArea[],
): Promise<{ readonly areas: RetrievalResult[]; readonly first: MeasuredArea | undefined }> {
  const { config, progress } = context;
  const { made } = own;
  const options = prepareOptions(config, progress.work);
  const { trained, untrained, close } = await embedsOf(context, own);
  const trainedHead = 'head' in own.encoder ? own.encoder.head() : undefined;
  const areas: RetrievalResult[] = [];
  let first: MeasuredArea | undefined;
  for (const { name, prepared, dataset } of opened) {
    const queries = await queriesOf(context, made, prepared);
    const served = await overHeights(config.geometry, dataset, prepared, queries, options);
    const embed = served(trained);
    const figures = await evaluateArea(
      name,
      'trained',
      embed,
      queries,
      prepared,
      servedBy(trainedHead, config.geometry),
    );
    const { result } = await evaluateArea(
      name,
      'untrained',
      served(untrained),
      rawQueries(config, prepared), // what G is given: nothing in it was trained
      prepared,
      // In the middle only, where each look costs a run.
      servedBy(own.fit?.grid, own.fit ? config.geometry : trainingGeometry(config)),
    );
    areas.push(result, figures.result);
    first ??= { prepared, dataset, queries, figures };
  }
  close();
  return { areas, first };
}

/** The trained encoder, and what stands beside it: untrained, or the training-free grid where a head was fitted. */
async function embedsOf(
  { config, dir, progress }: RunContext,
  { encoder, fit }: Trained,
): Promise<{ readonly trained: Embed; readonly untrained: Embed; readonly close: () => void }> {
  if (fit && 'head' in encoder) {
    const { cacheDir } = config.data;
    const trunk = await trunkFileOf(encoder, cacheDir);
    const options = { cacheDir, threads: config.runtime.threads, onProgress: progress.work('features') };
    const embed = (head: GridHead) => featureEmbed(trunk, head, options);
    return { trained: embed(encoder.head()), untrained: embed(fit.grid), close: () => {} };
  }
  const untrained = await freshEncoder(config, await writtenHead(dir));
  return { trained: embedBy(encoder), untrained: embedBy(untrained), close: () => untrained.dispose() };
}

const embedBy =
  (encoder: Encoder): Embed =>
  (images, square, rows) =>
    describe(encoder, images, { ...(square && { square }), ...(rows && { rows }) });

async function sheetsOf(dir: string, area: MeasuredArea, hasViews: boolean): Promise<void> {
  const { prepared, dataset, queries, figures } = area;
  await writeSheets(
    dir,
    prepared,
    dataset,
    { bevs: prepared.bevs, ...(hasViews && { views: queries }) },
    figures,
  );
}

/** Undefined where the configuration asks for none, or the networks see no projection of the ground. */
async function robustnessOf(
  context: RunContext,
  trained: Trained,
  { prepared, dataset }: MeasuredArea,
): Promise<RunResult['robustness']> {
  const { config, progress } = context;
  const { made } = trained;
  if (!config.evaluation.robustness || inputOf(config) !== 'bev') return undefined;
  const { trained: embed, close } = await embedsOf(context, trained);
  close();
  return measureRobustness(
    dataset,
    prepared,
    trainingGeometry(config),
    async (bevs) => embed(made ? await viewsInMemory(made.generator, bevs) : bevs),
    await embed(prepared.gallery),
    progress.work('robustness'),
  );
}
