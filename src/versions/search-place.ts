// search.json of a version: where it is searched, if not in the server's own memory.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, SkyfixError, schemaCheck } from '../errors/index.js';
import { readTextIfThere, writeFileAtomic } from '../files/index.js';
import type { ShardCounts } from '../weaviate/index.js';

const SEARCH_SCHEMA = 'skyfix-search/1';
const SEARCH_FILE = 'search.json';

/** A collection of a Weaviate cluster; how the cluster is reached is for each machine to say. */
export interface SearchPlace {
  readonly engine: 'weaviate';
  readonly collection: string;
  /** Objects of each shard. */
  readonly shards: ShardCounts;
  /** Length of the geohash cells whose descriptors are fetched together. */
  readonly cellLength: number;
}

const check = schemaCheck<SearchPlace & { readonly schema: typeof SEARCH_SCHEMA }>({
  type: 'object',
  required: ['schema', 'engine', 'collection', 'shards', 'cellLength'],
  properties: {
    schema: { const: SEARCH_SCHEMA },
    engine: { const: 'weaviate' },
    collection: { type: 'string', pattern: '^[A-Z][0-9A-Za-z_]*$' },
    shards: { type: 'object', minProperties: 1, additionalProperties: { type: 'integer', minimum: 0 } },
    cellLength: { type: 'integer', minimum: 3, maximum: 8 },
  },
});

/** Undefined where the version is searched in memory. Throws INDEX_CORRUPT. */
export async function readSearchPlace(versionDir: string): Promise<SearchPlace | undefined> {
  const path = join(versionDir, SEARCH_FILE);
  const text = await readTextIfThere(path);
  if (text === undefined) return undefined;
  try {
    const json: unknown = JSON.parse(text);
    if (check(json)) return json;
    const [first] = check.errors ?? [];
    throw new Error(`${first?.instancePath ?? ''} ${first?.message ?? 'is wrong'}`);
  } catch (error) {
    const why = messageOf(error).replace(/[.]+$/, '');
    throw new SkyfixError('INDEX_CORRUPT', `${path}: ${why}.`, { cause: error });
  }
}

/** Whole or not at all; undefined takes it away. Throws DISK_FULL. */
export async function writeSearchPlace(versionDir: string, place: SearchPlace | undefined): Promise<void> {
  const path = join(versionDir, SEARCH_FILE);
  if (!place) return rm(path, { force: true });
  await writeFileAtomic(path, `${JSON.stringify({ schema: SEARCH_SCHEMA, ...place }, null, 2)}\n`);
}
