// The client's types, out of openapi.yaml: "node dist/client/generate.js" writes client/types.ts, and a test holds them equal.
// (openapi-typescript needs TypeScript 5 beside the compiler that is used here.)
import { readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'yaml';

interface Schema {
  readonly $ref?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly Schema[];
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema | false;
  readonly prefixItems?: readonly Schema[];
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

interface Operation {
  readonly parameters?: readonly {
    readonly name: string;
    readonly description?: string;
    readonly schema: Schema;
  }[];
}

/** The text of client/types.ts. */
export function clientTypes(openapi: string): string {
  const document = parse(openapi) as Document;
  const { schemas } = document.components;
  const named = Object.entries(schemas).filter(([name]) => isNamed(name));
  const types = named.map(
    ([name, schema]) => `${comment(schema, '')}export type ${name} = ${typeOf(schema, schemas)};\n`,
  );
  const parameters = document.paths['/locate']?.post?.parameters ?? [];
  const fields = parameters.map(
    ({ name, description, schema }) =>
      `${comment({ ...(description !== undefined && { description }) }, '  ')}  readonly ${name}?: ${typeOf(schema, schemas)} | undefined;\n`,
  );
  const head = '// Made of openapi.yaml by generate.ts; changes belong there.\n\n';
  return `${head}${types.join('\n')}\n/** What POST /locate takes beside the image. */\nexport interface LocateParameters {\n${fields.join('')}}\n`;
}

/** Others are ranges of parameters, and written out where they are used. */
const isNamed = (name: string) => /^[A-Z]/.test(name);

function typeOf(schema: Schema, all: Readonly<Record<string, Schema>>): string {
  const inner = (part: Schema) => typeOf(part, all);
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1) ?? '';
    const referred = all[name];
    return isNamed(name) || !referred ? name : inner(referred);
  }
  if ('const' in schema) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (schema.oneOf) return schema.oneOf.map(inner).join(' | ');
  if (Array.isArray(schema.type)) return schema.type.map((type) => inner({ ...schema, type })).join(' | ');
  switch (schema.type) {
    case 'object':
      return objectOf(schema, inner);
    case 'array':
      if (schema.prefixItems) {
        const rest = schema.items ? [`...${inner(schema.items)}[]`] : [];
        return `readonly [${[...schema.prefixItems.map(inner), ...rest].join(', ')}]`;
      }
      return `readonly (${schema.items ? inner(schema.items) : 'unknown'})[]`;
    case 'integer':
      return 'number';
    case 'string':
      return schema.format === 'binary' ? 'Blob' : 'string';
    default:
      return typeof schema.type === 'string' ? schema.type : 'unknown';
  }
}

function objectOf({ properties = {}, required = [] }: Schema, inner: (schema: Schema) => string): string {
  const lines = Object.entries(properties).map(([name, schema]) => {
    const maybe = required.includes(name) ? '' : '?';
    return `${comment(schema, '')}readonly ${name}${maybe}: ${inner(schema)};`;
  });
  return lines.length === 0 ? 'Readonly<Record<string, unknown>>' : `{\n${lines.join('\n')}\n}`;
}

function comment({ description }: Schema, indent: string): string {
  if (description === undefined) return '';
  const lines = [''];
  for (const word of description.replaceAll('*/', '* /').trim().split(/\s+/)) {
    const last = lines.at(-1) ?? '';
    if (last.length + word.length < COMMENT_COLUMNS) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(` ${word}`);
  }
  if (lines.length === 1) return `${indent}/**${lines[0]} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} *${line}\n`).join('')}${indent} */\n`;
}

const COMMENT_COLUMNS = 100;

if (process.argv[1] === import.meta.filename) {
  const root = new URL('../../', import.meta.url);
  writeFileSync(
    new URL('client/types.ts', root),
    clientTypes(readFileSync(new URL('openapi.yaml', root), 'utf8')),
  );
}
