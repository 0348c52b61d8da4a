// part.json: what a part of a build holds, and everything in which parts must agree to be one index.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, SkyfixError, schemaCheck } from '../src/errors/index.js';
import type { FileChecksum } from '../src/files/index.js';
import type { BuildSettings } from './open-tiles.js';

export const PART_SCHEMA = 'skyfix-index-part/1';
/** Names of the files of a part, part.json aside. */
export const PART_FILES = {
  descriptors: 'descriptors.f32',
  digests: 'tile-digests.bin',
  skipped: 'skipped.json',
} as const;

/** What is the same in all parts of an index. */
export interface PartCommon {
  readonly bundle: {
    readonly name: string;
    readonly version: string;
    readonly encoderSha256: string;
    /** Of bundle.json, which has the checksums of all other files. */
    readonly sha256: string;
  };
  /** `sha256`: of the bytes of all its files, or of the list and its images. */
  readonly imagery: { readonly description: string; readonly sha256: string };
  readonly grid: {
    readonly sizeM: number;
    readonly strideM: number | null;
    /** Tiles of all parts, those without imagery included. */
    readonly count: number;
    /** Of their places in their order. */
    readonly sha256: string;
  };
  /** Of the polygons; null without an area. */
  readonly area: { readonly sha256: string } | null;
  readonly settings: BuildSettings;
  readonly dimensions: number;
  readonly inputSizePx: number;
}

export interface PartManifest {
  readonly schema: typeof PART_SCHEMA;
  /** Counted from 1. */
  readonly part: number;
  readonly of: number;
  readonly createdAt: string;
  /** Numbers of its tiles along the Hilbert curve, without `to`. */
  readonly order: { readonly from: number; readonly to: number };
  readonly common: PartCommon;
  /** Tiles that have imagery. */
  readonly made: number;
  /** Shares without imagery, summed up over the part. */
  readonly missing: number;
  /** Of the processor: descriptors of another kind may differ in their last bits. */
  readonly processor: string;
  /** What it was built of, as absolute paths on the machine that did; what assembling takes unless it is told otherwise. */
  readonly inputs: {
    readonly bundle: string;
    readonly imagery?: string | undefined;
    readonly tiles?: string | undefined;
    readonly area?: string | undefined;
  };
  readonly files: Readonly<Record<string, FileChecksum>>;
}

const text = { type: 'string', minLength: 1 };
const whole = { type: 'integer', minimum: 0 };
const sum = { type: 'string', pattern: '^[0-9a-f]{64}$' };
const object = (properties: Record<string, unknown>, optional: Record<string, unknown> = {}) => ({
  type: 'object',
  required: Object.keys(properties),
  properties: { ...properties, ...optional },
});
const checksum = object({ sha256: sum, bytes: whole });
const check = schemaCheck<PartManifest>(
  object({
    schema: { const: PART_SCHEMA },
    part: { type: 'integer', minimum: 1 },
    of: { type: 'integer', minimum: 1 },
    createdAt: text,
    order: object({ from: whole, to: whole }),
    common: object({
      bundle: object({ name: text, version: text, encoderSha256: sum, sha256: sum }),
      imagery: object({ description: text, sha256: sum }),
      grid: object({
        sizeM: { type: 'number', exclusiveMinimum: 0 },
        strideM: { type: ['number', 'null'] },
        count: whole,
        sha256: sum,
      }),
      area: { anyOf: [{ type: 'null' }, object({ sha256: sum })] },
      settings: object({ engine: text, batchSize: whole, imagery: { type: 'object' } }),
      dimensions: { type: 'integer', minimum: 1 },
      inputSizePx: { type: 'integer', minimum: 1 },
    }),
    made: whole,
    missing: { type: 'number' },
    processor: { type: 'string' },
    inputs: object({ bundle: text }, { imagery: text, tiles: text, area: text }),
    files: object(Object.fromEntries(Object.values(PART_FILES).map((name) => [name, checksum]))),
  }),
);

/** Throws PARTS_UNUSABLE where the folder is no finished part. */
export async function readPartManifest(dir: string): Promise<PartManifest> {
  const path = join(dir, 'part.json');
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    const unfinished = /\.partial\/*$/.test(dir) ? ': it is of a build that was stopped and will go on' : '';
    const text = `${path} cannot be read (${messageOf(error)})${unfinished}.`;
    throw new SkyfixError('PARTS_UNUSABLE', text, { cause: error });
  }
  if (check(json)) return json;
  const [first] = check.errors ?? [];
  throw new SkyfixError(
    'PARTS_UNUSABLE',
    `${path}: ${first?.instancePath ?? ''} ${first?.message ?? 'is wrong'}.`,
  );
}

/** In what two differ, as "bundle.name"; empty where they agree. */
export function differences(one: unknown, other: unknown, at = ''): readonly string[] {
  const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null;
  if (!isObject(one) || !isObject(other)) return one === other ? [] : [at];
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return names.flatMap((name) => differences(one[name], other[name], at === '' ? name : `${at}.${name}`));
}

/** The value of "bundle.name", for people. */
export function valueAt(of: unknown, name: string): string {
  const value = name
    .split('.')
    .reduce<unknown>((part, key) => (part as Record<string, unknown> | null)?.[key], of);
  return value === undefined ? 'none' : typeof value === 'string' ? value : JSON.stringify(value);
}
