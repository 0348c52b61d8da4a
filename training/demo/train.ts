// The training runs behind the shipped bundle and its comparisons, each continued from its checkpoint.
import { join } from 'node:path';
import { sha256OfBytes } from 'skyfix/files';
import type { ImageSet } from '../data/image-set.js';
import { type ConvNext, createConvNext, type Generator } from '../networks/index.js';
import { openTrainingProgress } from '../runs/progress.js';
import { type EncoderOptions, trainEncoder } from '../stages/encoder.js';
import { type GenerationOptions, trainGenerator } from '../stages/generation.js';
import { ENCODER, GENERATION, PROFILE, WORK_DIR } from './recipe.js';
import type { AreaData } from './town-data.js';

const keyOf = (value: unknown): string => sha256OfBytes(JSON.stringify(value));

/** What a run may change of the recipe. */
export interface RunOptions {
  readonly workDir: string;
  readonly generation: GenerationOptions;
  readonly encoder: EncoderOptions;
}

export const RECIPE: RunOptions = { workDir: WORK_DIR, generation: GENERATION, encoder: ENCODER };

/** Stage 1 on the training area. */
export function runGenerator(
  train: AreaData,
  { workDir, generation }: RunOptions = RECIPE,
): Promise<Generator> {
  return trainGenerator(PROFILE, { bevs: train.bevs, tiles: train.tiles }, generation, {
    checkpoint: join(workDir, 'checkpoints', 'generator.bin'),
    key: keyOf([PROFILE, generation, train.town.digest]),
    onStep: openTrainingProgress().steps('generator'),
  });
}

/** A fresh encoder, the start of every run. */
export function untrainedEncoder(): ConvNext {
  return createConvNext(PROFILE.encoder, ENCODER.seed);
}

/** Stage 3 on the training area with these queries; `name` names the checkpoint. */
export async function runEncoder(
  name: string,
  queries: ImageSet,
  train: Pick<AreaData, 'town' | 'tiles' | 'near'>,
  { workDir, encoder: options }: RunOptions = RECIPE,
): Promise<ConvNext> {
  const encoder = createConvNext(PROFILE.encoder, options.seed);
  await trainEncoder(encoder, { queries, tiles: train.tiles, near: train.near }, options, {
    checkpoint: join(workDir, 'checkpoints', `encoder-${name}.bin`),
    key: keyOf([PROFILE.encoder, options, sha256OfBytes(queries.data), train.town.digest]),
    onStep: openTrainingProgress().steps(`encoder (${name})`),
  });
  return encoder;
}
