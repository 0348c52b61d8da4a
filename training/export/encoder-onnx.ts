// The encoder as an ONNX graph: input "image" [N, 3, S, S] in [0, 1], output "descriptor" [N, D], unit length.
import { OnnxGraph } from 'skyfix/onnx';
import type { ConvNextConfig, NamedArray } from '../networks/index.js';
import { IMAGENET_DEVIATION, IMAGENET_MEAN, UNIT_LENGTH_EPSILON } from '../networks/index.js';
import { toTorchLayout } from './torch-layout.js';

/** The bytes of encoder.onnx from the arrays of an encoder's ParameterStore. */
export function exportEncoderOnnx(
  params: Readonly<Record<string, NamedArray>>,
  config: ConvNextConfig,
): Uint8Array {
  const graph = new OnnxGraph('skyfix-encoder');
  const stored = (name: string): NamedArray => {
    const array = params[name];
    if (!array) throw new Error(`The encoder has no parameter ${name}.`);
    return array;
  };
  const constant = (name: string, { shape, data }: NamedArray) => graph.constant(name, shape, data);
  const torch = (name: string) => constant(name, toTorchLayout(name, stored(name)));
  const vector = (name: string) => constant(name, stored(name));
  const scalar = (name: string, value: number) => graph.constant(name, [], Float32Array.of(value));

  const conv = (x: string, name: string, kernel: number, stride: number, pad: number, group = 1) =>
    graph.node('Conv', [x, torch(`${name}.weight`), vector(`${name}.bias`)], {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [pad, pad, pad, pad],
      group,
    });
  const channelsLast = (x: string) => graph.node('Transpose', [x], { perm: [0, 2, 3, 1] });
  const channelsFirst = (x: string) => graph.node('Transpose', [x], { perm: [0, 3, 1, 2] });
  const norm = (x: string, name: string) =>
    graph.node('LayerNormalization', [x, vector(`${name}.weight`), vector(`${name}.bias`)], {
      axis: -1,
      epsilon: { float: 1e-6 },
    });
  // MatMul takes [in, out], TensorFlow's own layout.
  const linear = (x: string, name: string) =>
    graph.node('Add', [graph.node('MatMul', [x, vector(`${name}.weight`)]), vector(`${name}.bias`)]);
  const gelu = (x: string) => {
    const erf = graph.node('Erf', [graph.node('Div', [x, scalar('sqrt2', Math.SQRT2)])]);
    const doubled = graph.node('Mul', [x, graph.node('Add', [erf, scalar('one', 1)])]);
    return graph.node('Mul', [doubled, scalar('half', 0.5)]);
  };
  const block = (x: string, name: string, dim: number) => {
    let h = channelsLast(conv(x, `${name}.conv_dw`, 7, 1, 3, dim));
    h = linear(gelu(linear(norm(h, `${name}.norm`), `${name}.mlp.fc1`)), `${name}.mlp.fc2`);
    h = graph.node('Mul', [h, vector(`${name}.gamma`)]);
    return graph.node('Add', [x, channelsFirst(h)]);
  };

  const size = config.inputSize;
  const mean = graph.constant('imagenet.mean', [1, 3, 1, 1], Float32Array.from(IMAGENET_MEAN));
  const deviation = graph.constant('imagenet.deviation', [1, 3, 1, 1], Float32Array.from(IMAGENET_DEVIATION));
  let h = graph.input('image', ['N', 3, size, size]);
  h = graph.node('Div', [graph.node('Sub', [h, mean]), deviation]);
  h = channelsFirst(norm(channelsLast(conv(h, 'stem.0', 4, 4, 0)), 'stem.1')); // [N, dims[0], S/4, S/4]
  config.depths.forEach((depth, stage) => {
    if (stage > 0) {
      const name = `stages.${stage}.downsample`;
      h = conv(channelsFirst(norm(channelsLast(h), `${name}.0`)), `${name}.1`, 2, 2, 0);
    }
    for (let i = 0; i < depth; i++) h = block(h, `stages.${stage}.blocks.${i}`, config.dims[stage] ?? 0);
  });
  h = norm(graph.node('Flatten', [graph.node('GlobalAveragePool', [h])], { axis: 1 }), 'head.norm'); // [N, D]
  const squares = graph.node('ReduceSum', [graph.node('Mul', [h, h]), graph.integers('lastAxis', [1])], {
    keepdims: 1,
  });
  const length = graph.node('Sqrt', [graph.node('Add', [squares, scalar('epsilon', UNIT_LENGTH_EPSILON)])]);
  const dimensions = config.dims[config.dims.length - 1] ?? 0;
  graph.output(graph.node('Div', [h, length], {}, 'descriptor'), ['N', dimensions]);
  return graph.encode();
}
