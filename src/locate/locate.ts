// Where was this panorama taken?
import { distanceM, type LonLat } from '../geometry/index.js';
import type { DecodedPanorama } from '../imaging/index.js';
import type { PlaceHit } from '../places/index.js';
import type { LoadedRegion } from '../regions/index.js';
import { allowedRows, decodeUpload, embedView, generateView, projectToInput, searchTiles } from './steps.js';
import { type LocateAnswer, type LocateOptions, type Place, STAGES, type Stage } from './types.js';

/**
 * Decodes an upload, projects it to a BEV, generates the view from above, embeds it, searches the region's tiles and
 * answers with places, best first. Throws the upload's and parameters' errors (see decodePanorama and projectBev).
 * `clock` returns milliseconds.
 */
export async function locate(
  region: LoadedRegion,
  upload: Uint8Array,
  options: LocateOptions,
  clock: () => number = () => performance.now(),
): Promise<LocateAnswer> {
  const timer = new StageTimer(clock);
  const panorama = await timer.time('decode', () => decodeUpload(upload, region, options));
  const bev = await timer.time('bev', () => projectToInput(panorama, region, options.cameraHeightM));
  const view = await timer.time('generate', () => generateView(bev, region));
  const looks = await timer.time('embed', () => embedView(view, region));
  const hits = await timer.time('search', () =>
    searchTiles(looks, region, options, allowedRows(options.prior, region)),
  );
  const { manifest } = region.bundle;
  return {
    region: region.name,
    bundle: `${manifest.name}@${manifest.version}`,
    indexVersion: region.version.manifest.version,
    heading: { deg: panorama.pose.headingDeg, source: panorama.headingSource },
    results: hits.map((hit, position) => placeOf(hit, position + 1, region, panorama.gps)),
    timingsMs: timer.timings(),
    warnings: warningsOf(panorama, region, options, hits.length),
  };
}

function placeOf(hit: PlaceHit, rank: number, region: LoadedRegion, gps: LonLat | undefined): Place {
  const { tile } = region.version.catalogue.tile(hit.row);
  const { lon, lat } = hit;
  const place = { rank, tile, lon, lat, score: Math.max(-1, Math.min(1, hit.score)) };
  return gps ? { ...place, distanceM: distanceM(gps, { lon, lat }) } : place;
}

function warningsOf(
  panorama: DecodedPanorama,
  region: LoadedRegion,
  options: LocateOptions,
  found: number,
): string[] {
  const warnings = [...panorama.warnings];
  if (!region.networks.generator) {
    warnings.push("The region's bundle has no generator: the BEV went straight into the encoder.");
  }
  if (found === 0) warnings.push('No tile of the region lies inside the given area.');
  else if (found < options.top)
    warnings.push(`Only ${found} of the ${options.top} places asked for exist there.`);
  return warnings;
}

/** Adds up what each stage took. */
class StageTimer {
  readonly #clock: () => number;
  readonly #started: number;
  readonly #spent = new Map<Stage, number>();

  constructor(clock: () => number) {
    this.#clock = clock;
    this.#started = clock();
  }

  async time<T>(stage: Stage, step: () => T | Promise<T>): Promise<T> {
    const started = this.#clock();
    const result = await step();
    this.#spent.set(stage, this.#clock() - started);
    return result;
  }

  timings(): LocateAnswer['timingsMs'] {
    const total = this.#clock() - this.#started;
    const stages = STAGES.map((stage) => [stage, rounded(this.#spent.get(stage) ?? 0)] as const);
    return Object.fromEntries([...stages, ['total', rounded(total)]]) as Record<Stage | 'total', number>;
  }
}

/** Microseconds are enough. */
const rounded = (ms: number) => Math.round(ms * 1000) / 1000;
