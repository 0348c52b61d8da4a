// Constants of a graph from a network's arrays.
import type { OnnxGraph } from 'skyfix/onnx';
import type { NamedArray } from '../networks/index.js';
import { toTorchLayout } from './torch-layout.js';

/** Adds the parameter of a name to a graph, in the order of axes that ONNX has or as it is kept; returns its name there. */
export type Stored = (name: string, layout?: 'torch' | 'own') => string;

/** Fewer values than these are stored as they are, whatever was asked for. */
const SMALLEST_HALF = 1024;

/** Constants out of the arrays of a ParameterStore; `half`: large ones are stored as float16. */
export function namedConstant(
  graph: OnnxGraph,
  params: Readonly<Record<string, NamedArray>>,
  { prefix = '', half = false }: { readonly prefix?: string; readonly half?: boolean } = {},
): Stored {
  return (name, layout = 'torch') => {
    const array = params[name];
    if (!array) throw new Error(`The network has no parameter ${name}.`);
    const { shape, data } = layout === 'torch' ? toTorchLayout(name, array) : array;
    return addConstant(graph, `${prefix}${name}`, { shape, data }, half);
  };
}

/** Adds one array; where it is large and `half` is set, as float16. */
export function addConstant(
  graph: OnnxGraph,
  name: string,
  { shape, data }: NamedArray,
  half: boolean,
): string {
  return half && data.length >= SMALLEST_HALF
    ? graph.halfConstant(name, shape, data)
    : graph.constant(name, shape, data);
}
