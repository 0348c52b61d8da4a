// How fields of a configuration are written down: their values, what they mean in a sentence, and what they are where absent.
// From these come the check of a file (Ajv), the schema that editors read, and the reference in docs/.

export interface FieldSchema {
  readonly description?: string;
  /** What an absent field stands for; without it an absent field means that there is none. */
  readonly default?: unknown;
  readonly [keyword: string]: unknown;
}

export interface ObjectSchema extends FieldSchema {
  readonly type: 'object';
  readonly required: readonly string[];
  readonly properties: Readonly<Record<string, FieldSchema>>;
}

/** A field with its sentence and, where it may be absent, what it then is. */
type Described = (description: string, absent?: unknown) => FieldSchema;

const field =
  (schema: Readonly<Record<string, unknown>>): Described =>
  (description, absent) => ({ ...schema, description, ...(absent !== undefined && { default: absent }) });

export const text = field({ type: 'string', minLength: 1 });
export const positive = field({ type: 'number', exclusiveMinimum: 0 });
export const nonNegative = field({ type: 'number', minimum: 0 });
export const share = field({ type: 'number', minimum: 0, maximum: 1 });
export const count = field({ type: 'integer', minimum: 1 });
export const whole = field({ type: 'integer', minimum: 0 });
export const yes = field({ type: 'boolean' });
export const seed = field({ type: 'integer', minimum: 0, maximum: 2 ** 31 - 1 });
export const between = (minimum: number, maximum: number, type: 'number' | 'integer' = 'number') =>
  field({ type, minimum, maximum });
/** More than 0 and at most 1. */
export const someShare = field({ type: 'number', exclusiveMinimum: 0, maximum: 1 });
/** From 0 to less than 1. */
export const belowOne = field({ type: 'number', minimum: 0, exclusiveMaximum: 1 });
export const oneOf = (values: readonly string[]) => field({ enum: [...values] });
export const matching = (pattern: string) => field({ type: 'string', pattern });
export const listOf = (items: object, more: Readonly<Record<string, unknown>> = {}) =>
  field({ type: 'array', items, ...more });
export const other = field;

/** An object without unknown fields; fields with a leading "?" may be missing. */
export function object(description: string, properties: Readonly<Record<string, FieldSchema>>): ObjectSchema {
  const entries = Object.entries(properties);
  return {
    type: 'object',
    description,
    additionalProperties: false,
    required: entries.flatMap(([name]) => (name.startsWith('?') ? [] : [name])),
    properties: Object.fromEntries(entries.map(([name, schema]) => [name.replace(/^\?/, ''), schema])),
  };
}

export const isObjectSchema = (schema: FieldSchema): schema is ObjectSchema =>
  schema.type === 'object' && typeof schema.properties === 'object';
