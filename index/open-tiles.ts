// The tiles that a build is told of, and how they are described: what makes its descriptors what they are.
import type { Bundle } from '../src/bundles/index.js';
import { DEFAULT_ENGINE, type EngineChoice, inFloatOf } from '../src/engines/index.js';
import { SkyfixError } from '../src/errors/index.js';
import { sha256OfBytes } from '../src/files/index.js';
import type { BuildRecord } from '../src/versions/index.js';
import type { TileOptions } from './build-options.js';
import { BATCH_SIZE } from './embed.js';
import { SHARD_TILES } from './shards.js';
import { openGrid } from './tile-grid.js';
import { openTilesCsv } from './tile-list.js';
import type { TileSource } from './tile-source.js';

/** Throws PARAMETER_INVALID, IMAGERY_INVALID, TILES_CSV_INVALID. */
export function openTiles(options: TileOptions, bundle: Bundle): Promise<TileSource> {
  const { imagery, tilesCsv, imageryOptions, areaGeoJson, strideM = 16, origin } = options;
  const tileSizeM = options.tileSizeM ?? bundle.manifest.geometry.tileSizeM;
  if (tilesCsv !== undefined && imagery === undefined) return openTilesCsv(tilesCsv, tileSizeM);
  if (tilesCsv !== undefined || imagery === undefined) {
    throw new SkyfixError('PARAMETER_INVALID', 'An index is built of either imagery or a list of tiles.');
  }
  return openGrid({ imagery, imageryOptions, tileSizeM, strideM, areaGeoJson, origin });
}

/** What an update has to repeat, and parts must agree in. */
export type BuildSettings = BuildRecord;

export function settingsOf({
  engine = DEFAULT_ENGINE,
  batchSize = BATCH_SIZE,
  imageryOptions,
}: TileOptions): BuildSettings {
  // Only what was given: a manifest says nothing of the rest.
  const given = Object.entries(imageryOptions ?? {}).filter(([, value]) => value !== undefined);
  return { engine: engineName(engine), batchSize, imagery: Object.fromEntries(given) };
}

/** Tiles that another engine described differ in their last digits: an index is one engine's. */
function engineName(choice: EngineChoice): string {
  const { kind, precision } = inFloatOf(choice);
  return `${kind} ${precision}`;
}

/** Of everything that shards of descriptors depend on. */
export function digestOfWork(bundle: Bundle, source: TileSource, settings: BuildSettings): string {
  const { inputSizePx } = bundle.manifest.geometry;
  return sha256OfBytes(
    JSON.stringify([SHARDS_FORMAT, bundle.encoderSha256, inputSizePx, SHARD_TILES, source.digest, settings]),
  );
}

/** Changes with what shards hold. */
const SHARDS_FORMAT = 2;
