// Where was this panorama taken?
import { cameraHeightsOf } from '../bundles/index.js';
import { assess, DEFAULT_THRESHOLDS } from '../confidence/index.js';
import { distanceM, type LonLat } from '../geometry/index.js';
import type { PlaceHit } from '../places/index.js';
import type { LoadedRegion } from '../regions/index.js';
import { calibrationOf, groundOf } from './calibrated.js';
import { checkHeadingOptions, headingWarnings, placesOf } from './heading.js';
import { picturesOf } from './pictures.js';
import { decodeUpload } from './steps.js';
import { type LocateAnswer, type LocateOptions, type Place, STEPS, type Step } from './types.js';

/**
 * Decodes an upload, projects it to a BEV, generates the view from above, embeds it, searches the region's tiles and
 * answers with places, best first. Throws the upload's and parameters' errors (see decodePanorama and projectBev), and the
 * reason of `options.signal` before the next step begins once it is aborted.
 * `clock` returns milliseconds.
 */
export async function locate(
  region: LoadedRegion,
  upload: Uint8Array,
  options: LocateOptions,
  clock: () => number = () => performance.now(),
): Promise<LocateAnswer> {
  checkHeadingOptions(options);
  const timer = new StepTimer(clock, options);
  const panorama = await timer.time('decode', () => decodeUpload(upload, region, options));
  const { heading, hits, candidates, image, view } = await placesOf(panorama, region, options, timer.time);
  const { manifest } = region.bundle;
  const { include = [], cameraHeightM } = options;
  const place = hits[0] && { lon: hits[0].lon, lat: hits[0].lat };
  const explained = { photo: panorama, headingDeg: heading.deg, cameraHeightM, place, view };
  const pictures = include.length > 0 ? await picturesOf(include, region, explained, timer.time) : undefined;
  const { verdict, reason, confidence, places } = assess(
    { found: candidates, answered: hits, image, ground: groundOf(region, options.prior) },
    calibrationOf(region),
    options.thresholds ?? DEFAULT_THRESHOLDS,
  );
  return {
    region: region.name,
    bundle: `${manifest.name}@${manifest.version}`,
    indexVersion: region.version.manifest.version,
    heading,
    ...(panorama.capturedAt && { capturedAt: panorama.capturedAt }),
    cameraHeightsM: cameraHeightsOf(manifest.geometry, options.cameraHeightM),
    verdict,
    reason,
    confidence,
    results: hits.map((hit, position) => ({
      ...placeOf(hit, position + 1, region, panorama.gps),
      ...(places[position] as (typeof places)[number]),
    })),
    ...(pictures && { pictures }),
    timingsMs: timer.timings(),
    warnings: [
      ...panorama.warnings,
      ...headingWarnings(heading, panorama, options),
      ...placeWarnings(options, hits.length),
    ],
  };
}

function placeOf(
  hit: PlaceHit,
  rank: number,
  region: LoadedRegion,
  gps: LonLat | undefined,
): Omit<Place, 'probability' | 'radiusM'> {
  const { tile } = region.version.catalogue.tile(hit.row);
  const { lon, lat } = hit;
  const place = { rank, tile, lon, lat, score: Math.max(-1, Math.min(1, hit.score)) };
  return gps ? { ...place, distanceM: distanceM(gps, { lon, lat }) } : place;
}

function placeWarnings({ top }: LocateOptions, found: number): string[] {
  const warnings: string[] = [];
  if (found === 0) warnings.push('No tile of the region lies inside the given area.');
  else if (found < top) warnings.push(`Only ${found} of the ${top} places asked for exist there.`);
  return warnings;
}

/** Adds up what each step took; none begins once the signal is aborted. */
class StepTimer {
  readonly #clock: () => number;
  readonly #options: Pick<LocateOptions, 'signal' | 'onStep'>;
  readonly #started: number;
  readonly #spent = new Map<Step, number>();

  constructor(clock: () => number, options: Pick<LocateOptions, 'signal' | 'onStep'>) {
    this.#clock = clock;
    this.#options = options;
    this.#started = clock();
  }

  /** A function of its own, so that it can be handed on. */
  readonly time = async <T>(step: Step, run: () => T | Promise<T>): Promise<T> => {
    const { signal, onStep } = this.#options;
    signal?.throwIfAborted();
    const started = this.#clock();
    let ok = false;
    try {
      const result = await run();
      ok = true;
      return result;
    } finally {
      const ms = this.#clock() - started;
      this.#spent.set(step, (this.#spent.get(step) ?? 0) + ms);
      onStep?.({ step, ms, ok });
    }
  };

  timings(): LocateAnswer['timingsMs'] {
    const total = this.#clock() - this.#started;
    const steps = STEPS.map((step) => [step, rounded(this.#spent.get(step) ?? 0)] as const);
    return Object.fromEntries([...steps, ['total', rounded(total)]]) as Record<Step | 'total', number>;
  }
}

/** Microseconds are enough. */
const rounded = (ms: number) => Math.round(ms * 1000) / 1000;
