// ConvNeXt as part of an ONNX graph: images [B, 3, H, W] in [0, 1] → maps [B, C, h, w] after chosen blocks, counted through
// all stages from 0.
import type { OnnxGraph } from 'skyfix/onnx';
import { type ConvNextConfig, IMAGENET_DEVIATION, IMAGENET_MEAN } from '../networks/index.js';
import type { Stored } from './onnx-constants.js';

/** Adds the blocks up to the last of `chosen`; returns the names of the maps. */
export function addConvNext(
  graph: OnnxGraph,
  image: string,
  config: ConvNextConfig,
  stored: Stored,
  chosen: readonly number[],
): string[] {
  const scalar = (name: string, value: number) => graph.constant(name, [], Float32Array.of(value));
  const conv = (x: string, name: string, kernel: number, stride: number, pad: number, group = 1) =>
    graph.node('Conv', [x, stored(`${name}.weight`), stored(`${name}.bias`)], {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [pad, pad, pad, pad],
      group,
    });
  const channelsLast = (x: string) => graph.node('Transpose', [x], { perm: [0, 2, 3, 1] });
  const channelsFirst = (x: string) => graph.node('Transpose', [x], { perm: [0, 3, 1, 2] });
  const norm = (x: string, name: string) => addLayerNorm(graph, x, stored, name);
  // MatMul takes [in, out], TensorFlow's own layout.
  const linear = (x: string, name: string) =>
    graph.node('Add', [graph.node('MatMul', [x, stored(`${name}.weight`, 'own')]), stored(`${name}.bias`)]);
  const gelu = (x: string) => {
    const erf = graph.node('Erf', [graph.node('Div', [x, scalar('sqrt2', Math.SQRT2)])]);
    const doubled = graph.node('Mul', [x, graph.node('Add', [erf, scalar('one', 1)])]);
    return graph.node('Mul', [doubled, scalar('half', 0.5)]);
  };
  const block = (x: string, name: string, dim: number) => {
    let h = channelsLast(conv(x, `${name}.conv_dw`, 7, 1, 3, dim));
    h = linear(gelu(linear(norm(h, `${name}.norm`), `${name}.mlp.fc1`)), `${name}.mlp.fc2`);
    h = graph.node('Mul', [h, stored(`${name}.gamma`)]);
    return graph.node('Add', [x, channelsFirst(h)]);
  };

  const mean = graph.constant('imagenet.mean', [1, 3, 1, 1], Float32Array.from(IMAGENET_MEAN));
  const deviation = graph.constant('imagenet.deviation', [1, 3, 1, 1], Float32Array.from(IMAGENET_DEVIATION));
  const last = Math.max(...chosen);
  const kept = new Map<number, string>();
  let index = 0;
  let h = graph.node('Div', [graph.node('Sub', [image, mean]), deviation]);
  h = channelsFirst(norm(channelsLast(conv(h, 'stem.0', 4, 4, 0)), 'stem.1')); // [B, dims[0], H/4, W/4]
  config.depths.forEach((depth, stage) => {
    if (stage > 0 && index <= last) {
      const name = `stages.${stage}.downsample`;
      h = conv(channelsFirst(norm(channelsLast(h), `${name}.0`)), `${name}.1`, 2, 2, 0);
    }
    for (let i = 0; i < depth && index <= last; i++, index++) {
      h = block(h, `stages.${stage}.blocks.${i}`, config.dims[stage] ?? 0);
      kept.set(index, h);
    }
  });
  return chosen.flatMap((each) => kept.get(each) ?? []);
}

/** Normalises the last axis. */
export const addLayerNorm = (graph: OnnxGraph, x: string, stored: Stored, name: string): string =>
  graph.node('LayerNormalization', [x, stored(`${name}.weight`), stored(`${name}.bias`)], {
    axis: -1,
    epsilon: { float: 1e-6 },
  });
