// A configuration with every field that there is: for people who look for one, and to compare two of them.
import type { RunConfig } from './run-config.js';
import { RUN_CONFIG_SCHEMA } from './schema.js';
import { type FieldSchema, isObjectSchema } from './schema-fields.js';

type Tree = Readonly<Record<string, unknown>>;

/**
 * The configuration with all its fields in the order of the reference: those that it does not have are what they stand for
 * when absent, or null where there is nothing. Read again it is the same configuration.
 */
export function everyField(config: RunConfig): Tree {
  return filled(config as unknown as Tree, RUN_CONFIG_SCHEMA) as Tree;
}

function filled(value: unknown, schema: FieldSchema): unknown {
  if (Array.isArray(value)) {
    const { items } = schema as { readonly items?: FieldSchema };
    return items ? value.map((item) => filled(item, items)) : value;
  }
  if (!isObjectSchema(schema) || typeof value !== 'object' || value === null) return value;
  const tree = value as Tree;
  return Object.fromEntries(
    Object.entries(schema.properties).map(([name, field]) => [
      name,
      tree[name] === undefined ? (field.default ?? null) : filled(tree[name], field),
    ]),
  );
}

/** A field in which two configurations differ, e.g. "stage3.steps". */
export interface Difference {
  readonly path: string;
  readonly before: unknown;
  readonly now: unknown;
}

/** Where two configurations mean something else; a field that is absent is the same as one with what it stands for. */
export function differences(before: RunConfig, now: RunConfig): readonly Difference[] {
  const found: Difference[] = [];
  const compare = (a: unknown, b: unknown, path: string): void => {
    const [left, right] = [treeOf(a), treeOf(b)];
    if (left && right) {
      for (const name of new Set([...Object.keys(left), ...Object.keys(right)])) {
        compare(left[name] ?? null, right[name] ?? null, path === '' ? name : `${path}.${name}`);
      }
    } else if (JSON.stringify(a) !== JSON.stringify(b)) found.push({ path, before: a, now: b });
  };
  compare(everyField(before), everyField(now), '');
  return found;
}

function treeOf(value: unknown): Tree | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Tree) : undefined;
}
