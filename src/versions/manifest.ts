// index.json, checked before anything trusts it.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, SkyfixError, schemaCheck } from '../errors/index.js';
import type { FileChecksum } from '../files/index.js';
import {
  DESCRIPTOR_PRECISIONS,
  type DescriptorPrecision,
  GRAPH_KINDS,
  GRAPH_PRECISIONS,
  type GraphPrecision,
  INDEX_KINDS,
  type IndexKind,
  SHARD_FOLDER,
} from '../search/index.js';

export const INDEX_SCHEMA = 'skyfix-index/1';

/** index.json of an index version folder. */
export interface IndexManifest {
  readonly schema: typeof INDEX_SCHEMA;
  /** Unique, sortable: 20261123T101500Z-1a2b3c4d (build time and digest). */
  readonly version: string;
  readonly createdAt: string;
  readonly bundle: { readonly name: string; readonly version: string; readonly encoderSha256: string };
  readonly count: number;
  readonly dimensions: number;
  /** How its descriptors are kept; absent in versions of before there was a choice: f32. */
  readonly descriptors?: { readonly precision: DescriptorPrecision } | undefined;
  /**
   * Where descriptors have fewer dimensions than the encoder's (`from`): the share of their square that was kept. The directions
   * are PROJECTION_FILE, a file of descriptors.
   */
  readonly projection?: { readonly from: number; readonly kept: number } | undefined;
  /** Where kind is none, all tiles are compared, and the rest says how a graph would be built. */
  readonly graph: {
    readonly kind: IndexKind;
    /** Of usearch. */
    readonly precision?: GraphPrecision;
    readonly m: number;
    readonly efConstruction: number;
    readonly efSearch: number;
    readonly seed: number;
  };
  readonly tiles: {
    readonly sizeM: number;
    readonly strideM: number | null;
    readonly source: string;
    /** Where the lattice is counted from; absent for a list of tiles, and in versions from before there were updates. */
    readonly origin?: { readonly lon: number; readonly lat: number; readonly marginM: number } | undefined;
  };
  /** What an update repeats; absent in versions from before there were any. */
  readonly build?: BuildRecord | undefined;
  /** west, south, east, north of the tile centres. */
  readonly bounds: readonly [number, number, number, number];
  readonly recall: { readonly at1: number; readonly at10: number; readonly queries: number };
  /** What its map shows; absent where it was built without. */
  readonly basemap?: BasemapManifest | undefined;
  /** Those that filesOfIndex names. */
  readonly files: Readonly<Record<string, FileChecksum>>;
}

/** How tiles were read and described. */
export interface BuildRecord {
  /** Kind and precision. */
  readonly engine: string;
  /** Most tiles a run of the encoder. */
  readonly batchSize: number;
  /** How the imagery was read, where that was not left to its files: zoom, range and the like. */
  readonly imagery: Readonly<Record<string, unknown>>;
}

/** A pyramid of the imagery. */
export interface BasemapManifest {
  readonly minZoom: number;
  readonly maxZoom: number;
  /** Whose imagery it is, as plain text. */
  readonly attribution?: string | undefined;
}

/** The file of a version's graph; undefined where it has none. */
export const graphFileOf = (kind: IndexKind): string | undefined =>
  kind === 'none' ? undefined : `graph.${kind}`;

/** The file of a version's descriptors; in large versions it names the shards that hold them. */
export const descriptorFileOf = ({ descriptors }: Pick<IndexManifest, 'descriptors'>): string =>
  `descriptors.${descriptors?.precision ?? 'f32'}`;

/** The tiles by column, as versions have them that are built now; and in lines, as older ones do. */
export const CATALOGUE_FILE = 'catalogue.bin';
const OLD_CATALOGUE_FILE = 'catalogue.csv';

/** The file of a version's catalogue. */
export const catalogueFileOf = ({ files }: Pick<IndexManifest, 'files'>): string =>
  Object.hasOwn(files, CATALOGUE_FILE) ? CATALOGUE_FILE : OLD_CATALOGUE_FILE;

/** The directions along which descriptors are seen: in versions with fewer dimensions than their encoder. */
export const PROJECTION_FILE = 'projection.f32';
/** In versions that are calibrated. */
export const CALIBRATION_FILE = 'calibration.json';

/** Digests of the tiles' pixels, which an update compares. */
export const TILE_DIGESTS_FILE = 'tile-digests.bin';

/** A version may lack these. */
export const OPTIONAL_INDEX_FILES = [
  'basemap.pmtiles',
  'area.geojson',
  TILE_DIGESTS_FILE,
  CALIBRATION_FILE,
] as const;

const SHARD_NAME = `^${SHARD_FOLDER}/[0-9a-f]{64}\\.(${DESCRIPTOR_PRECISIONS.join('|')})$`;

/** The files that hold a version's descriptors where these are in shards, within its folder, each named by its SHA-256. */
export const shardFilesOf = ({ files }: Pick<IndexManifest, 'files'>): readonly string[] =>
  Object.keys(files).filter((name) => new RegExp(SHARD_NAME).test(name));

/** The files of a version, in a fixed order, index.json and the bundle aside. */
export function filesOfIndex(
  manifest: Pick<IndexManifest, 'files' | 'descriptors' | 'projection'> & {
    readonly graph: Pick<IndexManifest['graph'], 'kind'>;
  },
): readonly string[] {
  const graph = graphFileOf(manifest.graph.kind);
  return [
    ...(graph === undefined ? [] : [graph]),
    ...[descriptorFileOf(manifest), ...shardFilesOf(manifest), catalogueFileOf(manifest)],
    ...(manifest.projection ? [PROJECTION_FILE] : []),
    ...OPTIONAL_INDEX_FILES.filter((name) => Object.hasOwn(manifest.files, name)),
  ];
}

/** All files that a version may have beside index.json and its bundle. */
const KNOWN_FILES = [
  ...GRAPH_KINDS.map((kind) => `graph.${kind}`),
  ...DESCRIPTOR_PRECISIONS.map((precision) => `descriptors.${precision}`),
  ...[CATALOGUE_FILE, OLD_CATALOGUE_FILE, PROJECTION_FILE],
  ...OPTIONAL_INDEX_FILES,
];

const text = { type: 'string', minLength: 1 };
const whole = { type: 'integer', minimum: 0 };
const number = { type: 'number' };
const share = { type: 'number', minimum: 0, maximum: 1 };
const sum = { type: 'string', pattern: '^[0-9a-f]{64}$' };
const object = (properties: Record<string, unknown>) => ({
  type: 'object',
  required: Object.keys(properties),
  properties,
});
const checksum = object({ sha256: sum, bytes: whole });
const zoom = { type: 'integer', minimum: 0, maximum: 30 };

const withOptional = (optional: Record<string, unknown>, properties: Record<string, unknown>) => ({
  ...object(properties),
  properties: { ...properties, ...optional },
});
const buildSchema = object({
  engine: text,
  batchSize: { type: 'integer', minimum: 1 },
  imagery: { type: 'object' },
});
const basemapSchema = withOptional({ attribution: text }, { minZoom: zoom, maxZoom: zoom });

const check = schemaCheck<IndexManifest>(
  withOptional(
    {
      basemap: basemapSchema,
      build: buildSchema,
      descriptors: object({ precision: { enum: DESCRIPTOR_PRECISIONS } }),
      projection: object({ from: { type: 'integer', minimum: 1 }, kept: share }),
    },
    {
      schema: { const: INDEX_SCHEMA },
      version: { type: 'string', pattern: '^[0-9A-Za-z][0-9A-Za-z.-]{0,99}$' },
      createdAt: text,
      bundle: object({ name: text, version: text, encoderSha256: sum }),
      count: { type: 'integer', minimum: 1 },
      dimensions: { type: 'integer', minimum: 1 },
      graph: withOptional(
        { precision: { enum: GRAPH_PRECISIONS } },
        { kind: { enum: INDEX_KINDS }, m: whole, efConstruction: whole, efSearch: whole, seed: whole },
      ),
      tiles: withOptional(
        { origin: object({ lon: number, lat: number, marginM: number }) },
        {
          sizeM: { type: 'number', exclusiveMinimum: 0 },
          strideM: { type: ['number', 'null'] },
          source: { type: 'string' },
        },
      ),
      bounds: { type: 'array', items: { type: 'number' }, minItems: 4, maxItems: 4 },
      recall: object({ at1: share, at10: share, queries: whole }),
      files: {
        type: 'object',
        properties: Object.fromEntries(KNOWN_FILES.map((name) => [name, checksum])),
        patternProperties: { [SHARD_NAME]: checksum },
      },
    },
  ),
  { allErrors: true },
);

/** Reads DIR/index.json. Throws INDEX_MISSING without it, INDEX_CORRUPT where it does not fit the schema. */
export async function readIndexManifest(dir: string): Promise<IndexManifest> {
  const path = join(dir, 'index.json');
  const content = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new SkyfixError('INDEX_MISSING', `${path} cannot be read.`, { cause: error });
  });
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch (error) {
    throw new SkyfixError('INDEX_CORRUPT', `${path} is not JSON (${messageOf(error)}).`, { cause: error });
  }
  if (check(json)) {
    const unnamed = filesOfIndex(json).find((name) => !json.files[name]);
    if (unnamed === undefined) return json;
    throw new SkyfixError('INDEX_CORRUPT', `${path}: files says nothing of ${unnamed}.`);
  }
  const first = check.errors?.[0];
  throw new SkyfixError(
    'INDEX_CORRUPT',
    `${path}: ${first?.instancePath ?? ''} ${first?.message ?? 'is wrong'}.`,
  );
}
