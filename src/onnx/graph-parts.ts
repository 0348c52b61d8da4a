// An ONNX file taken apart and put together again: its nodes with what they read and write, its constants as float32, and a
// file with other nodes. What is not changed stays byte for byte, known to us or not.
import { unpackHalves } from './half.js';
import { DATA_TYPES, decodeMessage, encodeMessage } from './schema.js';
import { bytesField, fieldsOf, joined, type WireField, withFields } from './wire.js';

const MODEL = { graph: 7 };
const GRAPH = { node: 1, initializer: 5, input: 11, output: 12 };
const NODE = { input: 1, output: 2, attribute: 5 };
const ATTRIBUTE = { graph: 6, graphs: 11 };
const TENSOR_NAME = 8;
const VALUE_NAME = 1;

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytesOf = (value: string) => new TextEncoder().encode(value);

/** A number, a text or whole numbers; others are left out. */
export type AttributeValue = number | string | readonly number[];

export interface GraphNode {
  readonly opType: string;
  /** '' is ONNX's own. */
  readonly domain: string;
  /** '' where an optional one is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, AttributeValue>;
  /** Values of the graph around it that graphs within it read. */
  readonly captured: readonly string[];
  /** The node as it lies in the file. */
  readonly bytes: Uint8Array;
}

/** Values that are the same in every run. */
export interface FloatConstant {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** A constant to add. */
export interface NewConstant {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Int8Array | Uint8Array;
}

export interface GraphEdit {
  /** In the order of computation: nodes as they were, renamed or new. */
  readonly nodes: readonly Uint8Array[];
  readonly constants?: readonly NewConstant[];
  /** Float32 values to give as outputs too, behind those that are there. */
  readonly outputs?: readonly string[];
}

interface DecodedTensor {
  readonly dims?: readonly number[];
  readonly dataType?: number;
  readonly rawData?: Uint8Array;
  readonly floatData?: readonly number[];
  readonly int32Data?: readonly number[];
  readonly dataLocation?: number;
}

interface DecodedNode {
  readonly input?: readonly string[];
  readonly output?: readonly string[];
  readonly opType?: string;
  readonly attribute?: readonly {
    readonly name: string;
    readonly f?: number;
    readonly i?: number;
    readonly s?: Uint8Array;
    readonly t?: DecodedTensor;
    readonly ints?: readonly number[];
    readonly type?: number;
  }[];
}

const NODE_DOMAIN = 7;

/** A model whose weights lie in the file itself. Throws Error where the bytes are no ONNX file. */
export class GraphParts {
  readonly opset: number;
  /** In the order of computation. */
  readonly nodes: readonly GraphNode[];
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly #model: Uint8Array;
  readonly #initializers = new Map<string, Uint8Array>();
  readonly #makers = new Map<string, GraphNode>();
  readonly #constants = new Map<string, FloatConstant | undefined>();

  constructor(model: Uint8Array) {
    this.#model = model;
    const whole = fieldsOf(model);
    const graph = whole.find(({ id }) => id === MODEL.graph);
    if (!graph) throw new Error('the file holds no ONNX graph');
    const head = joined(whole.filter((field) => field !== graph).map((field) => field.whole));
    const { opsetImport = [] } = decodeMessage('Model', head) as {
      opsetImport?: { domain?: string; version: number }[];
    };
    this.opset = opsetImport.find(({ domain }) => !domain)?.version ?? 0;
    const fields = fieldsOf(graph.value);
    const of = (id: number) => fields.filter((field) => field.id === id).map(({ value }) => value);
    for (const tensor of of(GRAPH.initializer)) this.#initializers.set(nameIn(tensor, TENSOR_NAME), tensor);
    this.nodes = of(GRAPH.node).map(nodeOf);
    for (const node of this.nodes) for (const output of node.outputs) this.#makers.set(output, node);
    const names = (id: number) => of(id).map((value) => nameIn(value, VALUE_NAME));
    this.inputs = names(GRAPH.input).filter((name) => !this.#initializers.has(name));
    this.outputs = names(GRAPH.output);
  }

  /** Names of the values that are stored, of any type. */
  get stored(): readonly string[] {
    return [...this.#initializers.keys()];
  }

  /** What makes a value; undefined for inputs and initializers. */
  makerOf(name: string): GraphNode | undefined {
    return this.#makers.get(name);
  }

  /** The values of a constant, through the Cast or Identity behind it; undefined where it is computed, or no float. */
  constant(name: string): FloatConstant | undefined {
    if (!this.#constants.has(name)) this.#constants.set(name, this.#constant(name));
    return this.#constants.get(name);
  }

  #constant(name: string): FloatConstant | undefined {
    const stored = this.#initializers.get(name);
    if (stored) return floatsOf(decodeMessage('Tensor', stored) as DecodedTensor);
    const maker = this.#makers.get(name);
    const [input] = maker?.inputs ?? [];
    if (maker?.opType === 'Constant') {
      const { attribute = [] } = decodeMessage('Node', maker.bytes) as DecodedNode;
      const value = attribute.find((each) => each.name === 'value')?.t;
      return value && floatsOf(value);
    }
    const isFloat = maker?.attributes.get('to') === DATA_TYPES.FLOAT;
    const passes = maker?.opType === 'Identity' || (maker?.opType === 'Cast' && isFloat);
    return passes && input !== undefined ? this.constant(input) : undefined;
  }

  /** The file with other nodes. Nodes and initializers that nothing reads any more are left out. */
  with({ nodes, constants = [], outputs = [] }: GraphEdit): Uint8Array {
    const used = new Set([...this.outputs, ...outputs]);
    const kept: Uint8Array[] = [];
    for (const bytes of nodes.toReversed()) {
      const node = nodeOf(bytes);
      if (!node.outputs.some((output) => used.has(output))) continue;
      kept.push(bytesField(GRAPH.node, bytes));
      for (const name of [...node.inputs, ...node.captured]) used.add(name);
    }
    const added = [
      ...constants
        .filter(({ name }) => used.has(name))
        .map((each) => bytesField(GRAPH.initializer, tensorOf(each))),
      ...outputs.map((name) => bytesField(GRAPH.output, floatValue(name))),
    ];
    const isKept = ({ id, value }: WireField) =>
      id !== GRAPH.node && (id !== GRAPH.initializer || used.has(nameIn(value, TENSOR_NAME)));
    return withFields(this.#model, (field) => {
      if (field.id !== MODEL.graph) return undefined;
      const rest = fieldsOf(field.value).filter(isKept);
      const graph = [...kept.toReversed(), ...rest.map(({ whole }) => whole), ...added];
      return bytesField(MODEL.graph, joined(graph));
    });
  }
}

/** A node with one output. */
export function newNode(
  opType: string,
  inputs: readonly string[],
  output: string,
  attributes: Readonly<Record<string, number>> = {},
): Uint8Array {
  const attribute = Object.entries(attributes).map(([name, i]) => ({ name, i, type: 2 }));
  const name = `${opType} ${output}`;
  return encodeMessage('Node', { input: [...inputs], output: [output], name, opType, attribute });
}

/** A node that reads and writes other values, the rest as it is. */
export function renamedNode(
  node: GraphNode,
  { inputs = node.inputs, outputs = node.outputs }: Partial<Pick<GraphNode, 'inputs' | 'outputs'>>,
): Uint8Array {
  const rest = fieldsOf(node.bytes).filter(({ id }) => id !== NODE.input && id !== NODE.output);
  return joined([
    ...inputs.map((name) => bytesField(NODE.input, bytesOf(name))),
    ...outputs.map((name) => bytesField(NODE.output, bytesOf(name))),
    ...rest.map(({ whole }) => whole),
  ]);
}

function nodeOf(bytes: Uint8Array): GraphNode {
  const fields = fieldsOf(bytes);
  const {
    input = [],
    output = [],
    opType = '',
    attribute = [],
  } = decodeMessage('Node', bytes) as DecodedNode;
  const domain = fields.find(({ id }) => id === NODE_DOMAIN);
  return {
    opType,
    domain: domain ? text(domain.value) : '',
    inputs: input,
    outputs: output,
    attributes: new Map(
      attribute.flatMap(({ name, type, f = 0, i = 0, s = new Uint8Array(), ints = [] }) => {
        const values: Readonly<Record<number, AttributeValue>> = { 1: f, 2: i, 3: text(s), 7: ints };
        const value = values[type ?? 0];
        return value === undefined ? [] : [[name, value] as const];
      }),
    ),
    captured: fields.filter(({ id }) => id === NODE.attribute).flatMap(({ value }) => namesWithin(value)),
    bytes,
  };
}

/** What the nodes of an attribute's graphs read. */
function namesWithin(attribute: Uint8Array): string[] {
  return fieldsOf(attribute)
    .filter(({ id, type }) => type === 2 && (id === ATTRIBUTE.graph || id === ATTRIBUTE.graphs))
    .flatMap(({ value }) => fieldsOf(value).filter(({ id }) => id === GRAPH.node || id === GRAPH.output))
    .flatMap(({ id, value }) => {
      if (id === GRAPH.output) return [nameIn(value, VALUE_NAME)];
      const { inputs, captured } = nodeOf(value);
      return [...inputs, ...captured];
    });
}

function nameIn(message: Uint8Array, id: number): string {
  const field = fieldsOf(message).find((each) => each.id === id);
  return field ? text(field.value) : '';
}

function floatsOf({
  dims = [],
  dataType,
  rawData,
  floatData = [],
  int32Data = [],
  dataLocation,
}: DecodedTensor): FloatConstant | undefined {
  if (dataLocation) return undefined;
  // Raw bytes may begin anywhere; a copy begins at 0.
  const raw = rawData && rawData.length > 0 ? new Uint8Array(rawData).buffer : undefined;
  if (dataType === DATA_TYPES.FLOAT) {
    return { shape: dims, data: raw ? new Float32Array(raw) : Float32Array.from(floatData) };
  }
  if (dataType === DATA_TYPES.DOUBLE && raw)
    return { shape: dims, data: Float32Array.from(new Float64Array(raw)) };
  if (dataType !== DATA_TYPES.FLOAT16) return undefined;
  const halves = raw ? new Uint16Array(raw) : Uint16Array.from(int32Data);
  const data = new Float32Array(halves.length);
  unpackHalves(halves, data);
  return { shape: dims, data };
}

function tensorOf({ name, shape, data }: NewConstant): Uint8Array {
  const types = new Map<unknown, number>([
    [Float32Array, DATA_TYPES.FLOAT],
    [Int32Array, DATA_TYPES.INT32],
    [Int8Array, DATA_TYPES.INT8],
    [Uint8Array, DATA_TYPES.UINT8],
  ]);
  const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return encodeMessage('Tensor', { name, dims: [...shape], dataType: types.get(data.constructor), rawData });
}

const floatValue = (name: string) =>
  encodeMessage('ValueInfo', { name, type: { tensorType: { elemType: DATA_TYPES.FLOAT } } });
