// Stage 3 of a run whose encoder's head is fitted: features of all pairs once, then the head in closed form.
import { join } from 'node:path';
import { writeFileAtomic } from 'skyfix/files';
import type { HeadConfig } from '../config/index.js';
import {
  GRID_STRIDE_PX,
  type GridEncoder,
  type GridHead,
  headToArrays,
  type NamedArray,
  plainHead,
} from '../networks/index.js';
import { type FitPrior, fitHead, fitWithStatistics, statisticsToArrays } from '../stages/index.js';
import { writeSafetensors } from '../weights/index.js';
import { HEAD_FILE, openTrunkOf, trunkChannels } from './encoder-of.js';
import { headPairs } from './head-data.js';
import type { RunContext } from './run-context.js';
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
    const arrays = statisticsToArrays(statistics);
    await writeFileAtomic(join(dir, HEAD_FILE), writeSafetensors({ ...headToArrays(head), ...arrays }));
    return { encoder: withHead(head), fit: { grid, statistics: arrays } };
  } finally {
    for (const { views, tiles } of areas.flatMap(({ copies }) => copies)) {
      views.close();
      tiles.close();
    }
  }
}
