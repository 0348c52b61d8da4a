// A version as a collection of a Weaviate cluster: written, each object looked for, recall measured, and only then named by the
// region's alias.
import { join } from 'node:path';
import { SkyfixError } from '../src/errors/index.js';
import { measureRecall, readCatalogue, readDescriptors } from '../src/search/index.js';
import {
  catalogueFileOf,
  checkRecall,
  descriptorFileOf,
  listVersions,
  readIndexManifest,
  type SearchPlace,
} from '../src/versions/index.js';
import {
  aliasOf,
  aliasTarget,
  Cluster,
  type ClusterAddress,
  type CollectionOptions,
  cellLengthFor,
  collectionOf,
  createCollection,
  deleteCollection,
  listCollections,
  moveAlias,
  type RowSource,
  rewriteRows,
  rowsNotFound,
  vectorOfRow,
  WeaviateIndex,
  writeRows,
  writtenShards,
} from '../src/weaviate/index.js';

/** Where and how a version is written. */
export interface WeaviateTarget extends CollectionOptions {
  readonly address: ClusterAddress;
  /** Of what is being done: "write", "check", "recall". */
  readonly onProgress?: ((what: string, done: number, total: number) => void) | undefined;
}

const REPAIRS = 3;

/**
 * Writes the version in `dir` to a collection of its own, and returns where it is searched from then on. Throws what
 * writeToWeaviate throws, and INDEX_CORRUPT.
 */
export async function publishToWeaviate(
  dir: string,
  region: string,
  minRecall: number,
  target: WeaviateTarget,
): Promise<SearchPlace> {
  const manifest = await readIndexManifest(dir);
  const catalogue = await readCatalogue(join(dir, catalogueFileOf(manifest)));
  const descriptors = await readDescriptors(join(dir, descriptorFileOf(manifest)));
  const collection = collectionOf(region, manifest.version);
  return writeToWeaviate({ collection, catalogue, descriptors }, minRecall, target);
}

/**
 * Writes rows to a collection, and returns where they are searched from then on. Goes on where an earlier call ended. Throws
 * CLUSTER_UNAVAILABLE where the cluster does not take them, or does not find what it took after several repairs, and
 * INDEX_RECALL_TOO_LOW; no alias is moved.
 */
export async function writeToWeaviate(
  source: RowSource,
  minRecall: number,
  target: WeaviateTarget,
): Promise<SearchPlace> {
  const { collection, catalogue, descriptors } = source;
  const { address, replicas, onProgress } = target;
  const cluster = new Cluster(address);
  try {
    await createCollection(cluster, collection, target);
    await writeRows(cluster, source, (done, total) => onProgress?.('write', done, total));
    await findAllRows(cluster, source, onProgress);
    const shards = await writtenShards(cluster, collection, { count: descriptors.count, replicas });
    const cellLength = cellLengthFor(catalogue);
    const place: SearchPlace = { engine: 'weaviate', collection, shards, cellLength };
    const { dimensions } = descriptors;
    // The graph's own recall, with no row compared here.
    const found = { address, collection, dimensions, shards, cellLength, exactRows: 0 };
    const index = await WeaviateIndex.open(found, catalogue);
    try {
      const recall = await measureRecall(index, descriptors, {
        seed: 1,
        onProgress: (done, total) => onProgress?.('recall', done, total),
      });
      checkRecall(recall, minRecall, collection);
    } finally {
      await index.close();
    }
    return place;
  } finally {
    cluster.close();
  }
}

/** Asks every node for every row, and writes anew those that one does not find. */
async function findAllRows(
  cluster: Cluster,
  source: RowSource,
  onProgress: WeaviateTarget['onProgress'],
): Promise<void> {
  const { collection, descriptors } = source;
  const { count } = descriptors;
  const asked = { collection, vectorOf: (row: number) => vectorOfRow(descriptors, row) };
  const total = count * cluster.nodeCount;
  let done = 0;
  let wanted: Iterable<number> = Array(count).keys();
  for (let repair = 0; ; repair++) {
    const lost = new Set<number>();
    for (let node = 0; node < cluster.nodeCount; node++) {
      const rows = await rowsNotFound(cluster, asked, wanted, node, () => {
        if (repair === 0) onProgress?.('check', ++done, total);
      });
      for (const row of rows) lost.add(row);
      if (repair === 0) wanted = Array(count).keys();
    }
    if (lost.size === 0) return;
    if (repair === REPAIRS) {
      const some = [...lost].slice(0, 5).join(', ');
      throw new SkyfixError(
        'CLUSTER_UNAVAILABLE',
        `${lost.size} of ${count} rows of ${source.collection} are not found by their own descriptors (${some}).`,
      );
    }
    wanted = [...lost].sort((a, b) => a - b);
    await rewriteRows(cluster, source, [...lost]);
  }
}

/** Has the region's alias name the collection of a version. Throws CLUSTER_UNAVAILABLE. */
export async function pointAlias(
  address: ClusterAddress,
  region: string,
  { collection }: SearchPlace,
): Promise<void> {
  const cluster = new Cluster(address);
  try {
    await moveAlias(cluster, aliasOf(region), collection);
  } finally {
    cluster.close();
  }
}

/** Removes the collections of versions that are no longer on disk. Throws CLUSTER_UNAVAILABLE. */
export async function pruneCollections(
  address: ClusterAddress,
  dataDir: string,
  region: string,
): Promise<void> {
  const cluster = new Cluster(address);
  try {
    const kept = new Set(
      (await listVersions(dataDir, region)).map((version) => collectionOf(region, version)),
    );
    const named = await aliasTarget(cluster, aliasOf(region));
    for (const collection of await listCollections(cluster, region))
      if (!kept.has(collection) && collection !== named) await deleteCollection(cluster, collection);
  } finally {
    cluster.close();
  }
}
