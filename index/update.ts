// A version of newer imagery out of an older version: only squares of ground whose pixels changed are described again.
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Bundle, loadBundle } from '../src/bundles/index.js';
import { asDiskError, SkyfixError } from '../src/errors/index.js';
import { makeFolder } from '../src/files/index.js';
import { AREA_FILE, CALIBRATION_FILE, type IndexManifest } from '../src/versions/index.js';
import { readArea } from './area.js';
import { checkAnyTile, refuseExisting, tellSource } from './build.js';
import type { TileOptions, VersionOptions } from './build-options.js';
import { type Compared, compareTiles } from './compare-tiles.js';
import { type EarlierVersion, openEarlier } from './earlier-version.js';
import type { ImageryOptions } from './imagery/index.js';
import { openTiles, settingsOf } from './open-tiles.js';
import { makeVersion } from './write-version.js';

export interface UpdateOptions
  extends Pick<TileOptions, 'imageryOptions' | 'threads' | 'engine' | 'createdAt' | 'onProgress' | 'onNote'>,
    Pick<VersionOptions, 'basemap' | 'attribution' | 'graph' | 'contactSheet' | 'shardCells'> {
  /** The version before. */
  readonly indexDir: string;
  /** Folder to make; must not exist. */
  readonly outDir: string;
  /** Imagery of the whole region as it is now. */
  readonly imagery: string;
  /** GeoJSON: where it changed; elsewhere tiles stay as they are and are not looked at. Every tile is looked at when absent. */
  readonly changedGeoJson?: string | undefined;
  /** GeoJSON: the region's area from now on; as before when absent. */
  readonly areaGeoJson?: string | undefined;
  /** Must hold the encoder of the version before; that version's when absent. */
  readonly bundleDir?: string | undefined;
}

export interface UpdateMade extends Compared {
  readonly manifest: IndexManifest;
}

/**
 * Makes the version that buildIndex would make of the new imagery on the lattice of the version before; where pixels are the same
 * its descriptors are taken, and its files where they are the same. Throws UPDATE_IMPOSSIBLE, INDEX_BUNDLE_MISMATCH for another
 * encoder, and what buildIndex throws.
 */
export async function updateIndex(options: UpdateOptions): Promise<UpdateMade> {
  const outDir = resolve(options.outDir);
  const partial = `${outDir}.partial`;
  await refuseExisting(outDir);
  const before = await openEarlier(options.indexDir);
  const bundle = await sameBundle(before, options);
  const tiles = await tilesAsBefore(before, bundle, options);
  const settings = settingsOf(tiles);
  if (settings.engine !== before.build.engine) {
    throw new SkyfixError(
      'UPDATE_IMPOSSIBLE',
      `${before.dir} was described by ${before.build.engine}, here is ${settings.engine} (SKYFIX_ENGINE, SKYFIX_PRECISION): ` +
        'their descriptors do not mix.',
    );
  }
  const changed = options.changedGeoJson === undefined ? undefined : await readArea(options.changedGeoJson);
  const source = await openTiles(tiles, bundle);
  try {
    tellSource(source, options);
    const compared = await compareTiles({
      before,
      bundle,
      source,
      changed,
      batchSize: settings.batchSize,
      options,
    });
    const { embedded, unchanged, changed: other, added, removed, described } = compared;
    checkAnyTile(source, embedded);
    const text =
      `${other} tiles changed, ${added} are new, ${removed} are gone, ${unchanged} are as before; described ${described}: ` +
      'those and their neighbours of the same squares of ground';
    options.onNote?.({ kind: 'fact', text });
    await rm(partial, { recursive: true, force: true });
    await makeFolder(partial);
    if (Object.hasOwn(before.manifest.files, CALIBRATION_FILE)) {
      options.onNote?.({ kind: 'fact', text: 'the calibration stays: it is of the same encoder' });
    }
    const createdAt = options.createdAt ?? new Date().toISOString();
    const version = { ...versionAsBefore(before, options), takeFrom: before.dir };
    const manifest = await makeVersion(partial, outDir, {
      bundle,
      source,
      embedded,
      settings,
      createdAt,
      options: version,
    });
    return { ...compared, manifest };
  } catch (error) {
    throw asDiskError(error, partial);
  } finally {
    await source.close();
  }
}

/** Throws INDEX_BUNDLE_MISMATCH. */
async function sameBundle({ dir, manifest }: EarlierVersion, { bundleDir }: UpdateOptions): Promise<Bundle> {
  const own = await loadBundle(join(dir, 'bundle'));
  if (bundleDir === undefined) return own;
  const given = await loadBundle(bundleDir);
  const sizes = ({ geometry }: Bundle['manifest']) => `${geometry.inputSizePx} px, ${geometry.tileSizeM} m`;
  if (
    given.encoderSha256 === manifest.bundle.encoderSha256 &&
    sizes(given.manifest) === sizes(own.manifest)
  ) {
    return given;
  }
  throw new SkyfixError(
    'INDEX_BUNDLE_MISMATCH',
    `${dir} was described by the encoder ${manifest.bundle.encoderSha256} (${sizes(own.manifest)}), ${bundleDir} holds ` +
      `${given.encoderSha256} (${sizes(given.manifest)}); an update keeps the encoder, "skyfix index rebuild" takes another one.`,
  );
}

/** The tiles of the version before, of other imagery. */
async function tilesAsBefore(
  before: EarlierVersion,
  bundle: Bundle,
  options: UpdateOptions,
): Promise<TileOptions> {
  const { manifest, build, origin, dir } = before;
  const given = Object.entries(options.imageryOptions ?? {}).filter(([, value]) => value !== undefined);
  const kept = Object.hasOwn(manifest.files, AREA_FILE) ? join(dir, AREA_FILE) : undefined;
  const areaGeoJson = options.areaGeoJson ?? kept;
  // A lattice without a margin is that of an area.
  if (areaGeoJson === undefined && origin.marginM === 0) {
    throw new SkyfixError(
      'UPDATE_IMPOSSIBLE',
      `${dir} was built of an area whose outline was too long to be kept in it; give the area of the region (--covers).`,
    );
  }
  return {
    bundleDir: bundle.dir,
    imagery: options.imagery,
    imageryOptions: { ...build.imagery, ...Object.fromEntries(given) } as ImageryOptions,
    tileSizeM: manifest.tiles.sizeM,
    strideM: manifest.tiles.strideM ?? undefined,
    areaGeoJson,
    origin,
    threads: options.threads,
    engine: options.engine,
    batchSize: build.batchSize,
  };
}

/** Graph, precision and map as the version before had them, where they are not given. */
function versionAsBefore({ manifest }: EarlierVersion, options: UpdateOptions): VersionOptions {
  const { m, efConstruction, efSearch, seed, precision } = manifest.graph;
  const {
    basemap,
    attribution = manifest.basemap?.attribution,
    graph,
    contactSheet,
    shardCells,
    onNote,
    onProgress,
  } = options;
  return {
    basemap: basemap ?? (manifest.basemap ? 'auto' : 'off'),
    attribution,
    descriptors: manifest.descriptors?.precision ?? 'f32',
    graph: { m, efConstruction, efSearch, seed, ...(precision && { precision }), ...graph },
    contactSheet,
    shardCells,
    onNote,
    ...(onProgress && { onProgress }),
  };
}
