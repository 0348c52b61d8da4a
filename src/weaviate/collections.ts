// Collections and aliases: a version of a region is a collection, and the region's alias names the one that is current.
import { createHash } from 'node:crypto';
import { SkyfixError } from '../errors/index.js';
import type { CallOptions, Cluster } from './cluster.js';
import { AGGREGATE, VECTOR } from './protocol.js';

/** Collections of whatever else lives in the cluster begin otherwise. */
const PREFIX = 'Skyfix';
/** Schema changes go through all nodes. */
const SCHEMA_DEADLINE_MS = 60_000;

/**
 * Weaviate's names have letters, digits and underscores; regions have small letters, digits and hyphens. A hyphen between two
 * others than hyphens is an underscore and any other one a D, so that behind a region's part the first "__" is where it ends:
 * "town" would take the collections of "town--north" for its own.
 */
const regionPart = (region: string) =>
  region.replace(/-/g, (_, at: number) => (/^[^-]-[^-]$/.test(region.slice(at - 1, at + 2)) ? '_' : 'D'));

/** The alias of a region. */
export const aliasOf = (region: string): string => `${PREFIX}_${regionPart(region)}`;

/** The first collection of a version; the digest keeps names apart that are the same but for their punctuation. */
export function collectionOf(region: string, version: string): string {
  const digest = createHash('sha256').update(`${region}/${version}`).digest('hex').slice(0, 8);
  return `${PREFIX}V_${regionPart(region)}__${version.replace(/[^0-9A-Za-z]/g, '_')}__${digest}`;
}

/** Of the same rows as `first`, written anew where a node has lost what it knew of those before: 2, 3 and so on. */
export const generationOf = (first: string, generation: number): string =>
  generation === 1 ? first : `${first}__g${generation}`;

/** Which one of `first`'s a collection is; undefined for another's. */
export function generationIn(first: string, collection: string): number | undefined {
  if (collection === first) return 1;
  const [, generation] = /__g([1-9]\d*)$/.exec(collection) ?? [];
  return generation !== undefined && collection === generationOf(first, Number(generation))
    ? Number(generation)
    : undefined;
}

export interface CollectionOptions {
  /** Copies of each object. */
  readonly replicas: number;
  readonly shards: number;
  /** Rotational quantisation with so many bits; scores are of the whole vectors all the same. */
  readonly quantiseBits?: 8 | undefined;
}

/** Links, and candidates while building and searching, of Weaviate's graph. */
const GRAPH = { maxConnections: 16, efConstruction: 200, ef: 128 };

/**
 * Makes the collection where it is not there. The dot product of unit vectors is their cosine, and leaves the vectors as they
 * are; lost writes are mended by asynchronous replication.
 */
export async function createCollection(
  cluster: Cluster,
  name: string,
  { replicas, shards, quantiseBits }: CollectionOptions,
): Promise<void> {
  if ((await rest(cluster, 'GET', `schema/${name}`, undefined, [200, 404])).status === 200) return;
  const text = { dataType: ['text'], indexSearchable: false, indexFilterable: true, tokenization: 'field' };
  await rest(
    cluster,
    'POST',
    'schema',
    {
      class: name,
      description: 'Tiles of a skyfix region; written by "skyfix index publish" and never changed.',
      properties: [{ ...text, name: CELLS, dataType: ['text[]'] }],
      vectorConfig: {
        [VECTOR]: {
          vectorizer: { none: {} },
          vectorIndexType: 'hnsw',
          vectorIndexConfig: {
            distance: 'dot',
            ...GRAPH,
            ...(quantiseBits ? { rq: { enabled: true, bits: quantiseBits, rescoreLimit: 64 } } : {}),
          },
        },
      },
      shardingConfig: { desiredCount: shards },
      replicationConfig: {
        factor: replicas,
        asyncEnabled: replicas > 1,
        deletionStrategy: 'NoAutomatedResolution',
      },
      invertedIndexConfig: { indexTimestamps: false, indexNullState: false, indexPropertyLength: false },
    },
    [200],
  );
}

/** The property with the geohashes of an object's place. */
export const CELLS = 'cells';

export async function deleteCollection(cluster: Cluster, name: string): Promise<void> {
  await rest(cluster, 'DELETE', `schema/${name}`, undefined, [200, 204, 400, 404]);
}

/** Collections of the versions of a region that are in the cluster. */
export async function listCollections(cluster: Cluster, region: string): Promise<readonly string[]> {
  return (await allCollections(cluster)).filter((name) =>
    name.startsWith(`${PREFIX}V_${regionPart(region)}__`),
  );
}

/** The generations of a collection that are in the cluster, ascending. */
export async function listGenerations(cluster: Cluster, first: string): Promise<readonly number[]> {
  const all = await allCollections(cluster);
  return all.flatMap((name) => generationIn(first, name) ?? []).sort((a, b) => a - b);
}

async function allCollections(cluster: Cluster): Promise<readonly string[]> {
  const { json } = await rest(cluster, 'GET', 'schema', undefined, [200]);
  const classes = (json as { classes?: { class: string }[] } | undefined)?.classes ?? [];
  return classes.map((one) => one.class);
}

/** The collection that an alias names; undefined where there is no such alias. */
export async function aliasTarget(cluster: Cluster, alias: string): Promise<string | undefined> {
  const { status, json } = await rest(cluster, 'GET', `aliases/${alias}`, undefined, [200, 404]);
  return status === 200 ? (json as { class: string }).class : undefined;
}

/** Has the alias name the collection, in one step. */
export async function moveAlias(cluster: Cluster, alias: string, collection: string): Promise<void> {
  const there = await aliasTarget(cluster, alias);
  if (there === collection) return;
  if (there === undefined) await rest(cluster, 'POST', 'aliases', { alias, class: collection }, [200]);
  else await rest(cluster, 'PUT', `aliases/${alias}`, { class: collection }, [200]);
}

/** Of the collection as one copy of each shard has it. */
export async function countObjects(cluster: Cluster, collection: string): Promise<number> {
  const { singleResult } = await cluster.call(AGGREGATE, { collection, objectsCount: true });
  return Number(singleResult?.objectsCount ?? 0);
}

/** One copy of a shard on a node that answers. */
export interface Replica {
  readonly node: string;
  readonly shard: string;
  /** As far as it has been written to disk. */
  readonly objects: number;
}

/** The copies of a collection's shards on the nodes that answer now. */
export async function replicasOf(cluster: Cluster, collection: string): Promise<readonly Replica[]> {
  const path = `nodes/${collection}?output=verbose`;
  const { json } = await rest(cluster, 'GET', path, undefined, [200], { allKnow: true });
  const { nodes = [] } = (json ?? {}) as { nodes?: readonly NodeStatus[] };
  // A node that misses another calls itself unhealthy and answers; one that does not answer has no shards in the list.
  return nodes.flatMap(({ name, shards }) =>
    (shards ?? []).map((shard) => ({ node: name, shard: shard.name, objects: shard.objectCount })),
  );
}

interface NodeStatus {
  readonly name: string;
  readonly shards?: readonly { readonly name: string; readonly objectCount: number }[] | null;
}

/** Throws CLUSTER_UNAVAILABLE for any other status than those that are expected. */
async function rest(
  cluster: Cluster,
  method: string,
  path: string,
  body: unknown,
  expected: readonly number[],
  options: CallOptions = method === 'GET' ? {} : { deadlineMs: SCHEMA_DEADLINE_MS },
): Promise<{ readonly status: number; readonly json: unknown }> {
  const answer = await cluster.rest(method, path, body, options);
  if (expected.includes(answer.status)) return answer;
  const errors = (answer.json as { error?: readonly { message: string }[] } | undefined)?.error ?? [];
  const why = errors.map(({ message }) => message).join('; ') || 'no reason given';
  throw new SkyfixError(
    'CLUSTER_UNAVAILABLE',
    `Weaviate refused ${method} ${path} with status ${answer.status} (${why.replace(/[.]+$/, '')}).`,
  );
}
