// A version as a collection of a Weaviate cluster: written, each object looked for, recall measured, and only then named by the
// region's alias.
import { join } from 'node:path';
import { readCatalogue, readDescriptors } from '../src/search/index.js';
import {
  catalogueFileOf,
  descriptorFileOf,
  listVersions,
  readIndexManifest,
  readSearchPlace,
  type SearchPlace,
  versionDir,
} from '../src/versions/index.js';
import {
  aliasOf,
  aliasTarget,
  Cluster,
  type ClusterAddress,
  collectionOf,
  deleteCollection,
  generationIn,
  listCollections,
  moveAlias,
} from '../src/weaviate/index.js';
import { type WeaviateTarget, writeToWeaviate } from './write-collection.js';

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

/**
 * Removes the collections of versions that are no longer on disk, and those that others took the place of; not `replaced`, which
 * servers search until they hear of the new one. Throws CLUSTER_UNAVAILABLE, INDEX_CORRUPT.
 */
export async function pruneCollections(
  address: ClusterAddress,
  dataDir: string,
  region: string,
  replaced?: SearchPlace,
): Promise<void> {
  const versions = await listVersions(dataDir, region);
  const kept = new Set(replaced ? [replaced.collection] : []);
  /** Not published yet: an import that goes on another time. */
  const begun: string[] = [];
  for (const version of versions) {
    const place = await readSearchPlace(versionDir(dataDir, region, version));
    if (place) kept.add(place.collection);
    else begun.push(collectionOf(region, version));
  }
  const cluster = new Cluster(address);
  try {
    const named = await aliasTarget(cluster, aliasOf(region));
    if (named !== undefined) kept.add(named);
    const goesOn = (name: string) => begun.some((first) => generationIn(first, name) !== undefined);
    for (const collection of await listCollections(cluster, region))
      if (!kept.has(collection) && !goesOn(collection)) await deleteCollection(cluster, collection);
  } finally {
    cluster.close();
  }
}
