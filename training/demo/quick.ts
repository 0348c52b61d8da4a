// npm run demo:make -- --quick: the same runs with a quarter of the places and of the steps, in a folder of their own.
import { join } from 'node:path';
import type { DataSource, RunConfig } from '../config/index.js';

export const FULL_DIR = join('var', 'demo');
export const QUICK_DIR = join('var', 'demo-quick');
const SHARE = 1 / 4;
/** Fewer places are no area to train on or to be measured on. */
const LEAST_PLACES = 100;

/** A run with less to do, its towns and caches in QUICK_DIR. */
export function quickened(config: RunConfig): RunConfig {
  const { data, stage1, stage3, evaluation } = config;
  const steps = (count = 0) => Math.ceil(count * SHARE);
  return {
    ...config,
    data: {
      ...data,
      source: smaller(data.source),
      ...(data.further && { further: data.further.map(smaller) }),
      encoderOnly: data.encoderOnly.map(smaller),
      cacheDir: moved(data.cacheDir),
    },
    stage1: { ...stage1, steps: steps(stage1.steps), pairedWarmupSteps: steps(stage1.pairedWarmupSteps) },
    stage3: { ...stage3, steps: steps(stage3.steps), warmupSteps: steps(stage3.warmupSteps) },
    evaluation: {
      ...evaluation,
      ...(evaluation.areas && {
        areas: evaluation.areas.map((area) => ({
          ...area,
          ...(area.source && { source: smaller(area.source) }),
        })),
      }),
    },
  };
}

function smaller(source: DataSource): DataSource {
  const { make, root } = source;
  if (!make) return source;
  const places = Math.max(LEAST_PLACES, Math.round(make.places * SHARE));
  return { ...source, root: moved(root), make: { ...make, places } };
}

const moved = (path: string): string => path.replace(FULL_DIR, QUICK_DIR);
