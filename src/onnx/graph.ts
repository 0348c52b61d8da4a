// Builds and reads ONNX files (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3), as much of the format as
// skyfix's networks use: float32 tensors, operator set 17, the batch dimension free.
import protobuf from 'protobufjs';

/** IR version 8 is the one that came with operator set 17. */
const IR_VERSION = 8;
export const ONNX_OPSET = 17;
const FLOAT = 1;
const INT64 = 7;

const field = (type: string, id: number, rule?: 'repeated') => (rule ? { type, id, rule } : { type, id });

const schema = protobuf.Root.fromJSON({
  nested: {
    OperatorSetId: { fields: { domain: field('string', 1), version: field('int64', 2) } },
    Tensor: {
      fields: {
        dims: field('int64', 1, 'repeated'),
        dataType: field('int32', 2),
        name: field('string', 8),
        rawData: field('bytes', 9),
        dataLocation: field('int32', 14),
      },
    },
    Attribute: {
      fields: {
        name: field('string', 1),
        f: field('float', 2),
        i: field('int64', 3),
        s: field('bytes', 4),
        floats: field('float', 7, 'repeated'),
        ints: field('int64', 8, 'repeated'),
        type: field('int32', 20),
      },
    },
    Node: {
      fields: {
        input: field('string', 1, 'repeated'),
        output: field('string', 2, 'repeated'),
        name: field('string', 3),
        opType: field('string', 4),
        attribute: field('Attribute', 5, 'repeated'),
      },
    },
    Dimension: { fields: { dimValue: field('int64', 1), dimParam: field('string', 2) } },
    Shape: { fields: { dim: field('Dimension', 1, 'repeated') } },
    TensorType: { fields: { elemType: field('int32', 1), shape: field('Shape', 2) } },
    Type: { fields: { tensorType: field('TensorType', 1) } },
    ValueInfo: { fields: { name: field('string', 1), type: field('Type', 2) } },
    Graph: {
      fields: {
        node: field('Node', 1, 'repeated'),
        name: field('string', 2),
        initializer: field('Tensor', 5, 'repeated'),
        input: field('ValueInfo', 11, 'repeated'),
        output: field('ValueInfo', 12, 'repeated'),
      },
    },
    Model: {
      fields: {
        irVersion: field('int64', 1),
        producerName: field('string', 2),
        graph: field('Graph', 7),
        opsetImport: field('OperatorSetId', 8, 'repeated'),
      },
    },
  },
});

/** A number becomes an INT attribute where whole; use `{ float }` for a FLOAT. */
export type OnnxAttribute = number | string | readonly number[] | { readonly float: number };

/** A dimension's size, or its name where it is free (`'N'`). */
export type OnnxDimension = number | string;

/** Little-endian bytes of `values` in place (all supported platforms are little-endian). */
const bytesOf = (values: Float32Array | BigInt64Array) =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

const valueInfo = (name: string, shape: readonly OnnxDimension[]) => ({
  name,
  type: {
    tensorType: {
      elemType: FLOAT,
      shape: { dim: shape.map((d) => (typeof d === 'number' ? { dimValue: d } : { dimParam: d })) },
    },
  },
});

function attributeOf(name: string, value: OnnxAttribute): Record<string, unknown> {
  if (typeof value === 'number') return { name, i: value, type: 2 };
  if (typeof value === 'string') return { name, s: new TextEncoder().encode(value), type: 3 };
  if ('float' in value) return { name, f: value.float, type: 1 };
  return { name, ints: [...value], type: 7 };
}

/** Collects nodes and constants in the order of computation; encode() writes the file. */
export class OnnxGraph {
  readonly #name: string;
  readonly #nodes: object[] = [];
  readonly #constants = new Map<string, object>();
  readonly #inputs: object[] = [];
  readonly #outputs: object[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  /** Declares a float32 input; returns its name. */
  input(name: string, shape: readonly OnnxDimension[]): string {
    this.#inputs.push(valueInfo(name, shape));
    return name;
  }

  /** Declares a float32 output; a node must have been added that makes it. */
  output(name: string, shape: readonly OnnxDimension[]): void {
    this.#outputs.push(valueInfo(name, shape));
  }

  /** Adds a float32 constant; returns its name. */
  constant(name: string, shape: readonly number[], data: Float32Array): string {
    const count = shape.reduce((a, b) => a * b, 1);
    if (count !== data.length)
      throw new Error(`Constant ${name} [${shape.join(', ')}] has ${data.length} values.`);
    this.#constants.set(name, { name, dims: [...shape], dataType: FLOAT, rawData: bytesOf(data) });
    return name;
  }

  /** Adds a one-dimensional int64 constant (shapes, axes, pads); returns its name. */
  integers(name: string, values: readonly number[]): string {
    const data = BigInt64Array.from(values.map(BigInt));
    this.#constants.set(name, { name, dims: [values.length], dataType: INT64, rawData: bytesOf(data) });
    return name;
  }

  /** Adds a node with one output (named after the operator and its number unless given); returns the output's name. */
  node(
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
    output = `${opType.toLowerCase()}_${this.#nodes.length}`,
  ): string {
    const attribute = Object.entries(attributes).map(([name, value]) => attributeOf(name, value));
    this.#nodes.push({ input: [...inputs], output: [output], name: `n_${output}`, opType, attribute });
    return output;
  }

  /** The bytes of the .onnx file. */
  encode(): Uint8Array {
    const type = schema.lookupType('Model');
    const message = type.create({
      irVersion: IR_VERSION,
      producerName: 'skyfix',
      opsetImport: [{ domain: '', version: ONNX_OPSET }],
      graph: {
        name: this.#name,
        node: this.#nodes,
        initializer: [...this.#constants.values()],
        input: this.#inputs,
        output: this.#outputs,
      },
    });
    return type.encode(message).finish();
  }
}

/** Tensor.data_location of a tensor whose values lie in another file. */
const EXTERNAL = 1;

/** What an ONNX file declares, without its weights. */
export interface OnnxSummary {
  readonly opset: number;
  readonly inputs: readonly { readonly name: string; readonly shape: readonly OnnxDimension[] }[];
  readonly outputs: readonly { readonly name: string; readonly shape: readonly OnnxDimension[] }[];
  readonly operators: readonly string[];
  /** Number of float32 weights. */
  readonly weights: number;
  /** Whether values lie in other files beside this one. */
  readonly externalData: boolean;
}

interface DecodedValue {
  name: string;
  type?: { tensorType?: { shape?: { dim?: { dimValue?: number; dimParam?: string }[] } } };
}

interface DecodedModel {
  opsetImport?: { domain?: string; version: number }[];
  graph?: {
    node?: { opType: string }[];
    initializer?: { name?: string; dims?: number[]; dataType: number; dataLocation?: number }[];
    input?: DecodedValue[];
    output?: DecodedValue[];
  };
}

/** Reads an ONNX file's inputs, outputs and operators. Throws where the bytes are no ONNX file. */
export function readOnnx(bytes: Uint8Array): OnnxSummary {
  const type = schema.lookupType('Model');
  const model = type.toObject(type.decode(bytes), { longs: Number }) as DecodedModel;
  const { graph } = model;
  if (!graph) throw new Error('The file holds no ONNX graph.');
  const values = (list: readonly DecodedValue[] = []) =>
    list.map(({ name, type }) => ({
      name,
      shape: (type?.tensorType?.shape?.dim ?? []).map((d) => d.dimParam ?? d.dimValue ?? '?'),
    }));
  const constants = graph.initializer ?? [];
  const named = new Set(constants.map((tensor) => tensor.name));
  return {
    opset: model.opsetImport?.find((entry) => !entry.domain)?.version ?? 0,
    // Up to IR version 3 every constant had to be listed as an input too.
    inputs: values(graph.input).filter(({ name }) => !named.has(name)),
    outputs: values(graph.output),
    operators: (graph.node ?? []).map((node) => node.opType),
    externalData: constants.some((tensor) => tensor.dataLocation === EXTERNAL),
    weights: constants
      .filter((tensor) => tensor.dataType === FLOAT)
      .reduce((sum, tensor) => sum + (tensor.dims ?? []).reduce((a, b) => a * b, 1), 0),
  };
}
