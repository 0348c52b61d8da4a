// Which way did the camera look? Where nobody says it, the view is turned, and the heading is the one under which the tiles of
// some place fit best. The votes of all looks at a turned view add up (see scorePositions): a single look is like some tile
// somewhere under almost any heading.
import type { Describer, Look, Offset } from '../describe/index.js';
import type { Tensor } from '../engines/index.js';
import { type Bev, normalisedDeg, turnBetweenDeg } from '../geometry/index.js';
import { turnSquare } from '../imaging/index.js';
import {
  LookLattice,
  mergePlaces,
  type PlaceHit,
  type Prior,
  type SearchableTiles,
  searchPlaces,
} from '../places/index.js';
import { looksUnder, plainly, type RunStep } from './looks-under.js';
import {
  evenHeadings,
  type HeadingRange,
  isWithin,
  peakDeg,
  type ScoredHeading,
  spreadDeg,
} from './turns.js';

/** One photo of which the heading is asked. */
export interface HeadingQuestion {
  readonly describer: Describer;
  readonly tiles: SearchableTiles;
  /** The photo's BEV [V x V], as the describer's networks take it, if the camera looks there. */
  readonly bevAt: (headingDeg: number) => Bev;
  /** The same under each camera height that is thought of; the looks at them are averaged. bevAt alone where absent. */
  readonly bevsAt?: (headingDeg: number) => readonly Bev[];
  readonly range: HeadingRange;
  /** Places wanted. */
  readonly top: number;
  /** Where the camera is known to have stood. */
  readonly prior?: Prior | undefined;
}

/** A heading that was looked at closely. */
export interface TriedHeading extends ScoredHeading {
  readonly looks: readonly Look[];
  /** Best first; the score is the first one's. */
  readonly places: readonly PlaceHit[];
}

export interface EstimatedHeading {
  /** [0, 360) */
  readonly headingDeg: number;
  /** How far off the other headings that fit are, root mean square; 104 where all fit alike. */
  readonly uncertaintyDeg: number;
  /** Best first; empty where there is no tile to compare with. */
  readonly tried: readonly TriedHeading[];
}

/** Between the headings that are tried at first: half of it off, a match still stands out. */
const COARSE_STEP_DEG = 15;
/** So much above all that are not beside it, every second of the headings tells which one it is near. */
const DECISIVE = 0.05;
/** Headings that are looked at closely; then those a third of the step beside the best of them. */
const CLOSE = 6;
const CLOSEST = 2;
/** Headings that score so much below the best are not looked at any closer: they would weigh a twentieth of it (TEMPERATURE). */
const CLOSE_WITHIN = 0.045;
/** Closer neighbours say the same. */
const FINEST_STEP_DEG = 2;
/** Turned views that are described at once. */
const VIEWS_AT_ONCE = 6;
/** Tiles that a turned view is compared with: a quarter of those of an answer, in half the time, tell the same headings. */
const COARSE_HITS = 32;
/** Of nothing to compare with. */
const NO_SCORE = -1;

/**
 * The heading of a photo, coarse to fine. First one view, turned to 24 headings or, where one stands out of every second, to 14,
 * through the looks that find candidates (all of them where they cost no more: the true heading stands out far better then).
 * Then the best of them, each by a view of its own and all looks; then their neighbours. That are twelve views at most, and
 * five where one stands out.
 */
export async function estimateHeading(
  question: HeadingQuestion,
  run: RunStep = plainly,
): Promise<EstimatedHeading> {
  const { range } = question;
  const { headings, stepDeg } = evenHeadings(range, COARSE_STEP_DEG);
  const coarse = headings.length > CLOSE ? await scoreCoarse(question, { headings, stepDeg }, run) : [];
  const close =
    coarse.length > 0 ? bestOf(coarse, CLOSE, CLOSE_WITHIN).map(({ headingDeg }) => headingDeg) : headings;
  const tried = await tryHeadings(question, close, run);
  const fineDeg = stepDeg / 3;
  if (fineDeg >= FINEST_STEP_DEG) {
    // Where the best is one of those beside the first ones, its other neighbour tells how far beyond it the heading lies.
    for (const count of [CLOSEST, 1]) {
      const beside = bestOf(tried, count, CLOSE_WITHIN).flatMap((each) => besideOf(each, fineDeg));
      tried.push(...(await tryHeadings(question, untried(beside, tried, range), run)));
    }
  }
  const found = bestOf(tried, tried.length).filter(({ places }) => places.length > 0);
  if (found.length === 0) {
    // Nothing to compare with: all headings are alike.
    const alike = headings.map((heading) => ({ headingDeg: heading, score: NO_SCORE }));
    return { headingDeg: range.aroundDeg, uncertaintyDeg: spreadDeg(range.aroundDeg, alike), tried: [] };
  }
  const headingDeg = peakDeg(found, stepDeg);
  return { headingDeg, uncertaintyDeg: spreadDeg(headingDeg, found), tried: found };
}

const besideOf = ({ headingDeg }: ScoredHeading, stepDeg: number) => [
  headingDeg - stepDeg,
  headingDeg + stepDeg,
];

/** Those of the range that nobody looked at yet. */
function untried(
  headings: readonly number[],
  tried: readonly ScoredHeading[],
  range: HeadingRange,
): readonly number[] {
  return headings.filter(
    (deg) => isWithin(range, deg) && !tried.some((each) => isWithin(around(each, 0), deg)),
  );
}

/** The places under all headings that were looked at closely, best first. */
export function placesOfTried(
  { tried }: Pick<EstimatedHeading, 'tried'>,
  { catalogue }: Pick<SearchableTiles, 'catalogue'>,
  top: number,
): readonly PlaceHit[] {
  return mergePlaces(
    tried.flatMap(({ places }) => places),
    catalogue,
    top,
  );
}

/**
 * Headings by one view, of one camera height: turned is what the generator makes of the BEV, not the BEV. Half of them are
 * enough where one of that half is alone; then its neighbours are all that is left to ask.
 */
async function scoreCoarse(
  question: HeadingQuestion,
  { headings, stepDeg }: { readonly headings: readonly number[]; readonly stepDeg: number },
  run: RunStep,
): Promise<ScoredHeading[]> {
  const { describer, range, bevAt } = question;
  const bev = await run('bev', () => bevAt(range.aroundDeg));
  const view = await run('generate', () => describer.views([bev]));
  if (headings.length < 2 * CLOSE) return scoreTurned(question, view, headings, run);
  const every = headings.filter((_, k) => k % 2 === 0);
  const between = headings.filter((_, k) => k % 2 === 1);
  const first = await scoreTurned(question, view, every, run);
  const alone = decisiveOf(first, 2 * stepDeg);
  const left = alone ? between.filter((deg) => isWithin(around(alone, stepDeg), deg)) : between;
  return [...first, ...(await scoreTurned(question, view, left, run))];
}

/** The best, where it stands out from all that do not lie within `reachDeg` of it. */
function decisiveOf(scored: readonly ScoredHeading[], reachDeg: number): ScoredHeading | undefined {
  const [best] = bestOf(scored, 1);
  if (!best) return undefined;
  const rivals = scored.filter(({ headingDeg }) => !isWithin(around(best, reachDeg), headingDeg));
  return rivals.every(({ score }) => best.score - score >= DECISIVE) ? best : undefined;
}

const around = ({ headingDeg }: ScoredHeading, toleranceDeg: number): HeadingRange => ({
  aroundDeg: headingDeg,
  toleranceDeg,
});

/** The view [1,3,V,V] turned to each of some headings. */
async function scoreTurned(
  question: HeadingQuestion,
  view: Tensor,
  headings: readonly number[],
  run: RunStep,
): Promise<ScoredHeading[]> {
  const { describer, tiles, prior, range } = question;
  const finders = describer.showsAllAtOnce ? describer.offsets : findersOf(describer.offsets);
  const scored: ScoredHeading[] = [];
  for (let first = 0; first < headings.length; first += VIEWS_AT_ONCE) {
    const part = headings.slice(first, first + VIEWS_AT_ONCE);
    const turns = part.map((headingDeg) => turnBetweenDeg(range.aroundDeg, headingDeg));
    const turned = await run('bev', () => turnSquare(view, turns));
    const looks = await run('embed', () => describer.look(turned, finders));
    for (const [k, headingDeg] of part.entries()) {
      const places = await run('search', () => searchPlaces(tiles, looks[k] ?? [], 1, prior, COARSE_HITS));
      scored.push({ headingDeg, score: scoreOf(places) });
    }
  }
  return scored;
}

/** Each heading by views of its own and all looks, one after another. */
async function tryHeadings(
  question: HeadingQuestion,
  headings: readonly number[],
  run: RunStep,
): Promise<TriedHeading[]> {
  const { describer, tiles, prior, bevAt, bevsAt = (headingDeg) => [bevAt(headingDeg)], top } = question;
  const tried: TriedHeading[] = [];
  for (const heading of headings) {
    const headingDeg = normalisedDeg(heading);
    const looks = await looksUnder(describer, () => bevsAt(headingDeg), run);
    const places = await run('search', () => searchPlaces(tiles, looks, top, prior));
    tried.push({ headingDeg, score: scoreOf(places), looks, places });
  }
  return tried;
}

function scoreOf([first]: readonly PlaceHit[]): number {
  return first?.score ?? NO_SCORE;
}

/** The looks by which candidates are found. */
function findersOf(offsets: readonly Offset[]): readonly Offset[] {
  return offsets.length === 1 ? offsets : new LookLattice(offsets).finders();
}

/** Best first, without those that score far less. */
function bestOf<T extends ScoredHeading>(
  scored: readonly T[],
  count: number,
  within = Number.POSITIVE_INFINITY,
): T[] {
  const sorted = [...scored].sort((a, b) => b.score - a.score).slice(0, count);
  const least = (sorted[0]?.score ?? 0) - within;
  return sorted.filter(({ score }) => score >= least);
}
