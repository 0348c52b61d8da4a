// What a head is fitted to: the features of all labelled pairs of each data set, as they are, mirrored and turned, and as other
// cameras and sensors would have seen them.
import type { HeadConfig } from '../config/index.js';
import type { CrossViewPair } from '../datasets/index.js';
import {
  cachedFeatures,
  changedCopy,
  type FeatureImages,
  storedImages,
  type TrunkFile,
  turnedImages,
} from '../features/index.js';
import { GRID_STRIDE_PX } from '../networks/index.js';
import type { FeaturePairs, PairCopy } from '../stages/index.js';
import { centreStore, selectStore } from '../stores/index.js';
import type { RunContext } from './run-context.js';
import { prepareOptions, type TrainingPart } from './run-data.js';
import { turnedCopies } from './turned-copies.js';

/** The features of the labelled pairs of every part, made now or cached. */
export async function headPairs(
  context: Pick<RunContext, 'config' | 'progress'>,
  parts: readonly TrainingPart[],
  trunk: TrunkFile,
  head: HeadConfig,
): Promise<FeaturePairs[]> {
  const areas: FeaturePairs[] = [];
  for (const part of parts) areas.push(await pairsOf(context, part, trunk, head));
  return areas;
}

async function pairsOf(
  { config, progress }: Pick<RunContext, 'config' | 'progress'>,
  { dataset, data }: TrainingPart,
  trunk: TrunkFile,
  { turned, changed, tune }: HeadConfig,
): Promise<FeaturePairs> {
  const { geometry, runtime, seed, data: places } = config;
  const cells = geometry.inputSizePx / GRID_STRIDE_PX;
  const rows = data.labels.labelled;
  const tileOf = rows.map((_, k) => k);
  const views = storedImages(selectStore(data.bevs, rows));
  const gallery = centreStore(data.gallery, geometry.inputSizePx);
  const tiles = storedImages(
    selectStore(
      gallery,
      rows.map((row) => data.labels.tileOf(row)),
    ),
  );
  const features = (what: string, images: FeatureImages) =>
    cachedFeatures(images, trunk, {
      cacheDir: places.cacheDir,
      cells,
      threads: runtime.threads,
      onProgress: progress.work(`features of ${what}`),
    });
  const copyOf = async (what: string, view: FeatureImages, tile: FeatureImages): Promise<PairCopy> => ({
    views: await features(`BEVs${what}`, view),
    tiles: await features(`tiles${what}`, tile),
    tileOf,
  });
  const own = await copyOf('', views, tiles);
  const more: PairCopy[] = [];
  for (let k = 1; k <= turned; k++) {
    more.push(await copyOf(`, turned ${k}`, turnedImages(views, k), turnedImages(tiles, k)));
  }
  const pairOf = new Map(dataset.pairs.map((pair) => [pair.id, pair]));
  const pairs = rows.map((row) => pairOf.get(data.ids[row] ?? '') as CrossViewPair);
  for (let k = 1; k <= changed; k++) {
    const copy = { seed, copy: k };
    const { bevs, tiles: sensed } = await changedCopy(
      { dataset, pairs, tiles, geometry },
      copy,
      prepareOptions(config, progress.work),
    );
    more.push(await copyOf(`, changed ${k}`, bevs, sensed));
  }
  const locations = pairs.map(({ location }) => location);
  const area: FeaturePairs = { name: data.name, copies: [own, ...more], locations };
  if (!tune) return area;
  const { inputSizePx: sizePx } = geometry;
  return { ...area, turned: await turnedCopies(views, { sizePx, seed, turns: tune.turns, features }) };
}
