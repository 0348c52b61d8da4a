// The worlds of the matrices as features: views, tiles and, of test worlds, a grid of overlapping tiles, through a frozen
// trunk, computed once and kept.
import { join } from 'node:path';
import type { BundleGeometry } from 'skyfix/bundles';
import { SPLITS } from '../common/index.js';
import { type CrossViewPair, openDataset } from '../datasets/index.js';
import {
  cachedFeatures,
  changedCopy,
  type FeatureImages,
  storedImages,
  type TrunkFile,
} from '../features/index.js';
import { type PreparedArea, prepareArea } from '../images/index.js';
import { GRID_STRIDE_PX } from '../networks/index.js';
import { turnedCopies } from '../pipeline/index.js';
import type { TurnedFeatures } from '../stages/index.js';
import { type FeatureStore, selectStore } from '../stores/index.js';
import type { PlannedWorld } from './style-plan.js';

/** A world, its images and their features. */
export interface StyleArea {
  readonly area: PreparedArea;
  /** Of the area's BEVs; of a training world their middle alone. */
  readonly views: FeatureStore;
  /** Of the area's gallery. */
  readonly tiles: FeatureStore;
  /** Of the area's grid; absent where none was asked for. */
  readonly grid?: FeatureStore;
  /** Of a training world: its pairs once more, as another camera and other sensors would have seen them. */
  readonly changed?: { readonly views: FeatureStore; readonly tiles: FeatureStore };
  /** Of a training world: its views once more, turned. */
  readonly turned?: TurnedFeatures;
}

/** Copies of each view of a training world under false headings. */
const FALSE_TURNS = 4;

export interface AreaOptions {
  readonly cacheDir: string;
  readonly geometry: BundleGeometry;
  /** Grid of test worlds. */
  readonly gridStrideM: number;
  readonly threads: number;
  readonly onProgress?: (what: string, done: number, total: number) => void;
}

/** The features of a world in `folder`; only of test worlds with ground around the views, and a grid. */
export async function openArea(
  { role, seed }: Pick<PlannedWorld, 'role' | 'seed'>,
  folder: string,
  trunk: TrunkFile,
  options: AreaOptions,
): Promise<StyleArea> {
  const { cacheDir, geometry, gridStrideM, threads, onProgress } = options;
  const dataset = await openDataset({ format: 'town', root: folder });
  const prepare = { cacheDir: join(cacheDir, 'images'), threads, ...(onProgress && { onProgress }) };
  const area = await prepareArea(dataset, SPLITS, geometry, {
    ...prepare,
    ...(role === 'test' && gridStrideM > 0 && { grid: { strideM: gridStrideM } }),
  });
  const features = (what: string, images: FeatureImages, cells?: number) =>
    cachedFeatures(images, trunk, {
      cacheDir: join(cacheDir, 'features'),
      threads,
      ...(cells !== undefined && { cells }),
      onProgress: (done, total) => onProgress?.(`features of ${what}`, done, total),
    });
  const middle = geometry.inputSizePx / GRID_STRIDE_PX;
  const views = await features('views', storedImages(area.bevs), role === 'training' ? middle : undefined);
  const tiles = await features('tiles', storedImages(area.gallery));
  const grid = area.grid && (await features('the grid', storedImages(area.grid.images)));
  if (role === 'test') return { area, views, tiles, ...(grid && { grid }) };
  const pairOf = new Map(dataset.pairs.map((pair) => [pair.id, pair]));
  const unchanged = {
    dataset,
    pairs: area.ids.map((id) => pairOf.get(id) as CrossViewPair),
    tiles: storedImages(selectStore(area.gallery, area.tileOf)),
    geometry,
  };
  const copy = await changedCopy(unchanged, { seed, copy: 1 }, prepare);
  const changed = {
    views: await features('changed views', copy.bevs, middle),
    tiles: await features('changed tiles', copy.tiles),
  };
  const turned = await turnedCopies(storedImages(area.bevs), {
    sizePx: geometry.inputSizePx,
    seed,
    turns: FALSE_TURNS,
    features: (what, images) => features(what, images, middle),
  });
  return { area, views, tiles, changed, turned };
}
