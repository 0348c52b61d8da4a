// Networks one behind the other as one graph: what the first gives is what the next takes, and no value leaves the library in
// between. Nodes and constants go over byte by byte; only names change.
import { renamed } from './adapt-signature.js';
import { type OnnxDimension, valueInfo } from './build-graph.js';
import { readOnnx } from './read-summary.js';
import { DATA_TYPES, decodeMessage, encodeMessage } from './schema.js';
import { bytesField, fieldsOf, joined, type WireField, withFields } from './wire.js';

const MODEL = { irVersion: 1, graph: 7, opset: 8, functions: 25 };
const NODE_NAME = 3;
const GRAPH = { node: 1, name: 2, initializer: 5, input: 11, output: 12, sparse: 15 };

/** A float32 value of one of the networks that is an output of the whole too, under the name that it has there. */
export interface KeptValue {
  /** From 0. */
  readonly network: number;
  readonly name: string;
  readonly shape: readonly OnnxDimension[];
}

/**
 * The bytes of one graph of several, each with one input and its first output, all of one operator set. Input and output keep
 * their names; the output is float32 of `outputShape`, and `kept` is a second one. Throws Error, saying why, where they cannot
 * be joined.
 */
export function chained(
  models: readonly Uint8Array[],
  outputShape: readonly OnnxDimension[],
  kept?: KeptValue,
): Uint8Array {
  const last = models.length - 1;
  let handed = '';
  let keptIsThere = false;
  const outer = (name: string, k: number): string => {
    if (kept?.network !== k || kept.name !== name) return `${k}.${name}`;
    keptIsThere = true;
    return name;
  };
  const graphs = models.map((model, k) => {
    const { inputs, outputs } = readOnnx(model);
    const [input, output] = [inputs[0]?.name, outputs[0]?.name];
    if (input === undefined || output === undefined || inputs.length > 1) {
      throw new Error(`network ${k + 1} has ${inputs.length} inputs and ${outputs.length} outputs`);
    }
    const names = new Map([[input, k === 0 ? input : handed]]);
    handed = k === last ? output : outer(output, k);
    names.set(output, handed);
    // No name at all stands for an input that is left out.
    const graph = renamed(graphOf(model, k), (name) => names.get(name) ?? (name && outer(name, k)));
    return { fields: fieldsOf(graph).map((field) => withNodeName(field, k)), input: names.get(input) ?? '' };
  });
  const all = (id: number) => graphs.flatMap(({ fields }) => fields.filter((field) => field.id === id));
  const { fields = [], input = '' } = graphs[0] ?? {};
  const first = fields.find((field) => field.id === GRAPH.input && nameOf(field) === input);
  if (!first) throw new Error('the first network has no input');
  if (kept && !keptIsThere) throw new Error(`network ${kept.network + 1} has no value ${kept.name} to keep`);
  if (kept && [input, handed].includes(kept.name))
    throw new Error(`${kept.name} would be the name of two values`);
  const outputs = [
    valueInfo(handed, outputShape, DATA_TYPES.FLOAT),
    ...(kept ? [valueInfo(kept.name, kept.shape, DATA_TYPES.FLOAT)] : []),
  ];
  const graph = joined([
    ...[...all(GRAPH.node), ...all(GRAPH.initializer)].map(({ whole }) => whole),
    bytesField(GRAPH.name, new TextEncoder().encode('skyfix-chained')),
    first.whole,
    ...outputs.map((output) => bytesField(GRAPH.output, encodeMessage('ValueInfo', output))),
  ]);
  return joined([...headerOf(models), bytesField(MODEL.graph, graph)]);
}

/** A node whose name, where it has one, is no other network's. */
function withNodeName(field: WireField, k: number): WireField {
  if (field.id !== GRAPH.node) return field;
  const value = withFields(field.value, ({ id, value: name }) =>
    id === NODE_NAME ? bytesField(NODE_NAME, Buffer.concat([Buffer.from(`${k}.`), name])) : undefined,
  );
  return { ...field, value, whole: bytesField(GRAPH.node, value) };
}

function graphOf(model: Uint8Array, k: number): Uint8Array {
  const fields = fieldsOf(model);
  const graph = fields.find(({ id }) => id === MODEL.graph)?.value;
  if (!graph) throw new Error(`network ${k + 1} has no graph`);
  if (fields.some(({ id }) => id === MODEL.functions))
    throw new Error(`network ${k + 1} has functions of its own`);
  if (fieldsOf(graph).some(({ id }) => id === GRAPH.sparse)) {
    throw new Error(`network ${k + 1} has sparse constants`);
  }
  return graph;
}

const nameOf = ({ value }: WireField): string => (decodeMessage('ValueInfo', value) as { name: string }).name;

/** The newest format of them, and the operator sets of all. */
function headerOf(models: readonly Uint8Array[]): Uint8Array[] {
  const sets = new Map<string, number>();
  const imports: Uint8Array[] = [];
  let irVersion: WireField | undefined;
  let newest = 0;
  for (const model of models) {
    const decoded = decodeMessage('Model', withoutGraph(model)) as {
      irVersion?: number;
      opsetImport?: { domain?: string; version: number }[];
    };
    const fields = fieldsOf(model);
    if ((decoded.irVersion ?? 0) > newest) {
      newest = decoded.irVersion ?? 0;
      irVersion = fields.find(({ id }) => id === MODEL.irVersion);
    }
    const wholes = fields.filter(({ id }) => id === MODEL.opset);
    for (const [i, { domain = '', version }] of (decoded.opsetImport ?? []).entries()) {
      const known = sets.get(domain);
      if (known !== undefined && known !== version) {
        throw new Error(`the networks are of operator sets ${known} and ${version}`);
      }
      if (known === undefined) imports.push(wholes[i]?.whole ?? new Uint8Array());
      sets.set(domain, version);
    }
  }
  return [...(irVersion ? [irVersion.whole] : []), ...imports];
}

/** What a model says of itself; its constants may be long. */
const withoutGraph = (model: Uint8Array): Uint8Array =>
  joined(
    fieldsOf(model)
      .filter(({ id }) => id !== MODEL.graph)
      .map(({ whole }) => whole),
  );
