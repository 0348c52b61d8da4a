// What a head is tuned by beside its pairs: the views once more, nearly as they are and under false headings, as features. Copies
// are cut out of the views and their margin and go through the trunk: what a trunk makes of a turned picture is not its features
// turned.
import { makeRng } from 'skyfix/random';
import { type FeatureImages, turnedViews, type ViewTurn } from '../features/index.js';
import { GRID_STRIDE_PX } from '../networks/index.js';
import type { TurnedFeatures, TurnedViews } from '../stages/index.js';
import type { FeatureStore } from '../stores/index.js';

export interface TurnedCopiesOptions {
  /** Side of a window. */
  readonly sizePx: number;
  readonly seed: number;
  /** Copies of each view under false headings. */
  readonly turns: number;
  /** Features of images, made now or cached. */
  readonly features: (what: string, images: FeatureImages) => Promise<FeatureStore>;
}

/** The turned copies of some views, which have a margin. */
export async function turnedCopies(
  views: FeatureImages,
  { sizePx, seed, turns, features }: TurnedCopiesOptions,
): Promise<TurnedFeatures> {
  const under = async (
    what: string,
    key: string,
    turnOf: (row: number) => ViewTurn,
  ): Promise<TurnedViews> => ({
    views: await features(what, turnedViews(views, sizePx, key, turnOf)),
    turns: Array.from({ length: views.count }, (_, row) => {
      const { turnDeg, eastPx, southPx } = turnOf(row);
      return { turnDeg, eastCells: eastPx / GRID_STRIDE_PX, southCells: southPx / GRID_STRIDE_PX };
    }),
  });
  const mostPx = Math.min(NEAR_PX, (views.sizePx - sizePx) / 2);
  const near = await under('BEVs, nearly as they are', `near ${seed} ${mostPx}`, (row) =>
    nearTurn(seed, row, mostPx),
  );
  const falsely: TurnedViews[] = [];
  for (let k = 0; k < turns; k++) {
    const turnOf = (row: number) => falseTurn(seed, row, k, turns);
    const what = `BEVs under false headings, ${k + 1} of ${turns}`;
    falsely.push(await under(what, `false heading ${seed} ${k} of ${turns}`, turnOf));
  }
  return { near, false: falsely };
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
