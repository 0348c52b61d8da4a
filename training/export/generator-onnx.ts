// The generator as an ONNX graph: input "bev", output "view", both [N, 3, S, S] in [−1, 1].
import { OnnxGraph } from 'skyfix/onnx';
import type { GeneratorConfig, NamedArray } from '../networks/index.js';
import { namedConstant } from './onnx-constants.js';

/** The bytes of generator.onnx from the arrays of a generator's ParameterStore; `half`: large constants are float16. */
export function exportGeneratorOnnx(
  params: Readonly<Record<string, NamedArray>>,
  config: GeneratorConfig,
  half = false,
): Uint8Array {
  const graph = new OnnxGraph('skyfix-generator');
  const size = config.inputSize;
  const weight = namedConstant(graph, params, { half });
  // Biases in front of an instance norm cancel out, as in the training graph.
  const conv = (x: string, name: string, kernel: number, stride: number, pad: number, bias = false) =>
    graph.node('Conv', [x, weight(`${name}.weight`), ...(bias ? [weight(`${name}.bias`)] : [])], {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [pad, pad, pad, pad],
    });
  const norm = (x: string, channels: number) =>
    graph.node(
      'InstanceNormalization',
      [
        x,
        graph.constant(`ones${channels}`, [channels], new Float32Array(channels).fill(1)),
        graph.constant(`zeros${channels}`, [channels], new Float32Array(channels)),
      ],
      { epsilon: { float: 1e-5 } },
    );
  const relu = (x: string) => graph.node('Relu', [x]);
  const reflect = (x: string, pad: number) =>
    graph.node('Pad', [x, graph.integers(`pads${pad}`, [0, 0, pad, pad, 0, 0, pad, pad])], {
      mode: 'reflect',
    });
  const up = (x: string, name: string) =>
    graph.node('ConvTranspose', [x, weight(`${name}.weight`)], {
      kernel_shape: [3, 3],
      strides: [2, 2],
      pads: [1, 1, 1, 1],
      output_padding: [1, 1],
    });

  const base = config.baseFilters;
  const bev = graph.input('bev', ['N', 3, size, size]);
  let h = bev;
  h = relu(norm(conv(reflect(h, 3), 'in', 7, 1, 0), base)); // [N, base, S, S]
  h = relu(norm(conv(h, 'down1', 3, 2, 1), 2 * base)); // [N, 2·base, S/2, S/2]
  h = relu(norm(conv(h, 'down2', 3, 2, 1), 4 * base)); // [N, 4·base, S/4, S/4]
  for (let block = 0; block < config.blocks; block++) {
    const inner = relu(norm(conv(reflect(h, 1), `block${block}.conv1`, 3, 1, 0), 4 * base));
    const outer = norm(conv(reflect(inner, 1), `block${block}.conv2`, 3, 1, 0), 4 * base);
    h = graph.node('Add', [h, outer]);
  }
  h = relu(norm(up(h, 'up1'), 2 * base)); // [N, 2·base, S/2, S/2]
  h = relu(norm(up(h, 'up2'), base)); // [N, base, S, S]
  h = conv(reflect(h, 3), 'out', 7, 1, 0, true);
  const view = ['N', 3, size, size] as const;
  if (config.learnResidual) {
    const bounds = [-1, 1].map((bound) => graph.constant(`bound${bound}`, [], new Float32Array([bound])));
    graph.output(
      graph.node('Clip', [graph.node('Add', [bev, graph.node('Tanh', [h])]), ...bounds], {}, 'view'),
      view,
    );
  } else graph.output(graph.node('Tanh', [h], {}, 'view'), view);
  return graph.encode();
}
