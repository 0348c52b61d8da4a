// Builds ONNX graphs in code, as much of the format as skyfix's networks use: float32 tensors, operator set 17, the batch
// dimension free.
import { toHalves } from './half.js';
import { DATA_TYPES, EXTERNAL, encodeMessage } from './schema.js';

/** IR version 8 is the one that came with operator set 17. */
const IR_VERSION = 8;
export const ONNX_OPSET = 17;

/** A number becomes an INT attribute where whole; use `{ float }` for a FLOAT. */
export type OnnxAttribute = number | string | readonly number[] | { readonly float: number };

/** A dimension's size, or its name where it is free (`'N'`). */
export type OnnxDimension = number | string;

/** Little-endian bytes of `values` in place (all supported platforms are little-endian). */
const bytesOf = (values: Float32Array | BigInt64Array | Uint16Array) =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/** What a ValueInfo says of a value of the graph. */
export const valueInfo = (name: string, shape: readonly OnnxDimension[], dataType: number) => ({
  name,
  type: {
    tensorType: {
      elemType: dataType,
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

function checkCount(name: string, shape: readonly number[], data: Float32Array): void {
  if (shape.reduce((a, b) => a * b, 1) === data.length) return;
  throw new Error(`Constant ${name} [${shape.join(', ')}] has ${data.length} values.`);
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

  /** Declares an input, of float32 where no other of DATA_TYPES is given; returns its name. */
  input(name: string, shape: readonly OnnxDimension[], dataType: number = DATA_TYPES.FLOAT): string {
    this.#inputs.push(valueInfo(name, shape, dataType));
    return name;
  }

  /** Declares an output, of float32 where no other is given; a node must have been added that makes it. */
  output(name: string, shape: readonly OnnxDimension[], dataType: number = DATA_TYPES.FLOAT): void {
    this.#outputs.push(valueInfo(name, shape, dataType));
  }

  /** Adds a float32 constant; returns its name. */
  constant(name: string, shape: readonly number[], data: Float32Array): string {
    checkCount(name, shape, data);
    this.#constants.set(name, { name, dims: [...shape], dataType: DATA_TYPES.FLOAT, rawData: bytesOf(data) });
    return name;
  }

  /** Adds a constant that is stored as float16, half the bytes, and cast back where it is used; returns its name. */
  halfConstant(name: string, shape: readonly number[], data: Float32Array): string {
    checkCount(name, shape, data);
    const stored = `${name}.half`;
    const rawData = bytesOf(toHalves(data));
    this.#constants.set(stored, { name: stored, dims: [...shape], dataType: DATA_TYPES.FLOAT16, rawData });
    return this.node('Cast', [stored], { to: DATA_TYPES.FLOAT }, name);
  }

  /** Adds a float32 constant whose values lie in another file, with whatever that file's entry says; returns its name. */
  external(name: string, shape: readonly number[], where: Readonly<Record<string, string>>): string {
    const externalData = Object.entries(where).map(([key, value]) => ({ key, value }));
    const dataType = DATA_TYPES.FLOAT;
    this.#constants.set(name, { name, dims: [...shape], dataType, externalData, dataLocation: EXTERNAL });
    return name;
  }

  /** Adds a one-dimensional int64 constant (shapes, axes, pads); returns its name. */
  integers(name: string, values: readonly number[]): string {
    const data = BigInt64Array.from(values.map(BigInt));
    this.#constants.set(name, {
      name,
      dims: [values.length],
      dataType: DATA_TYPES.INT64,
      rawData: bytesOf(data),
    });
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

  /** The bytes of the .onnx file; another operator set is for those who know that its operators are the same there. */
  encode(opset = ONNX_OPSET): Uint8Array {
    return encodeMessage('Model', {
      irVersion: IR_VERSION,
      producerName: 'skyfix',
      opsetImport: [{ domain: '', version: opset }],
      graph: {
        name: this.#name,
        node: this.#nodes,
        initializer: [...this.#constants.values()],
        input: this.#inputs,
        output: this.#outputs,
      },
    });
  }
}
