// From tiles and a bundle to an index version folder: cut, embed, build the graph, measure its recall, write.
import { readFile, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { loadBundle } from '../src/bundles/index.js';
import { asDiskError, SkyfixError } from '../src/errors/index.js';
import { writeFileAtomic } from '../src/files/index.js';
import type { IndexManifest } from '../src/versions/index.js';
import type { BuildNote, BuildOptions } from './build-options.js';
import { embedRange } from './embed.js';
import { MISSING_SHARE } from './imagery/index.js';
import { digestOfWork, openTiles, settingsOf } from './open-tiles.js';
import type { Embedded } from './shards.js';
import type { TileSource } from './tile-source.js';
import { checkDimensions, makeVersion } from './write-version.js';

/**
 * Builds an index version: index.json, the graph, descriptors, catalogue.bin and a copy of the bundle. `outDir`
 * appears in one step, complete, after it was opened as a server opens it. Throws PARAMETER_INVALID, IMAGERY_INVALID,
 * TILES_CSV_INVALID, BUNDLE_*, DISK_FULL.
 */
export async function buildIndex(options: BuildOptions): Promise<IndexManifest> {
  const outDir = resolve(options.outDir);
  const partial = `${outDir}.partial`;
  await refuseExisting(outDir);
  const bundle = await loadBundle(options.bundleDir);
  checkDimensions(options.dimensions, bundle);
  const source = await openTiles(options, bundle);
  try {
    tellSource(source, options);
    const settings = settingsOf(options);
    const { createdAt } = await planIn(partial, digestOfWork(bundle, source, settings), options.createdAt);
    const range = { from: 0, to: source.count };
    const onTiles = (done: number) => options.onProgress?.(done, source.count, 'tiles');
    const embedded = await embedRange(partial, bundle, source, range, { ...options, onTiles });
    checkAnyTile(source, embedded);
    tellTiles(source, embedded, options);
    return await makeVersion(partial, outDir, { bundle, source, embedded, settings, createdAt, options });
  } catch (error) {
    throw asDiskError(error, partial);
  } finally {
    await source.close();
  }
}

/** Throws PARAMETER_INVALID. */
export async function refuseExisting(outDir: string): Promise<void> {
  if (!(await stat(outDir).catch(() => undefined))) return;
  throw new SkyfixError('PARAMETER_INVALID', `${outDir} exists already; choose another folder.`);
}

interface Telling {
  readonly onNote?: ((note: BuildNote) => void) | undefined;
}

export function tellSource(source: TileSource, { onNote }: Telling): void {
  for (const text of source.facts) onNote?.({ kind: 'fact', text });
  for (const text of source.warnings) onNote?.({ kind: 'warning', text });
}

export interface Plan {
  readonly digest: string;
  readonly createdAt: string;
}

/** The plan that a work folder was begun with; where it was another one, what is there is thrown away. */
export async function planIn(
  dir: string,
  digest: string,
  createdAt = new Date().toISOString(),
): Promise<Plan> {
  const path = join(dir, 'plan.json');
  try {
    const begun = JSON.parse(await readFile(path, 'utf8')) as Plan;
    if (begun.digest === digest) return begun;
  } catch {
    // none, or not whole
  }
  await rm(dir, { recursive: true, force: true });
  const plan = { digest, createdAt };
  await writeFileAtomic(path, JSON.stringify(plan));
  return plan;
}

/** Throws IMAGERY_INVALID where no tile of all of the source has imagery. */
export function checkAnyTile(source: TileSource, { numbers }: Embedded): void {
  if (numbers.length > 0) return;
  throw new SkyfixError(
    'IMAGERY_INVALID',
    `${source.description} holds no whole tile of ${source.sizeM} m: each of ${source.count} is without data or transparent ` +
      `on more than ${100 * MISSING_SHARE} % of it.`,
  );
}

/** `looked`: how many tiles there might be; all of the source's when absent. */
export function tellTiles(
  source: TileSource,
  { numbers, missing }: Embedded,
  { onNote }: Telling,
  looked = source.count,
): void {
  const without = looked === 0 ? 0 : missing / looked;
  const share = (100 * without).toFixed(without > 0 && without < 0.001 ? 3 : 1);
  onNote?.({
    kind: 'fact',
    text: `made ${numbers.length} of ${looked} tiles; ${share} % of their ground is without data`,
  });
  const skipped = looked - numbers.length;
  if (skipped === 0) return;
  const reason = `no data on more than ${100 * MISSING_SHARE} % of each`;
  onNote?.({ kind: 'fact', text: `skipped ${skipped} tiles: ${reason}` });
}
