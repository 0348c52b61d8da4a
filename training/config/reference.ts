// The reference of a run's fields, from the schema that checks them: Markdown for people, JSON schema for editors.
import { loadRunConfig, PRESETS } from './load-config.js';
import { RUN_CONFIG_SCHEMA } from './schema.js';
import { type FieldSchema, isObjectSchema, type ObjectSchema } from './schema-fields.js';

/** What the commands are that write both files, relative to the repository. */
export const REFERENCE_FILES = {
  markdown: 'docs/run-configuration.md',
  jsonSchema: 'training/config/run.schema.json',
} as const;
export const REFERENCE_COMMAND = 'npm run docs:config';

/** Values of each preset beside a field, by its path. */
const WIDTH = 150;

type PresetValues = Readonly<Record<string, (path: string) => unknown>>;

/** docs/run-configuration.md. */
function referenceMarkdown(presets: PresetValues): string {
  const names = Object.keys(presets);
  return [
    '# Fields of a run',
    '',
    `Written by \`${REFERENCE_COMMAND}\` from the schema that checks a configuration. A file names a preset,`,
    `\`preset: ${names.join('`, `')}\`, and`,
    'gives the fields that differ; `--set path.to.field=value` does the same on the command line, and `null` takes a field away.',
    '`npx skyfix-train run FILE --print-config` prints all fields with their values. A line',
    '`# yaml-language-server: $schema=PATH/training/config/run.schema.json` on top of a file ' +
      'gives completion and checks in editors.',
    '',
    ...section('', RUN_CONFIG_SCHEMA, presets),
    '',
  ].join('\n');
}

function section(path: string, schema: ObjectSchema, presets: PresetValues): string[] {
  const fields = Object.entries(schema.properties);
  const inner = fields.flatMap(([name, field]): [string, ObjectSchema][] => {
    const items = (field as { readonly items?: FieldSchema }).items;
    if (isObjectSchema(field)) return [[join(path, name), field]];
    return items && isObjectSchema(items) ? [[`${join(path, name)}[]`, items]] : [];
  });
  const leaves = fields.filter(([, field]) => !isObjectSchema(field));
  const title = path === '' ? '' : `## ${path}`;
  const items = leaves.flatMap(([name, field]) => item(join(path, name), name, field, schema, presets));
  return [
    ...(title ? [title, '', ...wrapped(schema.description ?? '')] : []),
    ...(items.length > 0 ? ['', ...items] : []),
    '',
    // What was shown already: a data set within an area.
    ...inner.flatMap(([at, object]) =>
      /\[\]\.source/.test(at) || at === 'data.further[]' || at === 'data.encoderOnly[]'
        ? []
        : section(at, object, presets),
    ),
  ];
}

const join = (path: string, name: string) => (path === '' ? name : `${path}.${name}`);

/** A field as an item of a list: its values, what it is when absent and in the presets, and its sentence. */
function item(
  path: string,
  name: string,
  field: FieldSchema,
  parent: ObjectSchema,
  presets: PresetValues,
): string[] {
  const absent = field.default === undefined ? 'none' : code(field.default);
  const values = new Map<string, string[]>();
  for (const [preset, valueAt] of Object.entries(presets)) {
    const value = path.includes('[]') ? undefined : valueAt(path);
    if (value === undefined) continue;
    const text = code(value);
    values.set(text, [...(values.get(text) ?? []), preset]);
  }
  const inPresets = [...values].map(([text, some]) =>
    some.length === Object.keys(presets).length ? `${text} in all presets` : `${text} in ${some.join(', ')}`,
  );
  const facts = [
    valuesOf(field),
    ...(parent.required.includes(name) ? [] : [`absent: ${absent}`]),
    ...inPresets,
  ];
  return wrapped(`- \`${path}\` (${facts.join('; ')}): ${field.description ?? ''}`);
}

/** Lines of at most WIDTH columns, the further ones indented as those of an item are. */
function wrapped(text: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = `${text.startsWith('- ') ? '  ' : ''}${word}`;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function code(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? 'a list' : `\`${text}\``;
}

function valuesOf(field: FieldSchema): string {
  const { enum: choices, const: only, type, anyOf, items, pattern } = field as Record<string, unknown>;
  if (Array.isArray(choices)) return choices.map((choice) => `\`${choice}\``).join(', ');
  if (only !== undefined) return `\`${only}\``;
  if (Array.isArray(anyOf)) return anyOf.map((one) => valuesOf(one as FieldSchema)).join(' or ');
  if (type === 'array') {
    const of = items as FieldSchema;
    return isObjectSchema(of) ? 'list, see below' : `list of ${valuesOf(of)}`;
  }
  if (type === 'boolean') return '`true`, `false`';
  if (type === 'string') return pattern ? `text, \`${pattern}\`` : 'text';
  return `${type === 'integer' ? 'whole number' : 'number'}${rangeOf(field)}`;
}

function rangeOf(field: FieldSchema): string {
  const { minimum, exclusiveMinimum, maximum, exclusiveMaximum, multipleOf } = field as Record<
    string,
    unknown
  >;
  const parts = [
    ...(minimum !== undefined ? [`≥ ${minimum}`] : []),
    ...(exclusiveMinimum !== undefined ? [`> ${exclusiveMinimum}`] : []),
    ...(maximum !== undefined ? [`≤ ${maximum}`] : []),
    ...(exclusiveMaximum !== undefined ? [`< ${exclusiveMaximum}`] : []),
    ...(multipleOf !== undefined ? [`a multiple of ${multipleOf}`] : []),
  ];
  return parts.length > 0 ? ` ${parts.join(', ')}` : '';
}

/**
 * run.schema.json: the same for editors. A file over a preset has the fields that differ, so none is required, and
 * every field may
 * be null.
 */
function editorSchema(presets: readonly string[]): unknown {
  const { properties, ...root } = optional(RUN_CONFIG_SCHEMA) as Record<string, unknown>;
  const preset = {
    enum: [...presets],
    description: 'The values of fields that are not given.',
    default: 'small',
  };
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'skyfix-train run',
    ...root,
    properties: { preset, ...(properties as object) },
  };
}

function optional(schema: FieldSchema): unknown {
  if (isObjectSchema(schema)) {
    const { required: _, properties, ...rest } = schema;
    const fields = Object.entries(properties).map(([name, field]) => [
      name,
      orNull(optional(field) as FieldSchema),
    ]);
    return { ...rest, properties: Object.fromEntries(fields) };
  }
  const { items } = schema as { readonly items?: FieldSchema };
  return items ? { ...schema, items: optional(items) } : schema;
}

function orNull(schema: FieldSchema): FieldSchema {
  const { description, default: absent, ...rest } = schema;
  return {
    ...(description !== undefined && { description }),
    ...(absent !== undefined && { default: absent }),
    anyOf: [rest, { type: 'null' }],
  };
}

/** Both files' texts. */
export async function referenceTexts(): Promise<Record<keyof typeof REFERENCE_FILES, string>> {
  const presets: Record<string, (path: string) => unknown> = {};
  for (const preset of PRESETS) {
    const config = (await loadRunConfig(preset)) as unknown;
    presets[preset] = (path) =>
      path
        .split('.')
        .reduce<unknown>((tree, name) => (tree as Record<string, unknown> | undefined)?.[name], config);
  }
  return {
    markdown: referenceMarkdown(presets),
    jsonSchema: `${JSON.stringify(editorSchema(PRESETS), null, 1)}\n`,
  };
}
