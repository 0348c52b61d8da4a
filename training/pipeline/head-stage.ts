// Stage 3 of a run whose encoder's head is fitted: features of all pairs once, then the head in closed form, and steps
// of descent from it where they are asked for.
import { join } from 'node:path';
import { SkyfixError } from 'skyfix/errors';
import { sha256OfBytes, writeFileAtomic } from 'skyfix/files';
import type { HeadConfig, HeadTuneConfig, RunConfig } from '../config/index.js';
import {
  GRID_STRIDE_PX,
  type GridEncoder,
  type GridHead,
  headToArrays,
  type NamedArray,
  plainHead,
} from '../networks/index.js';
import {
  type FeaturePairs,
  type FitPrior,
  fitHead,
  fitWithStatistics,
  statisticsToArrays,
  tuneHead,
  turnedStores,
} from '../stages/index.js';
import { writeSafetensors } from '../weights/index.js';
import { HEAD_FILE, openTrunkOf, trunkChannels } from './encoder-of.js';
import { headPairs } from './head-data.js';
import { hooksOf, keyOf, type RunContext } from './run-context.js';
import type { TrainingPart } from './run-data.js';
import { trunkFileOf } from './trunk-file.js';

/** An encoder whose head was fitted, what it was fitted to, and the training-free grid that stands beside it. */
export interface FittedEncoder {
  readonly encoder: GridEncoder;
  readonly fit: { readonly grid: GridHead; readonly statistics: Readonly<Record<string, NamedArray>> };
}

/** What an earlier fit counts for where a configuration says nothing: with 60 own pairs the head is half theirs. */
const PRIOR_PAIRS = 60;

/** Fits the head to the labelled pairs of all parts, each part counting alike. Throws DATASET_INVALID where nothing is seen. */
export async function runHead(
  context: RunContext,
  parts: readonly TrainingPart[],
  options: HeadConfig,
): Promise<FittedEncoder> {
  const { config, dir } = context;
  const { channels, regularisation, falloff, priorPairs = PRIOR_PAIRS } = options;
  const { projection: dimensions } = config.networks.encoder;
  const cells = config.geometry.inputSizePx / GRID_STRIDE_PX;
  const { withHead, earlier } = await openTrunkOf(config);
  const bare = withHead(plainHead(trunkChannels(config), cells));
  const areas = await trunkFileOf(bare, config.data.cacheDir)
    .then((trunk) => headPairs(context, parts, trunk, options))
    .finally(() => bare.dispose());
  try {
    const prior: FitPrior | undefined = earlier && {
      moments: earlier.head,
      statistics: earlier.statistics,
      pairs: priorPairs,
    };
    const grid = fitHead(areas, { cells, regularisation });
    const whole = {
      cells,
      channels,
      regularisation,
      ...(dimensions !== undefined && { dimensions }),
      ...(falloff !== undefined && { falloff }),
    };
    const { head, statistics } = fitWithStatistics(areas, whole, prior);
    const encoder = withHead(options.tune?.from === 'weights' ? earlierHead(config, earlier) : head);
    if (options.tune) await tuned(context, encoder, areas, options.tune);
    const arrays = statisticsToArrays(statistics);
    await writeFileAtomic(
      join(dir, HEAD_FILE),
      writeSafetensors({ ...headToArrays(encoder.head()), ...arrays }),
    );
    return { encoder, fit: { grid, statistics: arrays } };
  } finally {
    for (const { copies, turned } of areas) {
      for (const { views, tiles } of copies) {
        views.close();
        tiles.close();
      }
      for (const store of turnedStores(turned)) store.close();
    }
  }
}

/** The head that the weights of the run have. Throws WEIGHTS_INVALID where they have none. */
function earlierHead({ networks }: RunConfig, earlier: { readonly head: GridHead } | undefined): GridHead {
  if (earlier) return earlier.head;
  const detail = `${networks.encoder.weights} has no head that was fitted; /stage3/head/tune/from is "weights".`;
  throw new SkyfixError('WEIGHTS_INVALID', detail);
}

/** Steps from the fit on; a run that was stopped among them goes on there. Throws TRAINING_DIVERGED, RunStopped. */
async function tuned(
  context: RunContext,
  encoder: GridEncoder,
  areas: readonly FeaturePairs[],
  { turns: _, from: __, ...tune }: HeadTuneConfig,
): Promise<void> {
  const { geometry, seed } = context.config;
  // Within half a tile the tile of one place shows the other, too.
  const options = { ...tune, samePlaceM: geometry.tileSizeM / 2, seed };
  const digests = areas.flatMap(({ copies: [{ views, tiles }], turned }) =>
    [views, tiles, ...turnedStores(turned)].map(({ digest }) => digest),
  );
  const start = sha256OfBytes(writeSafetensors(headToArrays(encoder.head())));
  await tuneHead(encoder, areas, options, hooksOf(context, 'encoder', [keyOf([options, start, digests])]));
}
