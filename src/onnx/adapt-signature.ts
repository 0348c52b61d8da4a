// A network's inputs and outputs under other names, and in float32 where they are in another float type: nodes in front
// and behind, the rest of the graph untouched.
import { DATA_TYPES, decodeMessage, encodeMessage, typeName } from './schema.js';
import { bytesField, fieldsOf, joined, type WireField, withFields } from './wire.js';

/** Float types that a Cast turns into float32 and back. */
const CASTABLE: readonly number[] = [DATA_TYPES.FLOAT16, DATA_TYPES.DOUBLE, DATA_TYPES.BFLOAT16];

/** True for float16, bfloat16 and float64. */
export const isCastable = (dataType: number): boolean => CASTABLE.includes(dataType);

/** A value of the graph, and its name afterwards. */
export interface SignatureEnd {
  readonly from: string;
  readonly to: string;
}

const MODEL_GRAPH = 7;
const GRAPH = { node: 1, initializer: 5, input: 11, output: 12, valueInfo: 13 };
const NODE = { input: 1, output: 2, attribute: 5 };
const ATTRIBUTE = { graph: 6, graphs: 11 };
const NAME = 1;
const TENSOR_NAME = 8;

const text = (value: Uint8Array) => new TextDecoder().decode(value);
const bytes = (value: string) => new TextEncoder().encode(value);

/**
 * The file with an input and an output renamed, both in float32, the output the first of all. Throws Error where the graph has
 * another value of a new name, or a type that no Cast is written for.
 */
export function withSignature(model: Uint8Array, input: SignatureEnd, output: SignatureEnd): Uint8Array {
  return withFields(model, (field) =>
    field.id === MODEL_GRAPH ? bytesField(MODEL_GRAPH, adaptedGraph(field.value, input, output)) : undefined,
  );
}

/** The file with its first output and no other. */
export function withFirstOutput(model: Uint8Array): Uint8Array {
  const nothing = new Uint8Array();
  return withFields(model, (field) => {
    if (field.id !== MODEL_GRAPH) return undefined;
    let outputs = 0;
    const graph = withFields(field.value, ({ id }) =>
      id === GRAPH.output && outputs++ > 0 ? nothing : undefined,
    );
    return again(field, graph);
  });
}

function adaptedGraph(graph: Uint8Array, input: SignatureEnd, output: SignatureEnd): Uint8Array {
  const before = fieldsOf(graph);
  const types = new Map(
    before.filter(({ id }) => id === GRAPH.input || id === GRAPH.output).map(({ value }) => typeOf(value)),
  );
  const inside = new Map([input, output].map(({ from, to }) => [from, innerName(to, types.get(from) ?? 0)]));
  const taken = namesIn(graph);
  for (const { from, to } of [input, output]) {
    if (to !== from && taken.has(to)) throw new Error(`another value of the graph is named "${to}" already`);
  }
  const fields = fieldsOf(renamed(graph, (name) => inside.get(name) ?? name));
  const at = (id: number, name: string) =>
    fields.find((field) => field.id === id && firstText(field.value) === (inside.get(name) ?? name));
  const [from, to] = [at(GRAPH.input, input.from), at(GRAPH.output, output.from)];
  if (!from || !to) throw new Error(`it has no input "${input.from}" or no output "${output.from}"`);
  const others = fields.filter((field) => field !== from && field !== to && field.id !== GRAPH.node);
  return joined([
    ...cast(inside.get(input.from) ?? '', input.to, types.get(input.from) ?? 0, 'in'),
    ...fields.filter(({ id }) => id === GRAPH.node).map(({ whole }) => whole),
    ...cast(inside.get(output.from) ?? '', output.to, types.get(output.from) ?? 0, 'out'),
    bytesField(GRAPH.input, floatValue(from.value, input.to)),
    bytesField(GRAPH.output, floatValue(to.value, output.to)),
    ...others.map(({ whole }) => whole),
  ]);
}

/** Within the graph a value that is cast has another name than outside. */
function innerName(to: string, dataType: number): string {
  if (dataType === DATA_TYPES.FLOAT) return to;
  if (isCastable(dataType)) return `${to}_as_${typeName(dataType)}`;
  throw new Error(`"${to}" is of ${typeName(dataType)}; float32, float16, bfloat16 or float64 is required`);
}

/** The Cast between an inner value and the outer one, as the graph's field; none where both are one. */
function cast(inner: string, outer: string, dataType: number, way: 'in' | 'out'): Uint8Array[] {
  if (inner === outer) return [];
  const [from, to] = way === 'in' ? [outer, inner] : [inner, outer];
  const node = {
    input: [from],
    output: [to],
    name: `cast_${outer}`,
    opType: 'Cast',
    attribute: [{ name: 'to', i: way === 'in' ? dataType : DATA_TYPES.FLOAT, type: 2 }],
  };
  return [bytesField(GRAPH.node, encodeMessage('Node', node))];
}

interface DecodedValue {
  readonly name: string;
  readonly type?: { readonly tensorType?: { readonly elemType?: number; readonly shape?: object } };
}

function typeOf(value: Uint8Array): [name: string, dataType: number] {
  const { name, type } = decodeMessage('ValueInfo', value) as DecodedValue;
  return [name, type?.tensorType?.elemType ?? 0];
}

/** A ValueInfo of the same shape, in float32. */
function floatValue(value: Uint8Array, name: string): Uint8Array {
  const { type } = decodeMessage('ValueInfo', value) as DecodedValue;
  const tensorType = { ...type?.tensorType, elemType: DATA_TYPES.FLOAT };
  return encodeMessage('ValueInfo', { name, type: { tensorType } });
}

const firstText = (message: Uint8Array): string => {
  const name = fieldsOf(message).find(({ id }) => id === NAME);
  return name ? text(name.value) : '';
};

/** Names of all values of a graph, those of subgraphs included. */
function namesIn(graph: Uint8Array): Set<string> {
  const names = new Set<string>();
  renamed(graph, (name) => {
    names.add(name);
    return name;
  });
  return names;
}

/** A graph whose values have other names, in subgraphs too: they see the values of the graph around them. */
export function renamed(graph: Uint8Array, nameOf: (name: string) => string): Uint8Array {
  const changed = (field: WireField, id: number): Uint8Array | undefined => {
    const before = text(field.value);
    const after = nameOf(before);
    return after === before ? undefined : bytesField(id, bytes(after));
  };
  const named = (message: Uint8Array, nameId: number) =>
    withFields(message, (field) => (field.id === nameId ? changed(field, nameId) : undefined));
  const attribute = (message: Uint8Array) =>
    withFields(message, (field) =>
      field.id === ATTRIBUTE.graph || field.id === ATTRIBUTE.graphs
        ? again(field, renamed(field.value, nameOf))
        : undefined,
    );
  const node = (message: Uint8Array) =>
    withFields(message, (field) => {
      if (field.id === NODE.input || field.id === NODE.output) return changed(field, field.id);
      return field.id === NODE.attribute ? again(field, attribute(field.value)) : undefined;
    });
  return withFields(graph, (field) => {
    if (field.id === GRAPH.node) return again(field, node(field.value));
    if (field.id === GRAPH.initializer) return again(field, named(field.value, TENSOR_NAME));
    const isValue = field.id === GRAPH.input || field.id === GRAPH.output || field.id === GRAPH.valueInfo;
    return isValue ? again(field, named(field.value, NAME)) : undefined;
  });
}

const again = (field: WireField, value: Uint8Array) =>
  value === field.value ? undefined : bytesField(field.id, value);
