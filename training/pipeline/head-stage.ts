// Stage 3 of a run whose encoder's head is fitted: features of all pairs once, then the head in closed form.
import { join } from 'node:path';
import { writeFileAtomic } from 'skyfix/files';
import type { HeadConfig } from '../config/index.js';
import {
  createGridEncoder,
  GRID_STRIDE_PX,
  type GridEncoder,
  type GridHead,
  headToArrays,
} from '../networks/index.js';
import { type FeaturePairs, fitHead } from '../stages/index.js';
import { writeSafetensors } from '../weights/index.js';
import { freshEncoder, HEAD_FILE } from './encoder-of.js';
import { headPairs } from './head-data.js';
import type { RunContext } from './run-context.js';
import type { TrainingPart } from './run-data.js';
import { trunkFileOf } from './trunk-file.js';

/** An encoder whose head was fitted, and the training-free grid that stands beside it. */
export interface FittedEncoder {
  readonly encoder: GridEncoder;
  readonly grid: GridHead;
}

/** Fits the head to the labelled pairs of all parts, each part counting alike. Throws DATASET_INVALID where nothing is seen. */
export async function runHead(
  context: RunContext,
  parts: readonly TrainingPart[],
  options: HeadConfig,
): Promise<FittedEncoder> {
  const { config, dir } = context;
  const start = (await freshEncoder(config)) as GridEncoder; // a head is only configured for one
  try {
    const trunk = await trunkFileOf(start, config.data.cacheDir);
    const areas = await headPairs(context, parts, trunk, options);
    const { grid, head } = fitted(areas, options, start, config.networks.encoder.projection);
    for (const { views, tiles } of areas.flatMap(({ copies }) => copies)) {
      views.close();
      tiles.close();
    }
    await writeFileAtomic(join(dir, HEAD_FILE), writeSafetensors(headToArrays(head)));
    const params = start.trunkArrays();
    const { trunk: kind, blocks } = start;
    return { encoder: createGridEncoder({ trunk: kind, blocks, head, params, tunesTrunk: false }), grid };
  } finally {
    start.dispose();
  }
}

function fitted(
  areas: readonly FeaturePairs[],
  { channels, regularisation }: HeadConfig,
  { inputSize }: GridEncoder,
  dimensions: number | undefined,
): { readonly grid: GridHead; readonly head: GridHead } {
  const cells = inputSize / GRID_STRIDE_PX;
  const size = dimensions === undefined ? {} : { dimensions };
  return {
    grid: fitHead(areas, { cells, regularisation }),
    head: fitHead(areas, { cells, channels, regularisation, ...size }),
  };
}
