// The keys file: one entry a key, with the SHA-256 of the key instead of the key.
// Why not scrypt or the like: those slow down the guessing of passwords. A key here is 256 random bits, which nobody guesses
// at any speed; a slow hash would only hand everybody a way to keep the server busy, a wrong key at a time.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { explainSchemaErrors, messageOf, SkyfixError, schemaCheck } from '../errors/index.js';
import { writeFileAtomic } from '../files/index.js';

/** locate: panoramas, regions and their maps. metrics: GET /metrics. admin: everything below /admin. */
export const KEY_SCOPES = ['locate', 'admin', 'metrics'] as const;
export type KeyScope = (typeof KEY_SCOPES)[number];

export interface ApiKey {
  /** As logs, metrics and people call it. */
  readonly name: string;
  readonly scopes: readonly KeyScope[];
  /** Of the key's text, lower-case hex. */
  readonly sha256: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** From then on it is refused. Default: never. */
  readonly expiresAt?: string;
  /** Limits of its own. Default: the server's. */
  readonly requestsPerMinute?: number;
  readonly uploads?: number;
}

const FORMAT = 'skyfix-keys';
const KEY_NAME = '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$';
const TIME = '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d+)?Z$';

const validate = schemaCheck<{ readonly keys: readonly ApiKey[] }>(
  {
    type: 'object',
    required: ['format', 'version', 'keys'],
    additionalProperties: false,
    properties: {
      format: { const: FORMAT },
      version: { const: 1 },
      keys: {
        type: 'array',
        items: {
          type: 'object',
          required: ['name', 'scopes', 'sha256', 'createdAt'],
          additionalProperties: false,
          properties: {
            name: { type: 'string', pattern: KEY_NAME },
            scopes: { type: 'array', items: { enum: KEY_SCOPES }, minItems: 1, uniqueItems: true },
            sha256: { type: 'string', pattern: '^[0-9a-f]{64}$' },
            createdAt: { type: 'string', pattern: TIME },
            expiresAt: { type: 'string', pattern: TIME },
            requestsPerMinute: { type: 'integer', minimum: 1, maximum: 1_000_000 },
            uploads: { type: 'integer', minimum: 1, maximum: 100_000 },
          },
        },
      },
    },
  },
  { verbose: true },
);

/** The digest under which a key's text is known. */
export function digestOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

/** The keys of a file, by name. Throws KEYS_INVALID where it is not there, not JSON, or not what it should be. */
export async function readKeys(path: string): Promise<readonly ApiKey[]> {
  let content: unknown;
  try {
    content = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new SkyfixError('KEYS_INVALID', `${path} cannot be read (${messageOf(error)}).`, { cause: error });
  }
  return checkKeys(content, path);
}

/** Throws KEYS_INVALID before anything is written. */
export async function writeKeys(path: string, keys: readonly ApiKey[]): Promise<void> {
  const sorted = [...keys].sort((a, b) => (a.name < b.name ? -1 : 1));
  const content = { format: FORMAT, version: 1, keys: sorted };
  checkKeys(content, path);
  await writeFileAtomic(path, `${JSON.stringify(content, undefined, 2)}\n`);
}

function checkKeys(content: unknown, path: string): readonly ApiKey[] {
  if (!validate(content))
    throw new SkyfixError('KEYS_INVALID', `${path}: ${explainSchemaErrors(validate.errors)}.`);
  for (const [what, values] of [
    ['name', content.keys.map(({ name }) => name)],
    ['digest', content.keys.map(({ sha256 }) => sha256)],
  ] as const) {
    const twice = values.find((value, k) => values.indexOf(value) !== k);
    if (twice !== undefined)
      throw new SkyfixError('KEYS_INVALID', `${path} has the ${what} "${twice}" twice.`);
  }
  for (const { name, expiresAt } of content.keys) {
    if (expiresAt !== undefined && Number.isNaN(Date.parse(expiresAt)))
      throw new SkyfixError('KEYS_INVALID', `${path}: "${name}" expires at ${expiresAt}, which is no time.`);
  }
  return content.keys;
}
