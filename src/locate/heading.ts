// From a panorama to places, by the heading that somebody says, or by the one under which the tiles fit best.
import { bevGeometryOf, bevPerViewPx, cameraHeightsOf } from '../bundles/index.js';
import { CANDIDATES, type ImageFacts } from '../confidence/index.js';
import { Describer, type Look } from '../describe/index.js';
import { SkyfixError } from '../errors/index.js';
import type { Bev, RgbImage } from '../geometry/index.js';
import {
  type EstimatedHeading,
  estimateHeading,
  type HeadingRange,
  looksUnder,
  placesOfTried,
  seenUnder,
} from '../headings/index.js';
import { type BevTexture, coherenceOf, type DecodedPhoto, nchwToRgb } from '../imaging/index.js';
import { type PlaceHit, searchPlaces } from '../places/index.js';
import type { LoadedRegion } from '../regions/index.js';
import { projectToGround, searchTiles } from './steps.js';
import type { HeadingAnswer, LocateOptions, Step } from './types.js';

type Run = <T>(step: Step, work: () => T | Promise<T>) => Promise<T>;

/** Places, best first, and the heading that they were found under. */
export interface Found {
  readonly heading: HeadingAnswer;
  /** What was asked for: places, or raw tiles. */
  readonly hits: readonly PlaceHit[];
  /** Places, CANDIDATES of them where there are so many, whatever was asked for: what confidence is made of. */
  readonly candidates: readonly PlaceHit[];
  /** Texture is that of the first BEV that was made. */
  readonly image: ImageFacts;
  /** The view that was looked at, where it is to be shown and one was made under the heading and height that it is shown for. */
  readonly view?: RgbImage;
}

/** Throws what projectToGround throws, and what `run` does. */
export async function placesOf(
  panorama: DecodedPhoto,
  region: LoadedRegion,
  options: LocateOptions,
  run: Run,
): Promise<Found> {
  const describer = new Describer(region.networks, region.bundle.manifest);
  const { headingSource: source } = panorama;
  const range = rangeOf(panorama, options);
  const { geometry } = region.bundle.manifest;
  let texture: BevTexture | undefined;
  const bevAt = (headingDeg: number, cameraHeightM = options.cameraHeightM): Bev => {
    const ground = bevGeometryOf(geometry, cameraHeightM);
    const seen = projectToGround(panorama, headingDeg, ground, bevPerViewPx(geometry), region.tables);
    texture ??= seen.texture;
    return seen.bev;
  };
  const found = (heading: HeadingAnswer, answered: Answered, view?: RgbImage): Found => ({
    heading,
    ...answered,
    ...(view && { view }),
    image: { ...(texture ?? NOTHING_SEEN), coherence: coherenceOf(panorama.image) },
  });
  const heightsM = cameraHeightsOf(geometry, options.cameraHeightM);
  const bevsAt = (headingDeg: number) => heightsM.map((heightM) => bevAt(headingDeg, heightM));
  if (source !== 'assumed' && !range) {
    const { headingDeg: deg } = panorama.pose;
    const bevs = () => bevsAt(deg);
    const shown = heightsM.indexOf(options.cameraHeightM ?? geometry.cameraHeightM);
    const showsView = options.include?.includes('view') && region.networks.generator && shown >= 0;
    const seen = showsView ? await seenUnder(describer, bevs, run) : undefined;
    const looks = seen?.looks ?? (await looksUnder(describer, bevs, run));
    const view = seen && nchwToRgb(seen.views, 'unit', shown);
    return found({ deg, source }, await run('search', () => answeredBy(looks, region, options)), view);
  }
  const { prior } = options;
  const top = Math.max(options.top, CANDIDATES);
  const tiles = region.version;
  const estimated = await estimateHeading(
    { describer, tiles, bevAt, bevsAt, range: range ?? ALL_ROUND, top, prior },
    run,
  );
  const { headingDeg: deg, uncertaintyDeg } = estimated;
  const answered = await run('search', () => answeredUnder(estimated, region, options));
  return found({ deg, source: 'estimated', uncertaintyDeg }, answered);
}

type Answered = Pick<Found, 'hits' | 'candidates'>;

/** Of a photo that no BEV was made of. */
const NOTHING_SEEN: BevTexture = { validShare: 0, spread: 0 };

/** A search for as many places as confidence needs finds the same as one for fewer, and more of them. */
async function answeredBy(
  looks: readonly Look[],
  region: LoadedRegion,
  options: LocateOptions,
): Promise<Answered> {
  const { top, prior, distinct } = options;
  const candidates = await searchPlaces(region.version, looks, Math.max(top, CANDIDATES), prior);
  if (distinct) return { hits: candidates.slice(0, top), candidates };
  return { hits: await searchTiles(looks, region, options), candidates };
}

const ALL_ROUND: HeadingRange = { aroundDeg: 0, toleranceDeg: 180 };

/** In which headings the camera's is looked for; undefined where the one that is known is taken as it is. */
function rangeOf({ pose, headingSource }: DecodedPhoto, options: LocateOptions): HeadingRange | undefined {
  const { heading, headingToleranceDeg: toleranceDeg } = options;
  if (heading === 'unknown' || headingSource === 'assumed') return ALL_ROUND;
  return toleranceDeg === undefined ? undefined : { aroundDeg: pose.headingDeg, toleranceDeg };
}

/** Whether the options ask for a search for the heading; without them a photo that says nothing of it makes for one, too. */
export const asksForHeading = ({ heading, headingToleranceDeg }: LocateOptions): boolean =>
  heading === 'unknown' || headingToleranceDeg !== undefined;

/** The places under all headings that were looked at closely; raw tiles under the best of them. */
async function answeredUnder(
  estimated: EstimatedHeading,
  region: LoadedRegion,
  options: LocateOptions,
): Promise<Answered> {
  const candidates = placesOfTried(estimated, region.version, Math.max(options.top, CANDIDATES));
  if (options.distinct) return { hits: candidates.slice(0, options.top), candidates };
  const [best] = estimated.tried;
  return { hits: best ? await searchTiles(best.looks, region, options) : [], candidates };
}

/** Throws PARAMETER_INVALID for what excludes each other and for a tolerance out of range. */
export function checkHeadingOptions({ heading, headingDeg, headingToleranceDeg }: LocateOptions): void {
  const invalid = (what: string) => new SkyfixError('PARAMETER_INVALID', what);
  if (heading === 'unknown' && headingDeg !== undefined) {
    throw invalid(`heading is "unknown" and headingDeg ${headingDeg}; they exclude each other.`);
  }
  if (headingToleranceDeg === undefined) return;
  if (!(headingToleranceDeg >= 1 && headingToleranceDeg <= 180)) {
    throw invalid(`headingToleranceDeg is ${headingToleranceDeg}; it must be from 1 to 180.`);
  }
  if (heading === 'unknown') {
    throw invalid(
      `heading is "unknown" and headingToleranceDeg ${headingToleranceDeg}; they exclude each other.`,
    );
  }
}

/** Beyond it another heading fits almost as well. */
const UNCERTAIN_DEG = 20;

/** What was assumed, and what is not sure. */
export function headingWarnings(
  { source, uncertaintyDeg = 0 }: HeadingAnswer,
  { headingSource }: DecodedPhoto,
  { heading, headingToleranceDeg }: LocateOptions,
): string[] {
  if (source !== 'estimated') return [];
  const warnings: string[] = [];
  if (headingSource === 'assumed' && heading !== 'unknown') {
    const tolerance = headingToleranceDeg === undefined ? '' : '; headingToleranceDeg is of none';
    warnings.push(`No heading was given and the file has none: it was estimated${tolerance}.`);
  }
  if (uncertaintyDeg > UNCERTAIN_DEG) {
    warnings.push(
      `The heading is uncertain by ${uncertaintyDeg.toFixed(0)} degrees, and so are the places: give headingDeg if it is known.`,
    );
  }
  return warnings;
}
