// The data sets that a run names: opened as it says, towns made where they are missing.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type DataSource, imageryOptionsOf, type RunConfig } from '../config/index.js';
import {
  type CrossViewDataset,
  DEFAULT_PHOTOS,
  type OpenOptions,
  openDataset,
  type PhotoOptions,
} from '../datasets/index.js';
import type { Tell } from '../runs/index.js';
import { DEFAULT_TOWN, DEFAULT_WORLD, makeTown, makeWorld } from '../town/index.js';

/** Ground beyond a tile on every side that a pair of training may be cut from, metres. */
export const trainingMarginM = ({ tileMarginM, shiftM = 0 }: Pick<RunConfig, 'tileMarginM' | 'shiftM'>) =>
  tileMarginM + shiftM;

export type OpenSource = (source: DataSource) => Promise<CrossViewDataset>;

/** Opens the data sets of a run, each once however often it is asked for: all of the run sees the same entries. */
export function sourceOpener(config: RunConfig, tell: Tell): OpenSource {
  const opened = new Map<string, Promise<CrossViewDataset>>();
  return (source) => {
    const key = JSON.stringify(source);
    const dataset = opened.get(key) ?? openSource(source, config, tell);
    opened.set(key, dataset);
    return dataset;
  };
}

/**
 * Opens a data set, with further options where they are given; a town that is not there is made first. Throws
 * DATASET_INVALID, IMAGERY_INVALID.
 */
export async function openSource(
  source: DataSource,
  config: RunConfig,
  tell: Tell,
  more: Pick<OpenOptions, 'splits' | 'checkImages'> = {},
): Promise<CrossViewDataset> {
  const { format, root, area, make, dropInvalid, fieldOfView, tileFileM } = source;
  if (make && !existsSync(join(root, 'town.json'))) {
    const { style, ...rest } = make;
    const place = { ...rest, out: root, workers: config.runtime.threads };
    const onStep = (step: string, done: number, total: number) =>
      tell(`${style ?? 'town'} ${make.seed}: ${step}`)(done, total);
    if (style === undefined) await makeTown({ ...DEFAULT_TOWN, ...place }, onStep);
    else await makeWorld({ ...DEFAULT_WORLD, ...place, style }, onStep);
  }
  const photos = photoOptionsOf(source, config);
  return openDataset({
    format,
    root,
    ...(area && { area }),
    // What cannot be decoded is left out too; without this it is told when images are made.
    ...(dropInvalid !== undefined && { dropInvalid, checkImages: dropInvalid }),
    ...(config.geometry.fieldOfView && { assumedLater: config.geometry.fieldOfView }),
    ...(fieldOfView && { fieldOfView }),
    ...(tileFileM !== undefined && { tileFileM }),
    ...(photos && { photos }),
    ...more,
  });
}

/**
 * What a source says about own panoramas; undefined without imagery. The split does not depend on the run's seed: runs
 * that are averaged are measured on the same places.
 */
function photoOptionsOf(source: DataSource, config: RunConfig): PhotoOptions | undefined {
  const { imagery, splitSeed = DEFAULT_PHOTOS.seed, unlabelledStrideM, metadata, blockM } = source;
  if (imagery === undefined) return undefined;
  const { geometry, data, selfTraining } = config;
  const { tileSizeM, inputSizePx } = geometry;
  return {
    ...DEFAULT_PHOTOS,
    imagery,
    imageryOptions: imageryOptionsOf(source),
    tileSizeM,
    marginM: trainingMarginM(config),
    tilePx: inputSizePx,
    seed: splitSeed,
    ...(metadata !== undefined && { metadata }),
    ...(blockM !== undefined && { blockM }),
    ...(selfTraining.strategy !== 'none' && {
      unlabelled: { strideM: unlabelledStrideM ?? tileSizeM / 2, apartM: data.nearM.low },
    }),
  };
}
