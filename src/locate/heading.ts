// From a panorama to places, by the heading that somebody says, or by the one under which the tiles fit best.
import { bevGeometryOf, cameraHeightsOf } from '../bundles/index.js';
import { Describer } from '../describe/index.js';
import { SkyfixError } from '../errors/index.js';
import { headingShifts } from '../geometry/index.js';
import {
  type EstimatedHeading,
  estimateHeading,
  type HeadingRange,
  looksUnder,
  placesOfTried,
} from '../headings/index.js';
import type { DecodedPhoto } from '../imaging/index.js';
import type { PlaceHit } from '../places/index.js';
import type { LoadedRegion } from '../regions/index.js';
import { projectToGround, searchTiles } from './steps.js';
import type { HeadingAnswer, LocateOptions, Step } from './types.js';

type Run = <T>(step: Step, work: () => T | Promise<T>) => Promise<T>;

/** Places, best first, and the heading that they were found under. */
export interface Found {
  readonly heading: HeadingAnswer;
  readonly hits: readonly PlaceHit[];
}

/** Throws what projectToGround throws, and what `run` does. */
export async function placesOf(
  panorama: DecodedPhoto,
  region: LoadedRegion,
  options: LocateOptions,
  run: Run,
): Promise<Found> {
  const describer = new Describer(region.networks, region.bundle.manifest);
  const { headingSource: source, model, pose } = panorama;
  const range = rangeOf(panorama, options);
  // Where heading is more than a shift there is a table for each, and none will be asked for again.
  const tables = range && !headingShifts(model, pose) ? undefined : region.tables;
  const { geometry } = region.bundle.manifest;
  const bevAt = (headingDeg: number, cameraHeightM = options.cameraHeightM) =>
    describer.shrink(projectToGround(panorama, headingDeg, bevGeometryOf(geometry, cameraHeightM), tables));
  const heightsM = cameraHeightsOf(geometry, options.cameraHeightM);
  const bevsAt = (headingDeg: number) => heightsM.map((heightM) => bevAt(headingDeg, heightM));
  if (source !== 'assumed' && !range) {
    const { headingDeg: deg } = panorama.pose;
    const looks = await looksUnder(describer, () => bevsAt(deg), run);
    return { heading: { deg, source }, hits: await run('search', () => searchTiles(looks, region, options)) };
  }
  const { top, prior } = options;
  const tiles = region.version;
  const estimated = await estimateHeading(
    { describer, tiles, bevAt, bevsAt, range: range ?? ALL_ROUND, top, prior },
    run,
  );
  const { headingDeg: deg, uncertaintyDeg } = estimated;
  const hits = await run('search', () => placesUnder(estimated, region, options));
  return { heading: { deg, source: 'estimated', uncertaintyDeg }, hits };
}

const ALL_ROUND: HeadingRange = { aroundDeg: 0, toleranceDeg: 180 };

/** In which headings the camera's is looked for; undefined where the one that is known is taken as it is. */
function rangeOf({ pose, headingSource }: DecodedPhoto, options: LocateOptions): HeadingRange | undefined {
  const { heading, headingToleranceDeg: toleranceDeg } = options;
  if (heading === 'unknown' || headingSource === 'assumed') return ALL_ROUND;
  return toleranceDeg === undefined ? undefined : { aroundDeg: pose.headingDeg, toleranceDeg };
}

/** The places under all headings that were looked at closely; raw tiles under the best of them. */
async function placesUnder(
  estimated: EstimatedHeading,
  region: LoadedRegion,
  options: LocateOptions,
): Promise<readonly PlaceHit[]> {
  if (options.distinct) return placesOfTried(estimated, region.version, options.top);
  const [best] = estimated.tried;
  return best ? searchTiles(best.looks, region, options) : [];
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
