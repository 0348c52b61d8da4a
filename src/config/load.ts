// Environment in, checked configuration out.
import { isIP } from 'node:net';
import type { ErrorObject } from 'ajv';
import { SkyfixError, schemaCheck } from '../errors/index.js';
import { refuseTypos } from './unknown-variables.js';
import type { ConfigVariable } from './variable.js';
import { CONFIG_VARIABLES } from './variables.js';

type ValueOf<V> = V extends { readonly type: 'integer' | 'number' }
  ? number
  : V extends { readonly type: 'list' }
    ? readonly string[]
    : V extends { readonly choices: readonly (infer Choice)[] }
      ? Choice
      : V extends { readonly default: undefined }
        ? string | undefined
        : string;

/** The table's values, checked: one member a variable. */
export type Config = {
  readonly [Key in keyof typeof CONFIG_VARIABLES]: ValueOf<(typeof CONFIG_VARIABLES)[Key]>;
};

/** A form may be this much larger than the image in it. */
export const FORM_OVERHEAD_BYTES = 64 * 1024;

const variables: readonly (readonly [string, ConfigVariable])[] = Object.entries(CONFIG_VARIABLES);

/** JSON schema of the environment after splitting lists: one property a variable, under its own name. */
export const configSchema = {
  type: 'object',
  properties: Object.fromEntries(variables.map(([, variable]) => [variable.name, schemaOf(variable)])),
} as const;

const validate = schemaCheck<Record<string, unknown>>(configSchema);

/**
 * The configuration that the environment asks for; empty variables count as unset. Throws CONFIG_INVALID, also for
 * a name that is nearly a variable's.
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  refuseTypos(env);
  const given: Record<string, unknown> = {};
  for (const [, variable] of variables) {
    const text = env[variable.name]?.trim();
    if (!text) continue;
    given[variable.name] = parseValue(variable, text);
  }
  if (!validate(given)) throw invalid(validate.errors?.[0], env);
  const entries = variables.map(([key, variable]) => [key, given[variable.name] ?? variable.default]);
  const config = Object.fromEntries(entries) as unknown as Config;
  checkProxies(config.trustedProxies);
  return {
    ...config,
    uploadMemoryBytes: uploadMemoryOf(config, given[CONFIG_VARIABLES.uploadMemoryBytes.name]),
  };
}

function checkProxies(entries: readonly string[]): void {
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/');
    const family = isIP(address);
    if (family === 0 || Number(bits ?? 0) > (family === 4 ? 32 : 128)) {
      const name = CONFIG_VARIABLES.trustedProxies.name;
      throw new SkyfixError('CONFIG_INVALID', `${name} has ${JSON.stringify(entry)}, which is no address.`);
    }
  }
}

/** The default grows with the largest upload; a value that was given must hold one. */
function uploadMemoryOf({ maxUploadBytes, uploadMemoryBytes }: Config, given: unknown): number {
  const { uploadMemoryBytes: memory, maxUploadBytes: upload } = CONFIG_VARIABLES;
  const needed = maxUploadBytes + FORM_OVERHEAD_BYTES;
  if (given === undefined) return Math.max(uploadMemoryBytes, 2 * needed);
  if (uploadMemoryBytes >= needed) return uploadMemoryBytes;
  throw new SkyfixError(
    'CONFIG_INVALID',
    `${memory.name} is ${uploadMemoryBytes}; one upload of ${upload.name} takes ${needed}.`,
  );
}

/** What is no plain decimal number stays text, which the schema then refuses. */
function parseValue(variable: ConfigVariable, text: string): unknown {
  if (variable.type === 'list') return text.split(',').map((part) => part.trim());
  if (variable.type === 'string') return text;
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

/** One line a variable: name, default, range, meaning. */
export function configHelp(): string {
  const lines = variables.map(([, variable]) => {
    const value = Array.isArray(variable.default)
      ? variable.default.join(',')
      : String(variable.default ?? '');
    const facts = [value === '' ? 'unset' : `default ${value}`, rangeOf(variable)].filter(Boolean).join('; ');
    return `  ${variable.name.padEnd(34)} ${variable.help} (${facts})`;
  });
  return `Environment:\n${lines.join('\n')}`;
}

function schemaOf(variable: ConfigVariable): Record<string, unknown> {
  switch (variable.type) {
    case 'integer':
    case 'number':
      return { type: variable.type, minimum: variable.minimum, maximum: variable.maximum };
    case 'list':
      return { type: 'array', items: { type: 'string', pattern: variable.pattern } };
    case 'string':
      return {
        type: 'string',
        ...(variable.pattern ? { pattern: variable.pattern } : {}),
        ...(variable.choices ? { enum: variable.choices } : {}),
      };
  }
}

function rangeOf(variable: ConfigVariable): string {
  if (variable.type === 'integer' || variable.type === 'number') {
    return `${variable.minimum} to ${variable.maximum}`;
  }
  return variable.type === 'string' && variable.choices ? variable.choices.join(', ') : '';
}

function invalid(
  error: ErrorObject | undefined,
  env: Readonly<Record<string, string | undefined>>,
): SkyfixError {
  const name = error?.instancePath.split('/')[1] ?? '';
  const variable = variables.find(([, candidate]) => candidate.name === name)?.[1];
  const value =
    variable?.type === 'list' && variable.secret
      ? 'a list with a malformed entry'
      : JSON.stringify(env[name]);
  const allowed = error?.keyword === 'enum' && variable ? ` (${rangeOf(variable)})` : '';
  return new SkyfixError(
    'CONFIG_INVALID',
    `${name} is ${value}; it ${error?.message ?? 'is invalid'}${allowed}.`,
  );
}
