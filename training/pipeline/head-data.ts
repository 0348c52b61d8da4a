// What a head is fitted to: the features of all labelled pairs of each data set, as they are, mirrored and turned, and as other
// cameras and sensors would have seen them.
import { makeRng } from 'skyfix/random';
import type { HeadConfig } from '../config/index.js';
import type { CrossViewPair } from '../datasets/index.js';
import {
  cachedFeatures,
  changedCopy,
  type FeatureImages,
  storedImages,
  type TrunkFile,
  turnedImages,
  turnedViews,
  type ViewTurn,
} from '../features/index.js';
import { GRID_STRIDE_PX } from '../networks/index.js';
import type { FeaturePairs, PairCopy, TurnedViews } from '../stages/index.js';
import { centreStore, selectStore } from '../stores/index.js';
import type { RunContext } from './run-context.js';
import { prepareOptions, type TrainingPart } from './run-data.js';

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
  const underTurns = async (
    what: string,
    key: string,
    turnOf: (row: number) => ViewTurn,
  ): Promise<TurnedViews> => ({
    views: await features(what, turnedViews(views, geometry.inputSizePx, key, turnOf)),
    turns: rows.map((_, row) => {
      const { turnDeg, eastPx, southPx } = turnOf(row);
      return { turnDeg, eastCells: eastPx / GRID_STRIDE_PX, southCells: southPx / GRID_STRIDE_PX };
    }),
  });
  const mostPx = Math.min(NEAR_PX, (views.sizePx - geometry.inputSizePx) / 2);
  const near = await underTurns('BEVs, nearly as they are', `near ${seed} ${mostPx}`, (row) =>
    nearTurn(seed, row, mostPx),
  );
  const falsely: TurnedViews[] = [];
  for (let k = 0; k < tune.turns; k++) {
    const key = `false heading ${seed} ${k} of ${tune.turns}`;
    const turnOf = (row: number) => falseTurn(seed, row, k, tune.turns);
    falsely.push(await underTurns(`BEVs under false headings, ${k + 1} of ${tune.turns}`, key, turnOf));
  }
  return { ...area, turned: { near, false: falsely } };
}

/** Streams of the seed: a million for each copy. */
const TURN_STREAM = 90_000_000;
/** What a search for the heading, and for the place between tiles, leaves wrong of the best window. */
const NEAR_DEG = 8;
const NEAR_PX = GRID_STRIDE_PX / 2;
/** From here on a heading is false. */
const FALSE_DEG = 15;
const ABOUT_DEG = 45;

/** Off by up to what a search leaves, and by no more than the margin shows. */
export function nearTurn(seed: number, row: number, mostPx: number): ViewTurn {
  const rng = makeRng(seed, TURN_STREAM + row);
  const eastPx = rng.int(-mostPx, mostPx);
  return { turnDeg: rng.range(-NEAR_DEG, NEAR_DEG), eastPx, southPx: rng.int(-mostPx, mostPx) };
}

/** The first third within 45 degrees of the true heading, the others spread over the rest of the circle. */
export function falseTurn(seed: number, row: number, copy: number, copies: number): ViewTurn {
  const rng = makeRng(seed, TURN_STREAM + (1 + copy) * 1_000_000 + row);
  const about = Math.ceil(copies / 3);
  const beside = { eastPx: 0, southPx: 0 };
  if (copy < about) {
    const turnDeg = rng.range(FALSE_DEG, ABOUT_DEG);
    return { turnDeg: rng.chance(0.5) ? turnDeg : -turnDeg, ...beside };
  }
  const part = (360 - 2 * ABOUT_DEG) / (copies - about);
  const from = ABOUT_DEG + (copy - about) * part;
  return { turnDeg: rng.range(from, from + part), ...beside };
}
