// Weights that lie in files beside an ONNX file (PyTorch writes NAME.onnx.data since 2.9): found, and taken in.
import { decodeMessage, ELEMENT_BYTES, EXTERNAL } from './schema.js';
import { bytesField, fieldsOf, joined, type WireField, withFields } from './wire.js';

/** Where a tensor's values lie: `length` bytes from `offset` on of a file beside the ONNX file. */
export interface ExternalTensor {
  readonly name: string;
  /** As written in the file: relative, perhaps hostile. */
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

interface DecodedTensor {
  dims?: number[];
  dataType?: number;
  name?: string;
  externalData?: { key: string; value: string }[];
  dataLocation?: number;
}

/** Field numbers of onnx.proto3 on the way from a model to its tensors. */
const MODEL = { graph: 7, functions: 25 };
const GRAPH = { node: 1, initializer: 5, sparse: 15 };
const NODE_ATTRIBUTE = 5;
const FUNCTION_NODE = 7;
const ATTRIBUTE = { tensor: 5, graph: 6, tensors: 10, graphs: 11, sparse: 22, sparses: 23 };
const SPARSE = { values: 1, indices: 2 };
const TENSOR = { raw: 9, external: 13, location: 14 };

/** The tensors of an ONNX file whose values lie elsewhere. Throws Error where one says so in a way that cannot be. */
export function externalTensors(model: Uint8Array): ExternalTensor[] {
  const found: ExternalTensor[] = [];
  eachTensor(model, (tensor) => {
    const external = externalOf(tensor);
    if (external) found.push(external);
    return undefined;
  });
  return found;
}

/** The file with all values inside. `valuesOf` gives the bytes that a tensor names. */
export function withTensorsInside(
  model: Uint8Array,
  valuesOf: (tensor: ExternalTensor) => Uint8Array,
): Uint8Array {
  return eachTensor(model, (tensor) => {
    const external = externalOf(tensor);
    if (!external) return undefined;
    const kept = fieldsOf(tensor).filter(
      ({ id }) => id !== TENSOR.raw && id !== TENSOR.external && id !== TENSOR.location,
    );
    return joined([...kept.map(({ whole }) => whole), bytesField(TENSOR.raw, valuesOf(external))]);
  });
}

function externalOf(tensor: Uint8Array): ExternalTensor | undefined {
  // The values themselves are not looked at: they may be long.
  const fields = fieldsOf(tensor).filter(({ id }) => id !== TENSOR.raw);
  if (!fields.some(({ id }) => id === TENSOR.location)) return undefined;
  const decoded = decodeMessage('Tensor', joined(fields.map(({ whole }) => whole))) as DecodedTensor;
  if (decoded.dataLocation !== EXTERNAL) return undefined;
  const { name = '', dims = [], dataType = 0, externalData = [] } = decoded;
  const of = new Map(externalData.map(({ key, value }) => [key, value]));
  const location = of.get('location') ?? '';
  const whole = (key: 'offset' | 'length') => {
    const text = of.get(key);
    if (text === undefined || /^\d{1,15}$/.test(text)) return text === undefined ? undefined : Number(text);
    throw new Error(`the ${key} of "${name}" in other files is "${text}", no number of bytes`);
  };
  const bytes = ELEMENT_BYTES[dataType];
  const expected = bytes === undefined ? undefined : dims.reduce((product, n) => product * n, bytes);
  const length = whole('length') ?? expected;
  if (length === undefined || (expected !== undefined && length !== expected)) {
    throw new Error(
      `"${name}" [${dims.join(', ')}] needs ${expected} bytes, but names ${length} in "${location}"`,
    );
  }
  return { name, location, offset: whole('offset') ?? 0, length };
}

type ChangeTensor = (tensor: Uint8Array) => Uint8Array | undefined;

/** A model in which `change` made some tensors anew; wherever they are, in subgraphs too. */
function eachTensor(model: Uint8Array, change: ChangeTensor): Uint8Array {
  const inside = (field: WireField, made: (value: Uint8Array) => Uint8Array | undefined) => {
    const value = made(field.value);
    return value && value !== field.value ? bytesField(field.id, value) : undefined;
  };
  const sparse = (message: Uint8Array) =>
    withFields(message, (field) =>
      field.id === SPARSE.values || field.id === SPARSE.indices ? inside(field, change) : undefined,
    );
  const attribute = (message: Uint8Array): Uint8Array =>
    withFields(message, (field) => {
      if (field.id === ATTRIBUTE.tensor || field.id === ATTRIBUTE.tensors) return inside(field, change);
      if (field.id === ATTRIBUTE.graph || field.id === ATTRIBUTE.graphs) return inside(field, graph);
      return field.id === ATTRIBUTE.sparse || field.id === ATTRIBUTE.sparses
        ? inside(field, sparse)
        : undefined;
    });
  const node = (message: Uint8Array) =>
    withFields(message, (field) => (field.id === NODE_ATTRIBUTE ? inside(field, attribute) : undefined));
  const graph = (message: Uint8Array): Uint8Array =>
    withFields(message, (field) => {
      if (field.id === GRAPH.node) return inside(field, node);
      if (field.id === GRAPH.initializer) return inside(field, change);
      return field.id === GRAPH.sparse ? inside(field, sparse) : undefined;
    });
  const ofFunction = (message: Uint8Array) =>
    withFields(message, (field) => (field.id === FUNCTION_NODE ? inside(field, node) : undefined));
  return withFields(model, (field) => {
    if (field.id === MODEL.graph) return inside(field, graph);
    return field.id === MODEL.functions ? inside(field, ofFunction) : undefined;
  });
}
