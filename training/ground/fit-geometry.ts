// Camera height, horizon and heading of a data set, measured on its own pairs: the geometry with which BEVs look most like the
// tiles. Of one pair that is uncertain; over a few hundred the true one stands out, since pairs that fit no geometry (other
// seasons, trees, wrong places) are alike to none of them: correlations are bounded, so no pair outvotes the others.
import { makeRng, type Rng } from 'skyfix/random';
import { type Cell, type Grid, highestCell, peakOf } from './peak.js';
import { type PolarMap, withFewerColumns } from './polar-map.js';
import type { PolarPair } from './polar-pair.js';
import { type Candidates, closeSimilarities, lengthsOf, similarities } from './similarity.js';

/** A value as fitted, with the interval that holds 95 of 100 fits to as many pairs drawn from these. */
export interface Fitted {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface GeometryFit {
  readonly pairs: number;
  /** Mean correlation of BEV and tile of a pair at the fitted geometry, as configured, and of strangers at the fitted one. */
  readonly similarity: { readonly fitted: number; readonly configured: number; readonly strangers: number };
  /** Deviations of its own mean by which pairs are more alike than strangers. */
  readonly significance: number;
  /** Times the configured camera height. */
  readonly heightFactor: Fitted;
  /** How far the true horizon of strips lies below the configured one, degrees; absent without strips. */
  readonly horizonLowerDeg?: Fitted;
  /** To be added to every heading. */
  readonly headingOffsetDeg: Fitted;
}

/** Searched first: heights of 0.3 to 3.4 times the configured one, 12 degrees up and down, all headings. */
const COARSE_HEIGHTS = Array.from({ length: 13 }, (_, k) => 1.22 ** (k - 6));
const COARSE_LOWER_DEG = Array.from({ length: 13 }, (_, k) => 2 * (k - 6));
/** Columns of the maps that are averaged to one: 10 degrees, then 4. */
const COARSE_COLUMNS = 5;
const FINE_COLUMNS = 2;
/** More pairs say no more on where to look closely. */
const COARSE_PAIRS = 80;
/** Then around the best, by few pairs, again while the best lies on the border; at last by all. */
const FINE_HEIGHTS = { each: 6, step: 1.03 };
const FINE_LOWER_DEG = { each: 4, step: 0.5 };
const FINE_TURNS = { each: 2, step: 1 };
const MOST_ROUNDS = 6;
/** The ground at this distance stays in its row while the height changes: what a strip decides best. */
const STILL_M = 14;
const RADIANS = Math.PI / 180;
const DRAWS = 200;
const OUTSIDE_SHARE = 0.025;

interface Centre {
  readonly height: number;
  readonly lowerDeg: number;
  readonly turn: number;
}

/** Fits the geometry; at least two pairs. */
export function fitGeometry(pairs: readonly PolarPair[], seed: number): GeometryFit {
  const heights = pairs.filter(({ isStrip }) => isStrip).map(({ cameraHeightM }) => cameraHeightM);
  const stripHeightM =
    heights.length > 0 ? heights.reduce((sum, one) => sum + one) / heights.length : undefined;
  const fine = pairs.map((pair) => inColumns(pair, FINE_COLUMNS));
  const few = fine.slice(0, COARSE_PAIRS);
  let centre = coarsely(pairs, stripHeightM);
  for (let round = 1; ; round++) {
    const some = round < MOST_ROUNDS ? few : fine;
    const candidates = candidatesAround(centre, stripHeightM);
    const scores = some.map((pair) => closeSimilarities(pair, pair.tile, candidates));
    const best = highestCell(gridOf(candidates, scores));
    centre = valuesAt(candidates, best);
    if (some.length === fine.length && (round >= MOST_ROUNDS || !onBorder(candidates, best))) {
      return fitOf(pairs, candidates, scores, makeRng(seed));
    }
    if (!onBorder(candidates, best)) round = Math.max(round, MOST_ROUNDS - 1);
  }
}

const inColumns = (pair: PolarPair, averaged: number): PolarPair => ({
  ...pair,
  tile: withFewerColumns(pair.tile, averaged),
  panorama: withFewerColumns(pair.panorama, averaged),
});

/** Where to look closely: the best of a wide and coarse grid. */
function coarsely(pairs: readonly PolarPair[], stripHeightM: number | undefined): Centre {
  const some = pairs.slice(0, COARSE_PAIRS).map((pair) => inColumns(pair, COARSE_COLUMNS));
  const columns = columnsOf(some);
  const lowerDeg = stripHeightM === undefined ? [0] : COARSE_LOWER_DEG;
  const candidates: Candidates = {
    heights: COARSE_HEIGHTS,
    lowerDeg: COARSE_HEIGHTS.map(() => lowerDeg),
    turns: Array.from({ length: columns }, (_, k) => k - Math.floor(columns / 2)),
  };
  const scores = some.map((pair) => similarities(pair, pair.tile, candidates));
  const best = valuesAt(candidates, highestCell(gridOf(candidates, scores)));
  return { ...best, turn: Math.round((best.turn * COARSE_COLUMNS) / FINE_COLUMNS) };
}

function candidatesAround({ height, lowerDeg, turn }: Centre, stripHeightM: number | undefined): Candidates {
  const steps = (each: number) => Array.from({ length: 2 * each + 1 }, (_, k) => k - each);
  const heights = steps(FINE_HEIGHTS.each).map((step) => height * FINE_HEIGHTS.step ** step);
  const depressionDeg = (factor: number, heightM: number) =>
    Math.atan((factor * heightM) / STILL_M) / RADIANS;
  return {
    heights,
    lowerDeg: heights.map((factor) => {
      if (stripHeightM === undefined) return [0];
      const still = lowerDeg + depressionDeg(height, stripHeightM) - depressionDeg(factor, stripHeightM);
      return steps(FINE_LOWER_DEG.each).map((step) => still + step * FINE_LOWER_DEG.step);
    }),
    turns: steps(FINE_TURNS.each).map((step) => turn + step * FINE_TURNS.step),
  };
}

/** The values at a place on the grid, between its cells too. */
function valuesAt({ heights, lowerDeg, turns }: Candidates, [i, j, k]: Cell): Centre {
  return {
    height: between(heights, i),
    lowerDeg: between(
      lowerDeg.map((list) => between(list, j)),
      i,
    ),
    turn: between(turns, k),
  };
}

/** A list's value between two of its places. */
function between(list: readonly number[], at: number): number {
  const below = Math.min(list.length - 1, Math.floor(at));
  const above = Math.min(list.length - 1, below + 1);
  return (list[below] as number) + ((list[above] as number) - (list[below] as number)) * (at - below);
}

function onBorder(candidates: Candidates, best: Cell): boolean {
  return lengthsOf(candidates).some(
    (length, axis) => length > 1 && (best[axis] === 0 || best[axis] === length - 1),
  );
}

/** The sum of the pairs' scores, each as often as it counts. */
function gridOf(candidates: Candidates, scores: readonly Float32Array[], counts?: Uint16Array): Grid {
  const lengths = lengthsOf(candidates);
  const values = new Float64Array(lengths[0] * lengths[1] * lengths[2]);
  for (const [pair, own] of scores.entries()) {
    const count = counts ? (counts[pair] as number) : 1;
    if (count === 0) continue;
    for (let k = 0; k < values.length; k++) values[k] = (values[k] as number) + count * (own[k] as number);
  }
  return { lengths, values };
}

/** Headings alone, in columns of the maps as they were made: in wider ones the top is flat. */
function turnsAround({ height, lowerDeg, turn }: Centre): Candidates {
  const middle = Math.round(turn * FINE_COLUMNS);
  const reach = 2 * FINE_COLUMNS;
  return {
    heights: [height],
    lowerDeg: [[lowerDeg]],
    turns: Array.from({ length: 2 * reach + 1 }, (_, k) => middle + k - reach),
  };
}

/** The scores are of maps with fewer columns; `pairs` have all of theirs. */
function fitOf(
  pairs: readonly PolarPair[],
  candidates: Candidates,
  scores: readonly Float32Array[],
  rng: Rng,
): GeometryFit {
  const rough = valuesAt(candidates, peakOf(gridOf(candidates, scores)));
  const turned = turnsAround(rough);
  const turnScores = pairs.map((pair) => closeSimilarities(pair, pair.tile, turned));
  const fit = (counts?: Uint16Array): Centre => ({
    ...valuesAt(candidates, peakOf(gridOf(candidates, scores, counts))),
    turn: valuesAt(turned, peakOf(gridOf(turned, turnScores, counts))).turn,
  });
  const fitted = fit();
  const draws = Array.from({ length: DRAWS }, () => {
    const counts = new Uint16Array(pairs.length);
    for (let k = 0; k < pairs.length; k++) {
      const drawn = rng.int(0, pairs.length - 1);
      counts[drawn] = (counts[drawn] as number) + 1;
    }
    return fit(counts);
  });
  const interval = (name: keyof Centre, scale = 1): Fitted => {
    const sorted = draws.map((draw) => draw[name] * scale).sort((a, b) => a - b);
    const at = (share: number) => sorted[Math.round(share * (DRAWS - 1))] as number;
    return { value: fitted[name] * scale, low: at(OUTSIDE_SHARE), high: at(1 - OUTSIDE_SHARE) };
  };
  const degreesPerColumn = 360 / columnsOf(pairs);
  return {
    pairs: pairs.length,
    ...likeness(pairs, fitted),
    heightFactor: interval('height'),
    ...(lengthsOf(candidates)[1] > 1 && { horizonLowerDeg: interval('lowerDeg') }),
    headingOffsetDeg: interval('turn', degreesPerColumn),
  };
}

/** How much more alike a panorama is to its own tile than to that of a stranger. */
function likeness(
  pairs: readonly PolarPair[],
  { height, lowerDeg, turn }: Centre,
): Pick<GeometryFit, 'similarity' | 'significance'> {
  const at = (pair: PolarPair, tile: PolarMap, candidates: Candidates) =>
    similarities(pair, tile, candidates)[0] as number;
  const found = { heights: [height], lowerDeg: [[lowerDeg]], turns: [Math.round(turn)] };
  const given = { heights: [1], lowerDeg: [[0]], turns: [0] };
  const own = pairs.map((pair) => at(pair, pair.tile, found));
  const configured = pairs.map((pair) => at(pair, pair.tile, given));
  const strangers = pairs.map((pair, k) =>
    at(pair, (pairs[(k + 1) % pairs.length] as PolarPair).tile, found),
  );
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const gains = own.map((value, k) => value - (strangers[k] as number));
  const gain = mean(gains);
  const spread = Math.sqrt(mean(gains.map((value) => (value - gain) ** 2)));
  return {
    similarity: { fitted: mean(own), configured: mean(configured), strangers: mean(strangers) },
    significance: gain / Math.max(spread / Math.sqrt(pairs.length), 1e-9),
  };
}

const columnsOf = ([first]: readonly Pick<PolarPair, 'tile'>[]): number => {
  if (!first) throw new RangeError('There is no pair to fit a geometry to.');
  return first.tile.columns;
};
