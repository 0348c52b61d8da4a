// A trunk as part of an ONNX graph: images [B, 3, H, W] in [0, 1] → features [B, C, ⌈H/32⌉, ⌈W/32⌉] of chosen blocks, B, H
// and W free. What networks/trunk.ts has for TensorFlow.
import { type OnnxAttribute, OnnxGraph } from 'skyfix/onnx';
import {
  checkedBlocks,
  type EfficientNetLiteName,
  efficientNetLiteBlocks,
  featureChannels,
  GRID_STRIDE_PX,
  LITE_DEVIATION,
  LITE_MEAN,
  layersOf,
  type NamedArray,
} from '../networks/index.js';

type Arrays = Readonly<Record<string, NamedArray>>;

/** Adds a constant of a graph; returns its name. */
type Constant = (name: string, array: NamedArray) => string;

/** Output size ⌈n/stride⌉, the padding at the end where it is odd: TensorFlow's SAME. */
const SAME = { auto_pad: 'SAME_UPPER' } as const;

/**
 * Adds an EfficientNet-Lite up to the last of `chosen` blocks. `arrays` are in PyTorch's layout, as files have them. Returns
 * the name of the features.
 */
export function addEfficientNetLite(
  graph: OnnxGraph,
  image: string,
  name: EfficientNetLiteName,
  arrays: Arrays,
  chosen: readonly number[],
  constant: Constant,
): string {
  const blocks = efficientNetLiteBlocks(name);
  const shapes = checkedBlocks(blocks, chosen);
  const stored = (key: string): string => {
    const array = arrays[key];
    if (!array) throw new Error(`The trunk has no parameter ${key}.`);
    return constant(`trunk.${key}`, array);
  };
  const scalar = (key: string, value: number) => graph.constant(key, [], Float32Array.of(value));
  const [zero, six] = [scalar('zero', 0), scalar('six', 6)];
  const relu6 = (x: string) => graph.node('Clip', [x, zero, six]);
  const conv = (x: string, layer: string, kernel: number, attributes: Record<string, OnnxAttribute> = {}) =>
    graph.node('Conv', [x, stored(`${layer}.weight`), stored(`${layer}.bias`)], {
      kernel_shape: [kernel, kernel],
      ...(kernel > 1 && SAME),
      ...attributes,
    });
  const centred = graph.node('Sub', [image, scalar('trunk.mean', LITE_MEAN)]);
  let h = graph.node('Div', [centred, scalar('trunk.deviation', LITE_DEVIATION)]);
  h = relu6(conv(h, 'stem', 3, { strides: [2, 2] }));
  const kept = new Map<number, string>();
  blocks.slice(0, Math.max(...chosen) + 1).forEach((block, index) => {
    const { expand, depthwise, project, skips } = layersOf(block, index);
    const inner = expand ? relu6(conv(h, expand.name, 1)) : h;
    const strides = [block.stride, block.stride];
    const filtered = conv(inner, depthwise.name, block.kernel, { strides, group: depthwise.shape[2] });
    const out = conv(relu6(filtered), project.name, 1);
    h = skips ? graph.node('Add', [out, h]) : out;
    kept.set(index, h);
  });
  const maps = chosen.map((index, i) =>
    averagedToGrid(graph, kept.get(index) ?? h, shapes[i]?.stridePx ?? GRID_STRIDE_PX),
  );
  return maps.length === 1 && maps[0] ? maps[0] : graph.node('Concat', maps, { axis: 1 });
}

/** A map of cells of `stridePx` averaged over the cells of the grid; what lies beyond the border does not count. */
function averagedToGrid(graph: OnnxGraph, map: string, stridePx: number): string {
  const factor = GRID_STRIDE_PX / stridePx;
  if (factor === 1) return map;
  const sides = [factor, factor];
  return graph.node('AveragePool', [map], { kernel_shape: sides, strides: sides, ...SAME });
}

/** The bytes of an ONNX file: input "image" [B, 3, H, W] in [0, 1], output "features" [B, C, ⌈H/32⌉, ⌈W/32⌉]. */
export function exportTrunkOnnx(
  name: EfficientNetLiteName,
  arrays: Arrays,
  chosen: readonly number[],
): Uint8Array {
  const graph = new OnnxGraph('skyfix-trunk');
  const image = graph.input('image', ['B', 3, 'H', 'W']);
  const constant = (key: string, { shape, data }: NamedArray) => graph.constant(key, shape, data);
  const features = addEfficientNetLite(graph, image, name, arrays, chosen, constant);
  const channels = featureChannels(efficientNetLiteBlocks(name), chosen);
  graph.output(graph.node('Identity', [features], {}, 'features'), ['B', channels, 'h', 'w']);
  return graph.encode();
}
