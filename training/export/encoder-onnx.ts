// The encoder as an ONNX graph: input "image" [N, 3, S, S] in [0, 1], output "descriptor" [N, D], unit length.
import { OnnxGraph } from 'skyfix/onnx';
import { type ConvNextConfig, type NamedArray, UNIT_LENGTH_EPSILON } from '../networks/index.js';
import { addConvNext, addLayerNorm } from './convnext-onnx.js';
import { namedConstant } from './onnx-constants.js';

/** The bytes of encoder.onnx from the arrays of an encoder's ParameterStore; `half`: large constants are stored as float16. */
export function exportEncoderOnnx(
  params: Readonly<Record<string, NamedArray>>,
  config: ConvNextConfig,
  half = false,
): Uint8Array {
  const graph = new OnnxGraph('skyfix-encoder');
  const size = config.inputSize;
  const image = graph.input('image', ['N', 3, size, size]);
  const stored = namedConstant(graph, params, { half });
  const last = config.depths.reduce((a, b) => a + b, 0) - 1;
  const [map = ''] = addConvNext(graph, image, config, stored, [last]);
  const scalar = (name: string, value: number) => graph.constant(name, [], Float32Array.of(value));
  const pooled = graph.node('Flatten', [graph.node('GlobalAveragePool', [map])], { axis: 1 });
  const h = addLayerNorm(graph, pooled, stored, 'head.norm'); // [N, D]
  const squares = graph.node('ReduceSum', [graph.node('Mul', [h, h]), graph.integers('lastAxis', [1])], {
    keepdims: 1,
  });
  const length = graph.node('Sqrt', [graph.node('Add', [squares, scalar('epsilon', UNIT_LENGTH_EPSILON)])]);
  const dimensions = config.dims[config.dims.length - 1] ?? 0;
  graph.output(graph.node('Div', [h, length], {}, 'descriptor'), ['N', dimensions]);
  return graph.encode();
}
