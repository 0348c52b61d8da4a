// What of a network can be computed in 8 bits: layers with constant weights, and the sums of two such layers' results.
import type { FloatConstant, GraphNode, GraphParts } from 'skyfix/onnx';

/** A layer that is quantised as a whole, or stays in float as a whole. */
export interface Unit {
  /** The name of the value that it gives, which nothing else in the graph has. */
  readonly name: string;
  readonly kind: 'conv' | 'product' | 'sum';
  readonly node: GraphNode;
  /** Values that it reads in 8 bits. */
  readonly inputs: readonly string[];
  /** Value that it gives in 8 bits; a product gives float. */
  readonly output?: string;
  /** A ReLU or a clipping from 0 on whose work rounding to 8 bits does by itself: it is left out. */
  readonly absorbed?: GraphNode;
  /** No value beyond it: where the absorbed one clips. */
  readonly most: number;
  readonly weights?: Weights;
}

export interface Weights {
  readonly name: string;
  readonly constant: FloatConstant;
  /** Which axis counts the output channels. */
  readonly axis: number;
  readonly bias?: { readonly name: string; readonly constant: FloatConstant };
}

/** Operators whose 8-bit form both engines have; those of other domains mean something else. */
const SUM = 'Add';

/** The units of a graph in the order of computation. */
export function unitsOf(graph: GraphParts): readonly Unit[] {
  const readers = readersOf(graph);
  return graph.nodes.flatMap((node) => {
    if (node.domain !== '' && node.domain !== 'ai.onnx') return [];
    const unit = node.opType === SUM ? sumOf(graph, node) : layerOf(graph, node);
    return unit ? [withOutput(graph, readers, unit)].filter((each) => each !== undefined) : [];
  });
}

function readersOf({ nodes }: GraphParts): ReadonlyMap<string, readonly GraphNode[]> {
  const readers = new Map<string, GraphNode[]>();
  for (const node of nodes) {
    for (const name of [...node.inputs, ...node.captured]) {
      const found = readers.get(name);
      if (found) found.push(node);
      else readers.set(name, [node]);
    }
  }
  return readers;
}

type Bare = Pick<Unit, 'name' | 'kind' | 'node' | 'inputs' | 'weights'>;

/** A sum of two values that are both computed. */
function sumOf(graph: GraphParts, node: GraphNode): Bare | undefined {
  const [a = '', b = ''] = node.inputs;
  const [name = ''] = node.outputs;
  if (a === b || graph.constant(a) || graph.constant(b)) return undefined;
  return { name, kind: 'sum', node, inputs: [a, b] };
}

function layerOf(graph: GraphParts, node: GraphNode): Bare | undefined {
  const [x = '', weight = '', bias = ''] = node.inputs;
  const [name = ''] = node.outputs;
  const constant = graph.constant(weight);
  if (!constant || graph.constant(x)) return undefined;
  const axis = channelAxis(node, constant);
  if (axis === undefined) return undefined;
  const added = bias === '' ? undefined : graph.constant(bias);
  // A bias that is computed would have to be rounded in every run.
  if (bias !== '' && added?.shape.length !== 1) return undefined;
  const weights = { name: weight, constant, axis, ...(added && { bias: { name: bias, constant: added } }) };
  return { name, kind: node.opType === 'Conv' ? 'conv' : 'product', node, inputs: [x], weights };
}

/** Undefined where the node is none that is quantised. */
function channelAxis({ opType, attributes }: GraphNode, { shape }: FloatConstant): number | undefined {
  if (opType === 'Conv') return shape.length >= 3 ? 0 : undefined;
  if (opType === 'MatMul') return shape.length === 2 ? 1 : undefined;
  if (opType !== 'Gemm' || shape.length !== 2) return undefined;
  const scales = [attributes.get('alpha') ?? 1, attributes.get('beta') ?? 1];
  if (scales.some((scale) => scale !== 1) || (attributes.get('transA') ?? 0) !== 0) return undefined;
  return attributes.get('transB') === 1 ? 0 : 1;
}

/** With where its result is rounded: behind what it absorbs. Undefined where the network itself gives that result. */
function withOutput(
  graph: GraphParts,
  readers: ReadonlyMap<string, readonly GraphNode[]>,
  unit: Bare,
): Unit | undefined {
  if (unit.kind === 'product') return { ...unit, most: Number.POSITIVE_INFINITY };
  if (graph.outputs.includes(unit.name)) return undefined;
  const [reader, ...others] = readers.get(unit.name) ?? [];
  const most = reader && others.length === 0 ? mostBehind(graph, reader, unit.name) : undefined;
  const [absorbed = ''] = reader?.outputs ?? [];
  if (!reader || most === undefined || graph.outputs.includes(absorbed)) {
    return { ...unit, output: unit.name, most: Number.POSITIVE_INFINITY };
  }
  return { ...unit, output: absorbed, absorbed: reader, most };
}

/** The highest value behind an activation that cuts at 0; undefined where the node is none. */
function mostBehind(graph: GraphParts, { opType, inputs }: GraphNode, of: string): number | undefined {
  if (inputs[0] !== of) return undefined;
  if (opType === 'Relu') return Number.POSITIVE_INFINITY;
  if (opType !== 'Clip') return undefined;
  const [, low = '', high = ''] = inputs;
  if (graph.constant(low)?.data[0] !== 0) return undefined;
  if (high === '') return Number.POSITIVE_INFINITY;
  const most = graph.constant(high)?.data[0];
  return most !== undefined && most > 0 ? most : undefined;
}
