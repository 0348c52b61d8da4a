// An index version folder, verified and opened for search.
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type BundleManifest, descriptorMapOf } from '../bundles/index.js';
import { type Calibration, checkCalibration } from '../calibration/index.js';
import { messageOf, SkyfixError } from '../errors/index.js';
import { PlaceFinder, RemotePlaceFinder } from '../places/index.js';
import type { VectorIndex } from '../search/index.js';
import {
  type Catalogue,
  type Descriptors,
  openDescriptors,
  readCatalogue,
  readDescriptorHeader,
  readDescriptors,
  readShardNames,
} from '../search/index.js';
import type { LifeEvents } from '../threads/index.js';
import type { ClusterAddress } from '../weaviate/index.js';
import { type CheckFilesOptions, checkFiles } from './check-files.js';
import {
  CALIBRATION_FILE,
  catalogueFileOf,
  descriptorFileOf,
  graphFileOf,
  type IndexManifest,
  PROJECTION_FILE,
  readIndexManifest,
} from './manifest.js';
import { type MapFiles, openMapFiles } from './map-files.js';
import { readSearchPlace, type SearchPlace } from './search-place.js';

/** Lowest recall@1 and recall@10 against exact search that a server accepts. */
export const DEFAULT_RECALL_GATE = 0.95;

export interface OpenIndexVersion extends MapFiles {
  readonly dir: string;
  readonly manifest: IndexManifest;
  readonly catalogue: Catalogue;
  readonly index: VectorIndex;
  /** The region's own, where its version has one. */
  readonly calibration?: Calibration;
  /** Where it is searched; undefined: here, in memory. */
  readonly searchedIn?: SearchPlace;
  /** The bundle that the version was built with. */
  readonly bundleDir: string;
  /** Files that were believed by what was found earlier: recheckFiles reads them. */
  readonly trusted: readonly string[];
  close(): Promise<void>;
}

/**
 * Checks a version folder: checksums and counts (INDEX_CORRUPT), encoder of its bundle (INDEX_BUNDLE_MISMATCH), recall gate
 * (INDEX_RECALL_TOO_LOW).
 */
export async function checkIndexFolder(
  dir: string,
  recallGate = DEFAULT_RECALL_GATE,
): Promise<IndexManifest> {
  return (await checked(dir, recallGate)).manifest;
}

async function checked(
  dir: string,
  recallGate: number | undefined,
  options?: CheckFilesOptions,
): Promise<{
  readonly manifest: IndexManifest;
  readonly bundle: Partial<BundleManifest>;
  readonly trusted: readonly string[];
}> {
  const manifest = await readIndexManifest(dir);
  const trusted = await checkFiles(dir, manifest, options);
  const name = descriptorFileOf(manifest);
  const shape = await readDescriptorHeader(join(dir, name));
  if (name !== `descriptors.${shape.precision}`) {
    throw new SkyfixError('INDEX_CORRUPT', `${join(dir, name)} holds descriptors of ${shape.precision}.`);
  }
  if (shape.count !== manifest.count || shape.dimensions !== manifest.dimensions) {
    throw new SkyfixError(
      'INDEX_CORRUPT',
      `${dir}: index.json says ${manifest.count} x ${manifest.dimensions}, the descriptors are ` +
        `${shape.count} x ${shape.dimensions}.`,
    );
  }
  await checkShards(dir, manifest);
  const bundle = await bundleManifestOf(join(dir, 'bundle'));
  const encoder = bundle.files?.['encoder.onnx']?.sha256;
  if (encoder !== manifest.bundle.encoderSha256) {
    throw new SkyfixError(
      'INDEX_BUNDLE_MISMATCH',
      `${dir} was built with the encoder ${manifest.bundle.encoderSha256}, its bundle holds ${encoder}.`,
    );
  }
  checkRecall(manifest.recall, recallGate ?? DEFAULT_RECALL_GATE, dir);
  return { manifest, bundle, trusted };
}

/** What holds the rows must be what was checked: the shards that index.json names, each by its sum. Throws INDEX_CORRUPT. */
async function checkShards(dir: string, { files, ...manifest }: IndexManifest): Promise<void> {
  const path = join(dir, descriptorFileOf(manifest));
  const isKnown = (name: string) => {
    const expected = files[name];
    return expected !== undefined && basename(name).startsWith(`${expected.sha256}.`);
  };
  const unknown = (await readShardNames(path)).find((name) => !isKnown(name));
  if (unknown === undefined) return;
  throw new SkyfixError(
    'INDEX_CORRUPT',
    `${path} names the shard ${unknown}; index.json says ${files[unknown]?.sha256 ?? 'nothing'} of it.`,
  );
}

/** Throws INDEX_RECALL_TOO_LOW where recall@1 or recall@10 is under the gate. */
export function checkRecall(recall: IndexManifest['recall'], gate: number, dir: string): void {
  if (Math.min(recall.at1, recall.at10) >= gate) return;
  throw new SkyfixError(
    'INDEX_RECALL_TOO_LOW',
    `${dir} has recall@1 ${recall.at1.toFixed(3)} and recall@10 ${recall.at10.toFixed(3)}; the gate is ${gate}.`,
  );
}

/** A search cluster, and what of its rows is here. */
export interface SearchCluster extends ClusterAddress {
  /** Where the descriptors come from that scores are computed of: the version's files, or the cluster; files. */
  readonly descriptors?: 'files' | 'cluster' | undefined;
  /** Room for those from the cluster. */
  readonly cacheBytes?: number | undefined;
}

export interface OpenVersionOptions extends LifeEvents, CheckFilesOptions {
  readonly recallGate?: number | undefined;
  /** See IndexSetup: 0 has every search go through the graph. */
  readonly exactProducts?: number | undefined;
  /** Asked with descriptors as they are kept, also where they have fewer dimensions than the encoder's. */
  readonly asKept?: boolean | undefined;
  /** Where versions that were published to a cluster are searched; absent: they are searched here as all others are. */
  readonly cluster?: SearchCluster | undefined;
  /** Opened also where the cluster does not answer: its index is recovering until it does. */
  readonly clusterMayBeAway?: boolean | undefined;
}

/**
 * Verifies and opens a version folder for search; descriptors and graph are in memory, or mapped, until close(). The events
 * are those of the index.
 */
export async function openIndexVersion(
  dir: string,
  options: OpenVersionOptions = {},
): Promise<OpenIndexVersion> {
  const { manifest, bundle, trusted } = await checked(dir, options.recallGate, options);
  const catalogue = await readCatalogue(join(dir, catalogueFileOf(manifest)));
  if (catalogue.count !== manifest.count) {
    throw new SkyfixError(
      'INDEX_CORRUPT',
      `${dir}: index.json says ${manifest.count} tiles, the catalogue has ${catalogue.count}.`,
    );
  }
  const calibration = manifest.files[CALIBRATION_FILE] && (await readCalibration(dir, manifest));
  const searchedIn = options.cluster && (await readSearchPlace(dir));
  const closing: (() => unknown)[] = [];
  // What was opened first is closed last: the index's thread looks at the descriptors until it has ended.
  const close = async () => {
    for (const one of closing.splice(0).reverse()) await one();
  };
  try {
    const index = await openSearch(dir, { manifest, bundle }, catalogue, searchedIn, closing, options);
    closing.push(() => index.close());
    const maps = await openMapFiles(dir, manifest);
    closing.push(() => maps.basemap?.close());
    const bundleDir = join(dir, 'bundle');
    const opened = { dir, manifest, catalogue, index, ...maps, bundleDir, trusted, close };
    return { ...opened, ...(calibration && { calibration }), ...(searchedIn && { searchedIn }) };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The directions of a version with fewer dimensions. Throws INDEX_CORRUPT where they do not fit the manifest. */
async function readProjection(dir: string, { dimensions, projection }: IndexManifest): Promise<Descriptors> {
  const path = join(dir, PROJECTION_FILE);
  const directions = await readDescriptors(path);
  if (directions.count === dimensions && directions.dimensions === projection?.from) return directions;
  throw new SkyfixError(
    'INDEX_CORRUPT',
    `${path} holds ${directions.count} directions of ${directions.dimensions} numbers, index.json says ${dimensions} of ` +
      `${projection?.from}.`,
  );
}

/** By the cluster where the version lies in one, by its own files otherwise; what they hold is let go by `closing`. */
async function openSearch(
  dir: string,
  { manifest, bundle }: { readonly manifest: IndexManifest; readonly bundle: Partial<BundleManifest> },
  { parts: catalogue }: Catalogue,
  place: SearchPlace | undefined,
  closing: (() => unknown)[],
  { onDeath, onRecovered, exactProducts, cluster, clusterMayBeAway, asKept }: OpenVersionOptions,
): Promise<PlaceFinder> {
  const common = {
    ...{ catalogue, onDeath, onRecovered },
    projection: manifest.projection && !asKept ? await readProjection(dir, manifest) : undefined,
    // Projected descriptors are no maps.
    map: manifest.projection ? undefined : mapOf(bundle),
  };
  const descriptorPath = join(dir, descriptorFileOf(manifest));
  const opened = async () => {
    const { descriptors, close: letGo } = await openDescriptors(descriptorPath);
    closing.push(letGo);
    return descriptors;
  };
  if (place && cluster) {
    const { cacheBytes, descriptors: where = 'files', ...address } = cluster;
    const { dimensions } = manifest;
    const descriptors = where === 'files' ? await opened() : undefined;
    const placeNow = () => readSearchPlace(dir);
    const remote = { address, dimensions, descriptors, cacheBytes, mayBeAway: clusterMayBeAway, placeNow };
    return RemotePlaceFinder.openRemote({ ...place, ...common, ...remote });
  }
  const descriptors = await opened();
  const { kind, efSearch, m, precision } = manifest.graph;
  const graph = graphFileOf(kind);
  const path = graph === undefined ? descriptorPath : join(dir, graph);
  return PlaceFinder.open({ ...common, kind, path, descriptors, efSearch, m, precision, exactProducts });
}

/** What is read of a version's bundle before anybody loads it, and checks it. */
async function bundleManifestOf(bundleDir: string): Promise<Partial<BundleManifest>> {
  try {
    return JSON.parse(await readFile(join(bundleDir, 'bundle.json'), 'utf8'));
  } catch (error) {
    throw new SkyfixError('BUNDLE_MISSING', `${bundleDir}/bundle.json cannot be read.`, { cause: error });
  }
}

const mapOf = ({ descriptor, geometry }: Partial<BundleManifest>) =>
  descriptor && geometry && descriptorMapOf({ descriptor, geometry });

/** Throws CALIBRATION_INVALID for one that cannot be understood, and for one of another encoder. */
async function readCalibration(dir: string, { bundle }: IndexManifest): Promise<Calibration> {
  const path = join(dir, CALIBRATION_FILE);
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new SkyfixError('CALIBRATION_INVALID', `${path} is not JSON (${messageOf(error)}).`, {
      cause: error,
    });
  }
  const calibration = checkCalibration(json, path);
  if (calibration.encoderSha256 === bundle.encoderSha256) return calibration;
  throw new SkyfixError(
    'CALIBRATION_INVALID',
    `${path} is of the encoder ${calibration.encoderSha256}, the tiles are of ${bundle.encoderSha256}.`,
  );
}
