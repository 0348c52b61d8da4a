// The weights inside of an ONNX graph that was exported here: a bundle is a place to start from without a second copy of them.
import { messageOf, SkyfixError } from 'skyfix/errors';
import { GraphParts } from 'skyfix/onnx';
import type { NamedArray, ParameterStore } from '../networks/index.js';
import { toTorchLayout } from './torch-layout.js';

type Arrays = Readonly<Record<string, NamedArray>>;

const WEIGHT = /\.(weight|bias|gamma)$/;
const HALF = /\.half$/;

/** Whether a file of weights is an ONNX graph, by its name. */
export const isGraphFile = (path: string): boolean => path.toLowerCase().endsWith('.onnx');

/**
 * The arrays of the bytes of a graph of this package for a network of `params`, in PyTorch's layout and by the network's own
 * names; large ones as float16 left them, where the graph was exported so. A generator's biases in front of an instance norm are
 * in no graph, since they cancel out: they are 0. Throws WEIGHTS_INVALID naming `source` where it is no graph of such a network.
 */
export function arraysOfGraph(params: ParameterStore, bytes: Uint8Array, source: string): Arrays {
  const graph = partsOf(bytes, source);
  const inGraph = (name: string) => graph.constant(name);
  const found: Record<string, NamedArray> = {};
  if (!params.names.some(inGraph)) throw notExported(source);
  for (const name of params.names) {
    const shape = params.shapes.get(name) ?? [];
    const constant = inGraph(name);
    if (constant) {
      // Linear weights lie there as they are kept here, filters as PyTorch has them.
      found[name] = constant.shape.length === 2 ? toTorchLayout(name, constant) : constant;
    } else if (name.endsWith('.bias') && inGraph(name.replace(/bias$/, 'weight'))) {
      found[name] = { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) };
    }
  }
  // What a larger network has besides is told, not left out.
  for (const name of graph.stored.map((each) => each.replace(HALF, ''))) {
    const more = WEIGHT.test(name) && !(name in found) && inGraph(name);
    if (more) found[name] = more;
  }
  return found;
}

const notExported = (source: string) =>
  new SkyfixError(
    'WEIGHTS_INVALID',
    `${source}: no constant of this graph has the name of one of the network's weights; only graphs that skyfix-train ` +
      'exported say which is which. Convert the checkpoint itself to safetensors.',
  );

function partsOf(bytes: Uint8Array, source: string): GraphParts {
  try {
    return new GraphParts(bytes);
  } catch (cause) {
    throw new SkyfixError('WEIGHTS_INVALID', `${source}: ${messageOf(cause)}.`, { cause });
  }
}
