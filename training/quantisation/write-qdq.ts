// The quantised network: QuantizeLinear and DequantizeLinear around the layers that are computed in 8 bits, which is how both
// engines are told of them. Everything else is as it was.
import {
  DATA_TYPES,
  type GraphNode,
  type GraphParts,
  type NewConstant,
  newNode,
  renamedNode,
} from 'skyfix/onnx';
import { type RangeMethod, rangeOf } from './histogram.js';
import type { Observed } from './observe.js';
import {
  type ByteScale,
  byteScaleOf,
  type RoundedWeights,
  roundWeights,
  type WeightBits,
} from './rounding.js';
import type { Unit } from './units.js';

export interface QdqOptions {
  /** Names of units that stay in float. */
  readonly inFloat: ReadonlySet<string>;
  readonly method: RangeMethod;
  readonly weightBits: WeightBits;
}

/** The file, and the names of the units of it that are in 8 bits. */
export function withQdq(
  graph: GraphParts,
  units: readonly Unit[],
  observed: ReadonlyMap<string, Observed>,
  options: QdqOptions,
): { readonly model: Uint8Array; readonly quantised: readonly string[] } {
  const active = activeUnits(units, observed, options.inFloat);
  const model = new QdqWriter(graph, active, observed, options).written();
  return { model, quantised: active.map(({ name }) => name) };
}

/**
 * Those that are quantised: a sum only where both of its values are in 8 bits anyway, else its rounding would be for nothing.
 */
function activeUnits(
  units: readonly Unit[],
  observed: ReadonlyMap<string, Observed>,
  inFloat: ReadonlySet<string>,
): readonly Unit[] {
  const known = ({ inputs, output }: Unit) =>
    [...inputs, ...(output === undefined ? [] : [output])].every((name) => observed.has(name));
  const wanted = units.filter((unit) => !inFloat.has(unit.name) && known(unit));
  const layers = wanted.filter(({ kind }) => kind !== 'sum');
  const rounded = new Set(
    layers.flatMap(({ inputs, output }) => (output === undefined ? inputs : [...inputs, output])),
  );
  return wanted.filter((unit) => {
    if (unit.kind !== 'sum') return true;
    if (!unit.inputs.every((name) => rounded.has(name))) return false;
    if (unit.output !== undefined) rounded.add(unit.output);
    return true;
  });
}

class QdqWriter {
  readonly #graph: GraphParts;
  readonly #units: ReadonlyMap<GraphNode, Unit>;
  readonly #observed: ReadonlyMap<string, Observed>;
  readonly #options: QdqOptions;
  readonly #scales = new Map<string, ByteScale>();
  /** Values that a quantised layer gives: they have no other form than the rounded one. */
  readonly #made: ReadonlySet<string>;
  readonly #rounded = new Map<Unit, RoundedWeights>();
  /** Layers by the names of their weights: what else reads those reads them rounded, and no copy in float is left. */
  readonly #layerOf = new Map<string, Unit>();
  readonly #nodes: Uint8Array[] = [];
  readonly #constants: NewConstant[] = [];

  constructor(
    graph: GraphParts,
    units: readonly Unit[],
    observed: ReadonlyMap<string, Observed>,
    options: QdqOptions,
  ) {
    this.#graph = graph;
    this.#units = new Map(units.map((unit) => [unit.node, unit]));
    this.#observed = observed;
    this.#options = options;
    this.#made = new Set(units.flatMap(({ output }) => output ?? []));
    for (const { inputs, output, absorbed, most } of units) {
      for (const name of inputs) if (!this.#made.has(name)) this.#scales.set(name, this.#scaleOf(name));
      if (output !== undefined) this.#scales.set(output, this.#scaleOf(output, absorbed && most));
    }
    for (const unit of units) {
      const { inputs, weights } = unit;
      const [input = ''] = inputs;
      const from = this.#scales.get(input);
      if (!weights || !from) continue;
      const means = this.#observed.get(input)?.channelMeans;
      this.#rounded.set(unit, roundWeights(weights, from, options.weightBits, means));
      this.#layerOf.set(weights.name, unit);
    }
  }

  written(): Uint8Array {
    const graph = this.#graph;
    const absorbed = new Set([...this.#units.values()].flatMap((unit) => unit.absorbed ?? []));
    for (const input of graph.inputs) this.#round(input);
    for (const node of graph.nodes) {
      if (absorbed.has(node)) continue;
      const unit = this.#units.get(node);
      if (unit) this.#layer(unit);
      else this.#nodes.push(this.#withRoundedWeights(node));
      for (const name of node.outputs) this.#round(name);
    }
    return graph.with({ nodes: this.#nodes, constants: this.#constants });
  }

  /** `most`: nothing is negative behind what is absorbed, and nothing larger. */
  #scaleOf(name: string, most?: number): ByteScale {
    const seen = this.#observed.get(name);
    if (!seen) throw new Error(`${name} was not observed`);
    const { low, high } = rangeOf(seen.histogram, seen.extremes, this.#options.method);
    return byteScaleOf(most === undefined ? { low, high } : { low: 0, high: Math.min(high, most) });
  }

  /** Where a quantised layer reads a value that is computed in float: its rounded form beside it. */
  #round(name: string): void {
    if (this.#scales.has(name) && !this.#made.has(name)) this.#pair(name, name, roundedName(name));
  }

  /** Rounds a value and makes float of it again. */
  #pair(from: string, name: string, to: string): void {
    const { scale, zeroPoint } = this.#scales.get(name) as ByteScale;
    const bytes = `${name}.bytes`;
    const by = [this.#scalar(`${name}.scale`, scale), `${name}.zero`];
    this.#constants.push({ name: `${name}.zero`, shape: [], data: Uint8Array.of(zeroPoint) });
    this.#nodes.push(
      newNode('QuantizeLinear', [from, ...by], bytes),
      newNode('DequantizeLinear', [bytes, ...by], to),
    );
  }

  #layer(unit: Unit): void {
    const { node, inputs, output, absorbed, weights } = unit;
    const read = new Map(inputs.map((name) => [name, this.#made.has(name) ? name : roundedName(name)]));
    const rounded = this.#rounded.get(unit);
    if (weights && rounded) {
      const { scales, bytes, bias, biasScales } = rounded;
      const { shape } = weights.constant;
      const { axis, name } = weights;
      read.set(name, this.#weights(`${unit.name}.weight`, { shape, axis, data: bytes, scales }));
      if (bias && weights.bias) {
        const given = { shape: [bias.length], axis: 0, data: bias, scales: biasScales };
        read.set(weights.bias.name, this.#weights(`${unit.name}.bias`, given));
      }
    }
    // A layer whose weights are also its input is none, so that a name has one new name.
    const renamed = node.inputs.map((name) => read.get(name) ?? name);
    if (output === undefined) {
      this.#nodes.push(renamedNode(node, { inputs: renamed }));
      return;
    }
    const raw = absorbed ? unit.name : `${unit.name}.float`;
    this.#nodes.push(renamedNode(node, { inputs: renamed, outputs: [raw] }));
    this.#pair(raw, output, output);
  }

  /** A node that is computed in float, without float weights of its own for those that a layer has in 8 bits. */
  #withRoundedWeights(node: GraphNode): Uint8Array {
    if (!node.inputs.some((name) => this.#layerOf.has(name))) return node.bytes;
    return renamedNode(node, { inputs: node.inputs.map((name) => this.#asFloat(name)) });
  }

  /**
   * Rounded weights in float; any other value as it is. Not by DequantizeLinear, which onnxruntime does anew in every run: a
   * constant times a constant is computed when the network is opened.
   */
  #asFloat(name: string): string {
    const unit = this.#layerOf.get(name);
    const rounded = unit && this.#rounded.get(unit);
    if (!unit?.weights || !rounded) return name;
    const weight = `${unit.name}.weight`;
    const [whole, steps, asFloat] = [`${weight}.whole`, `${weight}.steps`, `${weight}.asFloat`];
    if (this.#constants.some((each) => each.name === steps)) return asFloat;
    const { axis, constant } = unit.weights;
    const shape = constant.shape.map((size, k) => (k === axis ? size : 1));
    this.#constants.push({ name: steps, shape, data: rounded.scales });
    this.#nodes.push(
      newNode('Cast', [`${weight}.bytes`], whole, { to: DATA_TYPES.FLOAT }),
      newNode('Mul', [whole, steps], asFloat),
    );
    return asFloat;
  }

  #weights(
    name: string,
    given: {
      readonly shape: readonly number[];
      readonly axis: number;
      readonly data: Int8Array | Int32Array;
      readonly scales: Float32Array;
    },
  ): string {
    const { shape, axis, data, scales } = given;
    const zeros = data instanceof Int8Array ? new Int8Array(scales.length) : new Int32Array(scales.length);
    this.#constants.push(
      { name: `${name}.bytes`, shape, data },
      { name: `${name}.scales`, shape: [scales.length], data: scales },
      { name: `${name}.zeros`, shape: [scales.length], data: zeros },
    );
    this.#nodes.push(
      newNode('DequantizeLinear', [`${name}.bytes`, `${name}.scales`, `${name}.zeros`], name, { axis }),
    );
    return name;
  }

  #scalar(name: string, value: number): string {
    this.#constants.push({ name, shape: [], data: Float32Array.of(value) });
    return name;
  }
}

const roundedName = (name: string) => `${name}.rounded`;
