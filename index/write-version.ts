// Described tiles to an index version folder: graph, recall, map and manifest.
import { copyFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Bundle, loadBundle } from '../src/bundles/index.js';
import { SkyfixError } from '../src/errors/index.js';
import {
  type FileChecksum,
  makeFolder,
  sha256OfBytes,
  sha256OfFile,
  syncFolder,
  writeFileAtomic,
} from '../src/files/index.js';
import {
  buildGraph,
  Catalogue,
  type DescriptorPrecision,
  type Descriptors,
  fitProjection,
  measureRecall,
  projectAll,
  roundTo,
  ThreadedIndex,
  writeCatalogue,
  writeDescriptorShards,
  writeDescriptors,
} from '../src/search/index.js';
import {
  CALIBRATION_FILE,
  CATALOGUE_FILE,
  descriptorFileOf,
  filesOfIndex,
  graphFileOf,
  INDEX_SCHEMA,
  type IndexManifest,
  openIndexVersion,
  PROJECTION_FILE,
  readIndexManifest,
  TILE_DIGESTS_FILE,
} from '../src/versions/index.js';
import type { VersionOptions } from './build-options.js';
import { chooseGraph } from './choose-graph.js';
import { writeContactSheet } from './contact-sheet.js';
import { rowsOfShards } from './descriptor-shards.js';
import { writeMapFiles } from './map-files.js';
import type { BuildSettings } from './open-tiles.js';
import type { Embedded } from './shards.js';
import { isWhole, linkFile } from './share-files.js';
import { writeTileDigests } from './tile-digests.js';
import type { TileSource } from './tile-source.js';

export interface VersionParts {
  readonly bundle: Bundle;
  readonly source: TileSource;
  readonly embedded: Embedded;
  readonly settings: BuildSettings;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly options: VersionOptions;
}

/**
 * Makes the version `outDir`: it appears in one step, complete, after it was opened as a server opens it. `partial` is the folder
 * to work in, which goes when all is done.
 */
export async function makeVersion(
  partial: string,
  outDir: string,
  parts: VersionParts,
): Promise<IndexManifest> {
  const { source, embedded, options } = parts;
  if (options.contactSheet !== undefined) {
    await writeContactSheet(options.contactSheet, source, embedded.numbers);
  }
  const work = join(partial, 'version');
  await rm(work, { recursive: true, force: true });
  await makeFolder(work);
  const manifest = await writeVersion(work, parts);
  if (options.takeFrom !== undefined) {
    const { shared, total } = await shareFiles(work, options.takeFrom, manifest);
    const text = `${megabytes(shared)} of ${megabytes(total)} MB are the same files on disk as in ${options.takeFrom}`;
    options.onNote?.({ kind: 'fact', text });
  }
  // What cannot be served must not look like a version: too large for a reader, or damaged on the way to the disk.
  await (await openIndexVersion(work, { recallGate: 0 })).close();
  await rename(work, outDir);
  await syncFolder(dirname(outDir));
  await rm(partial, { recursive: true, force: true });
  return manifest;
}

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);

/**
 * Files of another version that are the same, as links to them: one copy on disk. What is damaged there is left alone. Returns
 * the bytes that are shared, and those of all files.
 */
async function shareFiles(
  dir: string,
  other: string,
  manifest: IndexManifest,
): Promise<{ readonly shared: number; readonly total: number }> {
  const there = await readIndexManifest(other);
  const bundle = await loadBundle(join(dir, 'bundle'));
  const files = [
    ...filesOfIndex(manifest).map((name) => [name, manifest.files[name], there.files[name]] as const),
    ...Object.entries(bundle.manifest.files).map(
      ([name, expected]) => [join('bundle', name), expected, expected] as const,
    ),
  ];
  let [shared, total] = [0, 0];
  for (const [name, expected, before] of files) {
    if (!expected) continue;
    total += expected.bytes;
    if (before?.sha256 !== expected.sha256) continue;
    if (await shareFile(join(other, name), join(dir, name), expected)) shared += expected.bytes;
  }
  return { shared, total };
}

async function shareFile(from: string, to: string, expected: FileChecksum): Promise<boolean> {
  return (await isWhole(from, expected)) && (await linkFile(from, to));
}

async function writeVersion(dir: string, parts: VersionParts): Promise<IndexManifest> {
  const { bundle, source, embedded, settings, createdAt, options } = parts;
  const { descriptors: precision = 'f16', onProgress } = options;
  const tiles = embedded.numbers.map((number) => source.tile(number));
  const { descriptors, projection } = await withDimensions(
    dir,
    { count: tiles.length, dimensions: bundle.manifest.descriptor.dimensions, data: embedded.data },
    options,
  );
  const { count, dimensions } = descriptors;
  const graph = chooseGraph(descriptors, options.graph);
  const kept = { precision };
  await writeCatalogue(join(dir, CATALOGUE_FILE), tiles);
  await writeTileDigests(join(dir, TILE_DIGESTS_FILE), embedded.digests);
  const descriptorFile = descriptorFileOf({ descriptors: kept });
  const shards = rowsOfShards(source, embedded.numbers, options.shardCells);
  const shardFiles = await writeRows(join(dir, descriptorFile), descriptors, precision, shards);
  // What a server will compare with, so that a graph built of the version's files alone is the same.
  roundTo(precision, descriptors.data, dimensions);
  const graphFile = graphFileOf(graph.kind);
  const path = join(dir, graphFile ?? descriptorFile);
  if (graph.kind !== 'none') {
    await buildGraph(graph.kind, descriptors, graph, path, (done) => onProgress?.(done, count, 'graph'));
  }
  await copyBundle(bundle, join(dir, 'bundle'));
  // The graph's own recall, also where a search would compare all rows.
  const index = await ThreadedIndex.open({ ...graph, path, descriptors, exactProducts: 0 });
  const recall = await measureRecall(index, descriptors, {
    seed: graph.seed,
    onProgress: (done, total) => onProgress?.(done, total, 'recall'),
  }).finally(() => index.close());
  const bounds = new Catalogue(tiles).bounds() ?? [-180, -90, 180, 90];
  const { basemap, names } = await writeMapFiles(dir, { source, tiles, bounds, options });
  const files: Record<string, FileChecksum> = {};
  const own = [
    ...(graphFile === undefined ? [] : [graphFile]),
    ...[descriptorFile, ...shardFiles, CATALOGUE_FILE],
    ...(projection ? [PROJECTION_FILE] : []),
  ];
  const calibration = await calibrationFrom(options.takeFrom, dir);
  for (const name of [...own, ...names, TILE_DIGESTS_FILE, ...calibration]) {
    files[name] = await checksumOf(join(dir, name));
  }
  const { name, version } = bundle.manifest;
  const { sizeM, strideM, origin, description } = source;
  const manifest: IndexManifest = {
    schema: INDEX_SCHEMA,
    version: versionName(createdAt, files),
    createdAt,
    bundle: { name, version, encoderSha256: bundle.encoderSha256 },
    count,
    dimensions,
    descriptors: kept,
    ...(projection && { projection }),
    graph,
    tiles: { sizeM, strideM, source: description, ...(origin && { origin }) },
    build: settings,
    bounds,
    recall,
    ...(basemap && { basemap }),
    files,
  };
  await writeFileAtomic(join(dir, 'index.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

/** One file where they are in no shards. Returns the names of the shards' files. */
async function writeRows(
  path: string,
  descriptors: Descriptors,
  precision: DescriptorPrecision,
  shards: readonly number[],
): Promise<readonly string[]> {
  if (shards.length > 0) return writeDescriptorShards(path, descriptors, precision, shards);
  await writeDescriptors(path, descriptors, precision);
  return [];
}

/** The name of the calibration that was taken; none where there is none. */
async function calibrationFrom(earlier: string | undefined, dir: string): Promise<readonly string[]> {
  if (earlier === undefined) return [];
  const { files } = await readIndexManifest(earlier);
  if (!Object.hasOwn(files, CALIBRATION_FILE)) return [];
  await copyFile(join(earlier, CALIBRATION_FILE), join(dir, CALIBRATION_FILE));
  return [CALIBRATION_FILE];
}

/** Before hours of embedding. Throws PARAMETER_INVALID. */
export function checkDimensions(wanted: number | undefined, { manifest }: Bundle): void {
  const { dimensions } = manifest.descriptor;
  if (wanted === undefined || (Number.isInteger(wanted) && wanted >= 1 && wanted <= dimensions)) return;
  throw new SkyfixError(
    'PARAMETER_INVALID',
    `An index of ${wanted} dimensions was asked for; the bundle's descriptors have ${dimensions}: from 1 to ` +
      `${dimensions} can be kept.`,
  );
}

export async function checksumOf(path: string): Promise<FileChecksum> {
  return { sha256: await sha256OfFile(path), bytes: (await stat(path)).size };
}

/** The descriptors in as many dimensions as were asked for; where they are fewer, the directions are written. */
async function withDimensions(
  dir: string,
  descriptors: Descriptors,
  { dimensions = descriptors.dimensions, graph, onNote }: VersionOptions,
): Promise<{ readonly descriptors: Descriptors } & Pick<IndexManifest, 'projection'>> {
  const { dimensions: from } = descriptors;
  if (dimensions === from) return { descriptors };
  const { directions, kept } = fitProjection(descriptors, dimensions, graph?.seed ?? 1);
  await writeDescriptors(join(dir, PROJECTION_FILE), directions);
  const text = `${dimensions} of ${from} dimensions see ${(100 * kept).toFixed(1)} % of the descriptors' square`;
  onNote?.({ kind: 'fact', text });
  return { descriptors: projectAll(descriptors, directions), projection: { from, kept } };
}

/** 20261123T101500Z-1a2b3c4d: of the time and of what is in it, so that the same version has the same name everywhere. */
export function versionName(createdAt: string, files: Readonly<Record<string, FileChecksum>>): string {
  const time = createdAt.replaceAll(/[-:]|\.\d+/g, '');
  return `${time}-${sha256OfBytes(JSON.stringify([createdAt, files])).slice(0, 8)}`;
}

/** The manifest and the files it names, nothing else that may lie beside them. */
export async function copyBundle(bundle: Bundle, target: string): Promise<void> {
  await makeFolder(target);
  for (const name of ['bundle.json', ...Object.keys(bundle.manifest.files)]) {
    await copyFile(join(bundle.dir, name), join(target, name));
  }
}
