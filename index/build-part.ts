// One part of a build, on any machine: the tiles of a run of the Hilbert curve, described and written into a folder of its own.
import { rename, rm, stat } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type Bundle, loadBundle } from '../src/bundles/index.js';
import { asDiskError, SkyfixError } from '../src/errors/index.js';
import {
  type FolderLock,
  lockFolder,
  makeFolder,
  removeDeadOwners,
  sha256OfBytes,
  sha256OfFile,
  syncFolder,
} from '../src/files/index.js';
import { planIn, tellSource, tellTiles } from './build.js';
import type { TileOptions } from './build-options.js';
import { embedRange } from './embed.js';
import { type PartOf, rangeOfPart } from './hilbert.js';
import { digestOfWork, openTiles, settingsOf } from './open-tiles.js';
import { checkPartFiles, writePart } from './part-folder.js';
import {
  differences,
  PART_SCHEMA,
  type PartCommon,
  type PartManifest,
  readPartManifest,
} from './part-manifest.js';
import type { TileSource } from './tile-source.js';

export interface PartOptions extends TileOptions, PartOf {
  /** Folder that the part's own folder, part-03-of-16, is made in; several machines may share it. */
  readonly outDir: string;
  /** How long to wait for another process that makes the same part; 60 s, after which one on a dead machine is forgotten. */
  readonly waitMs?: number | undefined;
}

export interface PartMade {
  readonly dir: string;
  readonly manifest: PartManifest;
  /** False where it was there already. */
  readonly made: boolean;
}

/** part-03-of-16 */
export function partName({ part, of }: PartOf): string {
  return `part-${String(part).padStart(String(of).length, '0')}-of-${of}`;
}

/**
 * Makes part `part` of `of`. One that is there, whole and of the same inputs, stays as it is; one that was stopped goes on.
 * Throws PARAMETER_INVALID, PARTS_UNUSABLE where another one is there, IMAGERY_INVALID, TILES_CSV_INVALID, BUNDLE_*,
 * FOLDER_BUSY, DISK_FULL.
 */
export async function buildPart(options: PartOptions): Promise<PartMade> {
  const { part, of, waitMs = 60_000 } = options;
  if (!(Number.isInteger(part) && Number.isInteger(of) && part >= 1 && part <= of)) {
    throw new SkyfixError('PARAMETER_INVALID', `Part ${part}/${of}: parts are 1/N to N/N.`);
  }
  const target = join(resolve(options.outDir), partName(options));
  const partial = `${target}.partial`;
  const bundle = await loadBundle(options.bundleDir);
  const source = await openTiles(options, bundle);
  try {
    // Hidden: a shell's parts/* is to be the parts.
    const locks = join(dirname(target), '.locks');
    await makeFolder(locks);
    await removeDeadOwners(locks);
    const lock = await lockFolder(locks, { kind: partName(options), waitMs });
    try {
      return await partInto(target, partial, lock, { bundle, source, options });
    } finally {
      await lock.release();
    }
  } catch (error) {
    throw asDiskError(error, partial);
  } finally {
    await source.close();
  }
}

interface PartInputs {
  readonly bundle: Bundle;
  readonly source: TileSource;
  readonly options: PartOptions;
}

async function partInto(
  target: string,
  partial: string,
  lock: FolderLock,
  { bundle, source, options }: PartInputs,
): Promise<PartMade> {
  const common = await commonOf(bundle, source, options);
  const there = (await stat(target).catch(() => undefined)) !== undefined;
  if (there) return { dir: target, manifest: await checkThere(target, common), made: false };
  tellSource(source, options);
  const order = rangeOfPart(options, source.count);
  const looked = order.to - order.from;
  const { part, of } = options;
  const text = `part ${part} of ${of}: tiles ${order.from} to ${order.to - 1} of ${source.count} along the Hilbert curve`;
  options.onNote?.({ kind: 'fact', text });
  const work = join(partial, 'shards');
  const digest = sha256OfBytes(JSON.stringify([digestOfWork(bundle, source, common.settings), order]));
  const { createdAt } = await planIn(work, digest, options.createdAt);
  const onTiles = (done: number) => options.onProgress?.(done, looked, 'tiles');
  const embedded = await embedRange(work, bundle, source, order, { ...options, onTiles });
  tellTiles(source, embedded, options, looked);
  const finished = join(partial, 'part');
  await rm(finished, { recursive: true, force: true });
  await makeFolder(finished);
  const processor = cpus()[0]?.model ?? '';
  const { bundleDir, imagery, tilesCsv, areaGeoJson } = options;
  const path = (given: string | undefined) => (given === undefined ? undefined : resolve(given));
  const inputs = {
    bundle: resolve(bundleDir),
    imagery: path(imagery),
    tiles: path(tilesCsv),
    area: path(areaGeoJson),
  };
  const facts = { schema: PART_SCHEMA, part, of, createdAt, order, common, processor, inputs } as const;
  const manifest = await writePart(finished, embedded, facts);
  await lock.assertHeld();
  await rename(finished, target);
  await syncFolder(dirname(target));
  await rm(partial, { recursive: true, force: true });
  return { dir: target, manifest, made: true };
}

/** What this part must have in common with the others. Reads all of the imagery. */
export async function commonOf(
  bundle: Bundle,
  source: TileSource,
  options: TileOptions,
): Promise<PartCommon> {
  const { name, version, descriptor, geometry } = bundle.manifest;
  const { sizeM, strideM, count, placesDigest, description, area } = source;
  return {
    bundle: {
      name,
      version,
      encoderSha256: bundle.encoderSha256,
      sha256: await sha256OfFile(join(bundle.dir, 'bundle.json')),
    },
    imagery: { description, sha256: await source.contentDigest() },
    grid: { sizeM, strideM, count, sha256: placesDigest },
    area: area ? { sha256: sha256OfBytes(JSON.stringify(area.polygons)) } : null,
    settings: settingsOf(options),
    dimensions: descriptor.dimensions,
    inputSizePx: geometry.inputSizePx,
  };
}

/** A finished part is never touched: where it is not the one asked for, that is an error. */
async function checkThere(dir: string, common: PartCommon): Promise<PartManifest> {
  const manifest = await readPartManifest(dir);
  const different = differences(manifest.common, common);
  if (different.length > 0) {
    throw new SkyfixError(
      'PARTS_UNUSABLE',
      `${dir} is there already and is of another ${different.join(', ')}; remove it, or name another folder.`,
    );
  }
  await checkPartFiles(dir, manifest);
  return manifest;
}
