// What a run's networks reach on the areas that it is measured on.

import { inputOf } from '../config/index.js';
import type { CrossViewDataset } from '../datasets/index.js';
import type { PreparedArea } from '../images/index.js';
import type { Encoder } from '../networks/index.js';
import type { RetrievalResult, RunResult } from '../runs/index.js';
import { describe, viewsInMemory } from '../stages/index.js';
import type { ImageStore } from '../stores/index.js';
import { freshEncoder, writtenHead } from './encoder-of.js';
import { type AreaFigures, type Embed, evaluateArea } from './evaluate-area.js';
import { generationFigures } from './generation-figures.js';

import { measureRobustness } from './robustness.js';
import { type RunContext, rawQueries } from './run-context.js';
import { costOf } from './run-cost.js';
import { type OpenedArea, trainingGeometry } from './run-data.js';
import { writeSheets } from './sheets.js';
import type { Trained } from './train-stages.js';
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
  { made, encoder }: Trained,
  opened: readonly OpenedArea[],
): Promise<{ readonly areas: RetrievalResult[]; readonly first: MeasuredArea | undefined }> {
  const { config } = context;
  const untrained = await freshEncoder(config, await writtenHead(context.dir));
  const areas: RetrievalResult[] = [];
  let first: MeasuredArea | undefined;
  for (const { name, prepared, dataset } of opened) {
    const queries = await queriesOf(context, made, prepared);
    const embed = embedBy(encoder);
    const figures = await evaluateArea(name, 'trained', embed, queries, prepared, config.geometry);
    const { result } = await evaluateArea(
      name,
      'untrained',
      embedBy(untrained),
      rawQueries(config, prepared), // what G is given: nothing in it was trained
      prepared,
      trainingGeometry(config), // in the middle only
    );
    areas.push(result, figures.result);
    first ??= { prepared, dataset, queries, figures };
  }
  untrained.dispose();
  return { areas, first };
}

const embedBy =
  (encoder: Encoder): Embed =>
  (images, square) =>
    describe(encoder, images, square ? { square } : {});

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
  { config, progress }: RunContext,
  { made, encoder }: Trained,
  { prepared, dataset }: MeasuredArea,
): Promise<RunResult['robustness']> {
  if (!config.evaluation.robustness || inputOf(config) !== 'bev') return undefined;
  return measureRobustness(
    dataset,
    prepared,
    trainingGeometry(config),
    async (bevs) => describe(encoder, made ? await viewsInMemory(made.generator, bevs) : bevs),
    await describe(encoder, prepared.gallery),
    progress.work('robustness'),
  );
}
