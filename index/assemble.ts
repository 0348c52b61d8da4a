// Parts of a build to one index version, the same to the bit as that of a build on one machine.
import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { loadBundle } from '../src/bundles/index.js';
import { asDiskError, SkyfixError } from '../src/errors/index.js';
import { makeFolder } from '../src/files/index.js';
import type { IndexManifest } from '../src/versions/index.js';
import { checkAnyTile, refuseExisting, tellSource, tellTiles } from './build.js';
import type { TileOptions, VersionOptions } from './build-options.js';
import { commonOf } from './build-part.js';
import { joined } from './embed.js';
import { rangeOfPart } from './hilbert.js';
import { openTiles } from './open-tiles.js';
import { readPart } from './part-folder.js';
import { differences, type PartManifest, readPartManifest, valueAt } from './part-manifest.js';
import type { Embedded } from './shards.js';
import { checkDimensions, makeVersion } from './write-version.js';

export interface AssembleOptions
  extends VersionOptions,
    Pick<TileOptions, 'imagery' | 'tilesCsv' | 'areaGeoJson'> {
  /** Folders of parts, in any order. */
  readonly parts: readonly string[];
  /** Folder to make; must not exist. */
  readonly outDir: string;
  /** Where bundle, imagery and area are on this machine; where the parts found them when absent. */
  readonly bundleDir?: string | undefined;
  /** ISO 8601; when the first part was begun, when absent. */
  readonly createdAt?: string | undefined;
}

interface FoundPart {
  readonly dir: string;
  readonly manifest: PartManifest;
}

/**
 * Checks that the parts are all there, once each, whole and of one index, and makes its version: every file as buildIndex
 * would have made it. Throws PARTS_UNUSABLE naming the part and what is wrong with it, and what buildIndex throws.
 */
export async function assembleIndex(options: AssembleOptions): Promise<IndexManifest> {
  const outDir = resolve(options.outDir);
  const partial = `${outDir}.partial`;
  await refuseExisting(outDir);
  const parts = await findParts(options.parts);
  const [first] = parts as [FoundPart];
  const { inputs, common } = first.manifest;
  const bundle = await loadBundle(options.bundleDir ?? inputs.bundle);
  const tiles: TileOptions = {
    bundleDir: bundle.dir,
    ...tilesFrom(options, inputs),
    imageryOptions: common.settings.imagery,
    areaGeoJson: options.areaGeoJson ?? inputs.area,
    tileSizeM: common.grid.sizeM,
    strideM: common.grid.strideM ?? undefined,
  };
  checkDimensions(options.dimensions, bundle);
  const source = await openTiles(tiles, bundle);
  try {
    tellSource(source, options);
    const here = { ...(await commonOf(bundle, source, tiles)), settings: common.settings };
    const [different] = differences(here, common);
    if (different !== undefined) {
      throw new SkyfixError(
        'PARTS_UNUSABLE',
        `What is here differs from what the parts were built of in ${different}: ${valueAt(here, different)} here, ` +
          `${valueAt(common, different)} in ${first.dir}. --bundle, --imagery, --tiles and --area say where the same ones are.`,
      );
    }
    tellProcessors(parts, options);
    const pieces: Embedded[] = [];
    for (const { dir, manifest } of parts) pieces.push(await readPart(dir, manifest));
    const embedded = joined(pieces, common.dimensions);
    checkAnyTile(source, embedded);
    tellTiles(source, embedded, options);
    await makeFolder(partial);
    const createdAt = options.createdAt ?? earliest(parts);
    return await makeVersion(partial, outDir, {
      bundle,
      source,
      embedded,
      settings: common.settings,
      createdAt,
      options,
    });
  } catch (error) {
    throw asDiskError(error, partial);
  } finally {
    await source.close();
  }
}

function tilesFrom({ imagery, tilesCsv }: AssembleOptions, inputs: PartManifest['inputs']) {
  if (imagery !== undefined || tilesCsv !== undefined) return { imagery, tilesCsv };
  return { imagery: inputs.imagery, tilesCsv: inputs.tiles };
}

const earliest = (parts: readonly FoundPart[]) =>
  parts.map(({ manifest }) => manifest.createdAt).reduce((one, other) => (other < one ? other : one));

/** The parts by their number. Throws PARTS_UNUSABLE. */
async function findParts(dirs: readonly string[]): Promise<readonly FoundPart[]> {
  const found: FoundPart[] = [];
  for (const dir of dirs) found.push({ dir, manifest: await readPartManifest(dir) });
  const [first] = found;
  if (!first) throw new SkyfixError('PARTS_UNUSABLE', 'No parts are given.');
  for (const { dir, manifest } of found) {
    const [different] = differences(
      { of: manifest.of, ...manifest.common },
      { of: first.manifest.of, ...first.manifest.common },
    );
    if (different === undefined) continue;
    const value = (of: PartManifest) => valueAt({ of: of.of, ...of.common }, different);
    throw new SkyfixError(
      'PARTS_UNUSABLE',
      `Parts differ in ${different}: ${value(manifest)} in ${dir}, ${value(first.manifest)} in ${first.dir}.`,
    );
  }
  const { of, common } = first.manifest;
  const byNumber = new Map<number, FoundPart>();
  for (const part of found) {
    const { manifest, dir } = part;
    const other = byNumber.get(manifest.part);
    if (other) throw new SkyfixError('PARTS_UNUSABLE', await twice(manifest.part, other.dir, dir));
    byNumber.set(manifest.part, part);
    const { from, to } = rangeOfPart(manifest, common.grid.count);
    if (manifest.order.from === from && manifest.order.to === to) continue;
    throw new SkyfixError(
      'PARTS_UNUSABLE',
      `${dir} holds tiles ${manifest.order.from} to ${manifest.order.to}; part ${manifest.part} of ${of} is ${from} to ${to}.`,
    );
  }
  const numbers = Array.from({ length: of }, (_, k) => k + 1);
  const missing = numbers.filter((number) => !byNumber.has(number));
  if (missing.length > 0) {
    const which =
      missing.length === 1 ? `Part ${missing[0]} of ${of} is` : `Parts ${missing.join(', ')} of ${of} are`;
    throw new SkyfixError('PARTS_UNUSABLE', `${which} not among those given.`);
  }
  return numbers.flatMap((number) => byNumber.get(number) ?? []);
}

async function twice(part: number, one: string, other: string): Promise<string> {
  const same = (await realpath(one)) === (await realpath(other));
  return same ? `${one} is given twice.` : `Part ${part} is given twice: ${one} and ${other}.`;
}

function tellProcessors(parts: readonly FoundPart[], { onNote }: VersionOptions): void {
  const kinds = [...new Set(parts.map(({ manifest }) => manifest.processor))];
  if (kinds.length < 2) return;
  const text = `the parts are of ${kinds.length} kinds of processors (${kinds.join(', ')}): last bits may differ between them`;
  onNote?.({ kind: 'fact', text });
}
