// Environment in, checked configuration out.
import { Ajv, type ErrorObject } from 'ajv';
import { SkyfixError } from '../errors/index.js';
import { CONFIG_VARIABLES, type ConfigVariable } from './variables.js';

export interface Config {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly apiKeys: readonly string[];
  readonly defaultRegion: string | undefined;
  readonly maxUploadBytes: number;
  readonly maxPixels: number;
  readonly queueSize: number;
  readonly concurrency: number;
  readonly threads: number;
  readonly requestTimeoutMs: number;
  readonly stopTimeoutMs: number;
  readonly minRecall: number;
  readonly logLevel: string;
}

const variables: readonly (readonly [string, ConfigVariable])[] = Object.entries(CONFIG_VARIABLES);

/** JSON schema of the environment after splitting lists: one property a variable, under its own name. */
export const configSchema = {
  type: 'object',
  properties: Object.fromEntries(variables.map(([, variable]) => [variable.name, schemaOf(variable)])),
} as const;

const validate = new Ajv().compile(configSchema);

/** The configuration that the environment asks for; empty variables count as unset. Throws CONFIG_INVALID. */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given: Record<string, unknown> = {};
  for (const [, variable] of variables) {
    const text = env[variable.name]?.trim();
    if (!text) continue;
    given[variable.name] = parseValue(variable, text);
  }
  if (!validate(given)) throw invalid(validate.errors?.[0], env);
  const entries = variables.map(([key, variable]) => [key, given[variable.name] ?? variable.default]);
  return Object.fromEntries(entries) as unknown as Config;
}

/** What is no plain decimal number stays text, which the schema then refuses. */
function parseValue(variable: ConfigVariable, text: string): unknown {
  if (variable.type === 'list') return text.split(',').map((part) => part.trim());
  if (variable.type === 'string') return text;
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

/** One line a variable: name, default, range, meaning. */
export function describeConfig(): string {
  const lines = variables.map(([, variable]) => {
    const value = Array.isArray(variable.default)
      ? variable.default.join(',')
      : String(variable.default ?? '');
    const facts = [value === '' ? 'unset' : `default ${value}`, rangeOf(variable)].filter(Boolean).join('; ');
    return `  ${variable.name.padEnd(26)} ${variable.help} (${facts})`;
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
  const value = variable?.type === 'list' ? 'a list with a malformed entry' : JSON.stringify(env[name]);
  const allowed = error?.keyword === 'enum' && variable ? ` (${rangeOf(variable)})` : '';
  return new SkyfixError(
    'CONFIG_INVALID',
    `${name} is ${value}; it ${error?.message ?? 'is invalid'}${allowed}.`,
  );
}
