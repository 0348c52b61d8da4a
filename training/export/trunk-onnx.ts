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
  type TrunkKind,
  trunkDesign,
} from '../networks/index.js';
import { addConvNext } from './convnext-onnx.js';
import { namedConstant, type Stored } from './onnx-constants.js';
import { ownLayout } from './torch-layout.js';

type Arrays = Readonly<Record<string, NamedArray>>;

/** Output size ⌈n/stride⌉, the padding at the end where it is odd: TensorFlow's SAME. */
const SAME = { auto_pad: 'SAME_UPPER' } as const;

/** Adds the blocks of a trunk that are needed; returns the name of the features. */
export function addTrunk(
  graph: OnnxGraph,
  image: string,
  kind: TrunkKind,
  stored: Stored,
  chosen: readonly number[],
): string {
  const shapes = checkedBlocks(trunkDesign(kind).blocks, chosen);
  const maps =
    typeof kind === 'string'
      ? addEfficientNetLite(graph, image, kind, stored, chosen)
      : addConvNext(graph, image, kind, stored, chosen);
  const averaged = maps.map((map, i) => averagedToGrid(graph, map, shapes[i]?.stridePx ?? GRID_STRIDE_PX));
  return averaged.length === 1 && averaged[0] ? averaged[0] : graph.node('Concat', averaged, { axis: 1 });
}

/** Adds an EfficientNet-Lite up to the last of `chosen` blocks; returns the names of their maps. */
function addEfficientNetLite(
  graph: OnnxGraph,
  image: string,
  name: EfficientNetLiteName,
  stored: Stored,
  chosen: readonly number[],
): string[] {
  const blocks = efficientNetLiteBlocks(name);
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
  return chosen.flatMap((index) => kept.get(index) ?? []);
}

/** A map of cells of `stridePx` averaged over the cells of the grid; what lies beyond the border does not count. */
function averagedToGrid(graph: OnnxGraph, map: string, stridePx: number): string {
  const factor = GRID_STRIDE_PX / stridePx;
  if (factor === 1) return map;
  const sides = [factor, factor];
  return graph.node('AveragePool', [map], { kernel_shape: sides, strides: sides, ...SAME });
}

/**
 * The bytes of an ONNX file: input "image" [B, 3, H, W] in [0, 1], output "features" [B, C, ⌈H/32⌉, ⌈W/32⌉] (of a ConvNeXt both
 * sides are multiples of 32). `arrays` are in PyTorch's layout, as files have them.
 */
export function exportTrunkOnnx(kind: TrunkKind, arrays: Arrays, chosen: readonly number[]): Uint8Array {
  const graph = new OnnxGraph('skyfix-trunk');
  const image = graph.input('image', ['B', 3, 'H', 'W']);
  const stored = namedConstant(graph, ownLayout(arrays), { prefix: 'trunk.' });
  const features = addTrunk(graph, image, kind, stored, chosen);
  const channels = featureChannels(trunkDesign(kind).blocks, chosen);
  graph.output(graph.node('Identity', [features], {}, 'features'), ['B', channels, 'h', 'w']);
  return graph.encode();
}
