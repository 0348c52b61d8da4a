// From tiles and a bundle to an index version folder: cut, embed, build the graph, measure its recall, write.
import { copyFile, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Bundle, loadBundle } from '../src/bundles/index.js';
import { Describer, openNetworks } from '../src/describe/index.js';
import { DEFAULT_ENGINE, type EngineChoice } from '../src/engines/index.js';
import { asDiskError, SkyfixError } from '../src/errors/index.js';
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
  type Tile,
  writeCatalogue,
  writeDescriptors,
} from '../src/search/index.js';
import {
  CATALOGUE_FILE,
  descriptorFileOf,
  graphFileOf,
  INDEX_SCHEMA,
  type IndexManifest,
  openIndexVersion,
  PROJECTION_FILE,
} from '../src/versions/index.js';
import type { BasemapChoice } from './basemap.js';
import { chooseGraph, type GraphChoice } from './choose-graph.js';
import { writeContactSheet } from './contact-sheet.js';
import { type ImageryOptions, MISSING_SHARE } from './imagery/index.js';
import { writeMapFiles } from './map-files.js';
import { SHARD_TILES, type Shard, shardAt } from './shards.js';
import { openGrid } from './tile-grid.js';
import { openTilesCsv } from './tile-list.js';
import type { TileSource } from './tile-source.js';

export type BuildStage = 'tiles' | 'graph' | 'recall' | 'basemap';

/** What a build tells while it runs: what it takes, what it made and skipped; and what was assumed or may be wrong. */
export interface BuildNote {
  readonly kind: 'fact' | 'warning';
  readonly text: string;
}

export interface BuildOptions {
  readonly bundleDir: string;
  /** Folder to make; must not exist. A build that was killed goes on from `${outDir}.partial`. */
  readonly outDir: string;
  /** GeoTIFF file, VRT or folder of GeoTIFFs, or folder of XYZ/TMS tiles; cut into a grid. */
  readonly imagery?: string | undefined;
  readonly imageryOptions?: ImageryOptions | undefined;
  /** The bundle's when absent. */
  readonly tileSizeM?: number | undefined;
  /** Distance of neighbouring tiles; 16. */
  readonly strideM?: number | undefined;
  /** GeoJSON file: only tiles whose centre lies in it. */
  readonly areaGeoJson?: string | undefined;
  /** Instead of imagery: a CSV with the header tile,lon,lat,sizeM,file. */
  readonly tilesCsv?: string | undefined;
  /** The imagery as a map in the version; auto where absent. A list of tiles has none. */
  readonly basemap?: BasemapChoice | undefined;
  /** Whose imagery it is, for the map; what the imagery itself says where absent. */
  readonly attribution?: string | undefined;
  readonly threads?: number | undefined;
  /** Default: onnxruntime on the CPU. */
  readonly engine?: EngineChoice | undefined;
  /** Tiles a run of the encoder; 32. */
  readonly batchSize?: number | undefined;
  /** How descriptors are kept; f16. */
  readonly descriptors?: DescriptorPrecision | undefined;
  /** Fewer than the encoder's: those in which the region's descriptors differ most are kept. All where absent. */
  readonly dimensions?: number | undefined;
  /** See chooseGraph. */
  readonly graph?: GraphChoice;
  readonly onProgress?: (done: number, total: number, stage: BuildStage) => void;
  readonly onNote?: ((note: BuildNote) => void) | undefined;
  /** PNG file to write sample tiles to; none when absent. */
  readonly contactSheet?: string | undefined;
  /** ISO 8601; now when absent, and what it was at the first start where a build goes on. */
  readonly createdAt?: string | undefined;
}

/**
 * Builds an index version: index.json, the graph, descriptors, catalogue.bin and a copy of the bundle. `outDir`
 * appears in one step, complete, after it was opened as a server opens it. Throws PARAMETER_INVALID, IMAGERY_INVALID,
 * TILES_CSV_INVALID, BUNDLE_*, DISK_FULL.
 */
export async function buildIndex(options: BuildOptions): Promise<IndexManifest> {
  const outDir = resolve(options.outDir);
  const partial = `${outDir}.partial`;
  if (await stat(outDir).catch(() => undefined)) {
    throw new SkyfixError('PARAMETER_INVALID', `${outDir} exists already; choose another folder.`);
  }
  const bundle = await loadBundle(options.bundleDir);
  checkDimensions(options.dimensions, bundle);
  const source = await openSource(options, bundle);
  try {
    tell(source, options);
    const plan = await planIn(partial, bundle, source, options);
    const { numbers, descriptors } = await embedAll(partial, bundle, source, options);
    if (options.contactSheet !== undefined) await writeContactSheet(options.contactSheet, source, numbers);
    const tiles = numbers.map((number) => source.tile(number));
    const work = join(partial, 'version');
    await rm(work, { recursive: true, force: true });
    await makeFolder(work);
    const manifest = await writeVersion(work, { bundle, source, tiles, descriptors, plan, options });
    // What cannot be served must not look like a version: too large for a reader, or damaged on the way to the disk.
    await (await openIndexVersion(work, { recallGate: 0 })).close();
    await rename(work, outDir);
    await syncFolder(dirname(outDir));
    await rm(partial, { recursive: true, force: true });
    return manifest;
  } catch (error) {
    throw asDiskError(error, partial);
  } finally {
    await source.close();
  }
}

/** Before hours of embedding. Throws PARAMETER_INVALID. */
function checkDimensions(wanted: number | undefined, { manifest }: Bundle): void {
  const { dimensions } = manifest.descriptor;
  if (wanted === undefined || (Number.isInteger(wanted) && wanted >= 1 && wanted <= dimensions)) return;
  throw new SkyfixError(
    'PARAMETER_INVALID',
    `An index of ${wanted} dimensions was asked for; the bundle's descriptors have ${dimensions}: from 1 to ` +
      `${dimensions} can be kept.`,
  );
}

function tell(source: TileSource, { onNote }: BuildOptions): void {
  for (const text of source.facts) onNote?.({ kind: 'fact', text });
  for (const text of source.warnings) onNote?.({ kind: 'warning', text });
}

function openSource(options: BuildOptions, bundle: Bundle): Promise<TileSource> {
  const { imagery, tilesCsv, imageryOptions, areaGeoJson, strideM = 16 } = options;
  const tileSizeM = options.tileSizeM ?? bundle.manifest.geometry.tileSizeM;
  if (tilesCsv !== undefined && imagery === undefined) return openTilesCsv(tilesCsv, tileSizeM);
  if (tilesCsv !== undefined || imagery === undefined) {
    throw new SkyfixError('PARAMETER_INVALID', 'An index is built of either imagery or a list of tiles.');
  }
  return openGrid({ imagery, imageryOptions, tileSizeM, strideM, areaGeoJson });
}

interface Plan {
  readonly digest: string;
  readonly createdAt: string;
}

/** The plan that OUT.partial was begun with; where it was another one, what is there is thrown away. */
async function planIn(
  partial: string,
  bundle: Bundle,
  source: TileSource,
  { createdAt = new Date().toISOString(), engine = DEFAULT_ENGINE }: BuildOptions,
): Promise<Plan> {
  const path = join(partial, 'plan.json');
  const { inputSizePx } = bundle.manifest.geometry;
  const digest = sha256OfBytes(
    JSON.stringify([
      INDEX_SCHEMA,
      bundle.encoderSha256,
      inputSizePx,
      SHARD_TILES,
      source.digest,
      engineOf(engine),
    ]),
  );
  try {
    const begun = JSON.parse(await readFile(path, 'utf8')) as Plan;
    if (begun.digest === digest) return begun;
  } catch {
    // none, or not whole
  }
  await rm(partial, { recursive: true, force: true });
  const plan = { digest, createdAt };
  await writeFileAtomic(path, JSON.stringify(plan));
  return plan;
}

/** Tiles that another engine described differ in their last digits: an index is one engine's. */
const engineOf = ({ kind, precision }: EngineChoice): string => `${kind} ${precision}`;

async function embedAll(partial: string, bundle: Bundle, source: TileSource, options: BuildOptions) {
  const { inputSizePx } = bundle.manifest.geometry;
  const { dimensions } = bundle.manifest.descriptor;
  const { batchSize = 32, threads = 1, engine, onProgress } = options;
  const networks = await openNetworks(bundle, { threads, engine });
  const describer = new Describer(networks, bundle.manifest, 'NETWORK_INVALID');
  const shards: Shard[] = [];
  let done = 0;
  try {
    for (let from = 0; from < source.count; from += SHARD_TILES) {
      const input = { describer, inputSizePx, dimensions, batchSize };
      const shard = await shardAt(partial, from, source, input, (tiles) => {
        done += tiles;
        onProgress?.(done, source.count, 'tiles');
      });
      shards.push(shard);
    }
  } finally {
    await networks.close();
  }
  const numbers = shards.flatMap((shard) => shard.numbers);
  const missing = shards.reduce((sum, shard) => sum + shard.missing, 0) / source.count;
  if (numbers.length === 0) {
    throw new SkyfixError(
      'IMAGERY_INVALID',
      `${source.description} holds no whole tile of ${source.sizeM} m: each of ${source.count} is without data or transparent ` +
        `on more than ${100 * MISSING_SHARE} % of it.`,
    );
  }
  tellTiles(source, numbers.length, missing, options);
  // Shared, so that the graph's thread needs no copy.
  const data = new Float32Array(new SharedArrayBuffer(numbers.length * dimensions * 4));
  let at = 0;
  for (const shard of shards) {
    data.set(shard.data, at);
    at += shard.data.length;
  }
  return { numbers, descriptors: { count: numbers.length, dimensions, data } satisfies Descriptors };
}

function tellTiles(source: TileSource, made: number, missing: number, { onNote }: BuildOptions): void {
  const share = (100 * missing).toFixed(missing > 0 && missing < 0.001 ? 3 : 1);
  onNote?.({
    kind: 'fact',
    text: `made ${made} of ${source.count} tiles; ${share} % of their ground is without data`,
  });
  const skipped = source.count - made;
  if (skipped === 0) return;
  const reason = `no data on more than ${100 * MISSING_SHARE} % of each`;
  onNote?.({ kind: 'fact', text: `skipped ${skipped} tiles: ${reason}` });
}

interface VersionParts {
  readonly bundle: Bundle;
  readonly source: TileSource;
  readonly tiles: readonly Tile[];
  readonly descriptors: Descriptors;
  readonly plan: Plan;
  readonly options: BuildOptions;
}

async function writeVersion(dir: string, parts: VersionParts): Promise<IndexManifest> {
  const { bundle, source, tiles, plan, options } = parts;
  const { onProgress } = options;
  const { descriptors, projection } = await withDimensions(dir, parts);
  const { count, dimensions } = descriptors;
  const graph = chooseGraph(descriptors, options.graph);
  const { descriptors: precision = 'f16' } = options;
  const kept = { precision };
  await writeCatalogue(join(dir, CATALOGUE_FILE), tiles);
  const descriptorFile = descriptorFileOf({ descriptors: kept });
  await writeDescriptors(join(dir, descriptorFile), descriptors, precision);
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
    ...[descriptorFile, CATALOGUE_FILE],
    ...(projection ? [PROJECTION_FILE] : []),
  ];
  for (const name of [...own, ...names]) {
    const path = join(dir, name);
    files[name] = { sha256: await sha256OfFile(path), bytes: (await stat(path)).size };
  }
  const { name, version } = bundle.manifest;
  const manifest: IndexManifest = {
    schema: INDEX_SCHEMA,
    version: versionName(plan, files),
    createdAt: plan.createdAt,
    bundle: { name, version, encoderSha256: bundle.encoderSha256 },
    count,
    dimensions,
    descriptors: kept,
    ...(projection && { projection }),
    graph,
    tiles: { sizeM: source.sizeM, strideM: source.strideM, source: source.description },
    bounds,
    recall,
    ...(basemap && { basemap }),
    files,
  };
  await writeFileAtomic(join(dir, 'index.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

/** The descriptors in as many dimensions as were asked for; where they are fewer, the directions are written. */
async function withDimensions(
  dir: string,
  { descriptors, options }: VersionParts,
): Promise<Pick<VersionParts, 'descriptors'> & Pick<IndexManifest, 'projection'>> {
  const { dimensions: from } = descriptors;
  const { dimensions = from, graph, onNote } = options;
  if (dimensions === from) return { descriptors };
  const { directions, kept } = fitProjection(descriptors, dimensions, graph?.seed ?? 1);
  await writeDescriptors(join(dir, PROJECTION_FILE), directions);
  const text = `${dimensions} of ${from} dimensions see ${(100 * kept).toFixed(1)} % of the descriptors' square`;
  onNote?.({ kind: 'fact', text });
  return { descriptors: projectAll(descriptors, directions), projection: { from, kept } };
}

/** 20261123T101500Z-1a2b3c4d */
function versionName({ createdAt, digest }: Plan, files: Readonly<Record<string, FileChecksum>>): string {
  const time = createdAt.replaceAll(/[-:]|\.\d+/g, '');
  return `${time}-${sha256OfBytes(JSON.stringify([createdAt, digest, files])).slice(0, 8)}`;
}

/** The manifest and the files it names, nothing else that may lie beside them. */
export async function copyBundle(bundle: Bundle, target: string): Promise<void> {
  await makeFolder(target);
  for (const name of ['bundle.json', ...Object.keys(bundle.manifest.files)]) {
    await copyFile(join(bundle.dir, name), join(target, name));
  }
}
