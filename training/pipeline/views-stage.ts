// Stage 2 of a run: the views of ground images, and what the encoder sees where a run has none.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { inputsOf } from '../images/index.js';
import { writeViews } from '../stages/index.js';
import { fileStore, type ImageStore } from '../stores/index.js';
import type { MadeGenerator } from './generation-stage.js';
import { type Ground, keyOf, type RunContext, rawQueries } from './run-context.js';

/** The view of every ground image of some data, written into the run's folder once. */
export async function runViews(
  { dir, progress, config }: RunContext,
  { generator, key }: MadeGenerator,
  data: Ground,
): Promise<ImageStore> {
  const inputs = inputsOf(data, config.stage1.input);
  const path = join(dir, 'views', `${keyOf([key, data.digest]).slice(0, 24)}.images`);
  if (existsSync(path)) return fileStore(path);
  return writeViews(generator, inputs, path, progress.work('views'));
}

/** Ground images as the encoder sees them, with the margin that serving looks around in: views, where the run has a G. */
export async function queriesOf(
  context: RunContext,
  made: MadeGenerator | undefined,
  data: Ground,
): Promise<ImageStore> {
  return made ? runViews(context, made, data) : rawQueries(context.config, data);
}
