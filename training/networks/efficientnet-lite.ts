// EfficientNet-Lite (Tan and Le 2019; the "Lite" family of tensorflow/tpu, models/official/efficientnet/lite): MBConv
// blocks with ReLU6 and without squeeze-excitation, padding as TensorFlow's SAME. Batch norms are folded into the
// convolutions. The classifier and the 1 × 1 convolution in front of it are left out.
import type { Tensor1D, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { seededRandom } from 'skyfix/random';
import { tf } from '../runtime/index.js';
import type { ParameterSpec, ParameterStore } from './parameter-store.js';
import { normalNumbers } from './random.js';
import { type BlockShape, openTrunk, type Trunk, type TrunkDesign } from './trunk.js';

/** The members of the family whose published weights are read. */
export const EFFICIENTNET_LITES = {
  'efficientnet-lite0': { width: 1, depth: 1 },
  'efficientnet-lite2': { width: 1.1, depth: 1.2 },
} as const;

export type EfficientNetLiteName = keyof typeof EFFICIENTNET_LITES;

/**
 * What the networks were fed with: RGB in [0, 1], less this mean, over this deviation (MEAN_RGB 127 and STDDEV_RGB 128 of 255
 * in efficientnet_lite_builder.py). The documentation of efficientnet-lite-pytorch has ImageNet's mean and deviation instead,
 * but the running statistics of the first batch norm in the published weights fit this: a mean colour of (-0.05, -0.07, -0.12)
 * and a deviation of 0.51 of what goes in, where ImageNet's would give 0 and 1.
 */
export const LITE_MEAN = 127 / 255;
export const LITE_DEVIATION = 128 / 255;

/** One MBConv block. */
export interface MbConv extends BlockShape {
  readonly kernel: 3 | 5;
  readonly stride: 1 | 2;
  /** Channels inside are so many times those that come in; 1: no expansion. */
  readonly expand: 1 | 6;
  readonly channelsIn: number;
}

/** Channels of the stem, whatever the width. */
export const STEM_CHANNELS = 32;

/** Repeats, kernel, stride, expansion, channels of each stage at width and depth 1 (efficientnet_lite_builder.py). */
const STAGES = [
  [1, 3, 1, 1, 16],
  [2, 3, 2, 6, 24],
  [2, 5, 2, 6, 40],
  [3, 3, 2, 6, 80],
  [3, 5, 1, 6, 112],
  [4, 5, 2, 6, 192],
  [1, 3, 1, 6, 320],
] as const;

/** To a multiple of 8, and not more than a tenth below (round_filters). */
function roundedChannels(channels: number, width: number): number {
  const wide = channels * width;
  const rounded = Math.max(8, Math.floor((wide + 4) / 8) * 8);
  return rounded < 0.9 * wide ? rounded + 8 : rounded;
}

/** The blocks in their order. Repeats grow with the depth, except those of the first and the last stage. */
export function efficientNetLiteBlocks(name: EfficientNetLiteName): readonly MbConv[] {
  const { width, depth } = EFFICIENTNET_LITES[name];
  const blocks: MbConv[] = [];
  let channelsIn = STEM_CHANNELS;
  let stridePx = 2;
  STAGES.forEach(([repeats, kernel, stride, expand, base], stage) => {
    const channels = roundedChannels(base, width);
    const isEnd = stage === 0 || stage === STAGES.length - 1;
    const count = isEnd ? repeats : Math.ceil(repeats * depth);
    for (let i = 0; i < count; i++) {
      const own = i === 0 ? stride : 1;
      stridePx *= own;
      blocks.push({ kernel, stride: own, expand, channelsIn, channels, stridePx });
      channelsIn = channels;
    }
  });
  return blocks;
}

/** The layers of a block in their order: the name of a convolution, its shape [k, k, in, out or 1], whether it is depthwise. */
export function layersOf(block: MbConv, index: number) {
  const inner = block.channelsIn * block.expand;
  const name = `blocks.${index}`;
  return {
    ...(block.expand !== 1 && {
      expand: { name: `${name}.conv_pw`, shape: [1, 1, block.channelsIn, inner] as const },
    }),
    depthwise: { name: `${name}.conv_dw`, shape: [block.kernel, block.kernel, inner, 1] as const },
    project: { name: `${name}.conv_pwl`, shape: [1, 1, inner, block.channels] as const },
    /** The block's input is added to its output. */
    skips: block.stride === 1 && block.channelsIn === block.channels,
  };
}

/** A member of the family as a design. Its random weights (He et al. 2015) are of use in tests only. */
export function efficientNetLite(name: EfficientNetLiteName): TrunkDesign {
  const blocks = efficientNetLiteBlocks(name);
  return {
    blocks,
    specs: (last, seed) => specsOf(blocks.slice(0, last + 1), seed),
    maps: (params, images, chosen) => mapsOf(blocks, params, images, chosen),
  };
}

/** A trunk with random weights, over which published ones are loaded. */
export const createEfficientNetLite = (name: EfficientNetLiteName, last?: number): Trunk =>
  openTrunk(efficientNetLite(name), last === undefined ? {} : { last });

function mapsOf(
  blocks: readonly MbConv[],
  params: ParameterStore,
  images: Tensor4D,
  chosen: readonly number[],
): Tensor4D[] {
  const bias = (name: string) => params.get<Tensor1D>(`${name}.bias`);
  const filter = (name: string) => params.get<Tensor4D>(`${name}.weight`);
  const relu6 = (x: Tensor4D) => tf.clipByValue(x, 0, 6) as Tensor4D;
  const conv = (x: Tensor4D, name: string, stride: 1 | 2 = 1): Tensor4D =>
    tf.conv2d(x, filter(name), stride, 'same').add(bias(name));
  const apply = (x: Tensor4D, block: MbConv, index: number): Tensor4D => {
    const { expand, depthwise, project, skips } = layersOf(block, index);
    const inner = expand ? relu6(conv(x, expand.name)) : x;
    const filtered = tf.depthwiseConv2d(inner, filter(depthwise.name), block.stride, 'same');
    const out = conv(relu6(filtered.add(bias(depthwise.name))), project.name);
    return skips ? out.add(x) : out;
  };
  const kept = new Map<number, Tensor4D>();
  const standard: Tensor4D = images.sub(LITE_MEAN).div(LITE_DEVIATION);
  let h = relu6(conv(standard, 'stem', 2)); // [B, H/2, W/2, 32]
  blocks.slice(0, Math.max(...chosen) + 1).forEach((block, index) => {
    h = apply(h, block, index);
    kept.set(index, h);
  });
  return chosen.flatMap((index) => kept.get(index) ?? []);
}

function specsOf(blocks: readonly MbConv[], seed: number): ParameterSpec[] {
  const uniform = seededRandom(seed);
  const specs: ParameterSpec[] = [];
  const add = (name: string, shape: readonly [number, number, number, number], out: number) => {
    const fanIn = shape[0] * shape[1] * (shape[3] === 1 ? 1 : shape[2]);
    const count = shape.reduce((a, b) => a * b, 1);
    const data = normalNumbers(uniform, count, Math.sqrt(2 / fanIn));
    specs.push({ name: `${name}.weight`, shape, data });
    specs.push({ name: `${name}.bias`, shape: [out], data: new Float32Array(out) });
  };
  add('stem', [3, 3, 3, STEM_CHANNELS], STEM_CHANNELS);
  blocks.forEach((block, index) => {
    const { expand, depthwise, project } = layersOf(block, index);
    if (expand) add(expand.name, expand.shape, expand.shape[3]);
    add(depthwise.name, depthwise.shape, depthwise.shape[2]);
    add(project.name, project.shape, project.shape[3]);
  });
  return specs;
}
