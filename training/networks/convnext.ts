// ConvNeXt (Liu et al. 2022) as a descriptor network: image → unit vector. Parameter names are timm's; weights are
// kept in TensorFlow's layout (see export/torch-layout.ts).
import type { Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { seededRandom } from 'skyfix/random';
import { tf } from '../runtime/index.js';
import { convNextBlock } from './convnext-block.js';
import { conv } from './convolution.js';
import { IMAGENET_DEVIATION, IMAGENET_MEAN } from './imagenet.js';
import { layerNorm, unitLength } from './layers.js';
import { type ParameterSpec, ParameterStore } from './parameter-store.js';
import { normalNumbers } from './random.js';

export interface ConvNextConfig {
  /** Channels of the four stages; the last is the descriptor's size. */
  readonly dims: readonly number[];
  /** Blocks of the four stages. */
  readonly depths: readonly number[];
  /** First value of each block's layer scale: 1e-6 in the paper, 1 for short training from scratch. */
  readonly layerScale: number;
  readonly inputSize: number;
}

/** Stochastic depth (Huang et al. 2016), as ConvNeXt is trained. */
export interface StochasticDepth {
  /** Share of samples whose branch is left out in the last block; from 0 in the first block it grows linearly. */
  readonly rate: number;
  /** Seeded uniform numbers; one is drawn a block and sample. */
  readonly uniform: () => number;
}

export interface ConvNext {
  readonly config: ConvNextConfig;
  readonly params: ParameterStore;
  /** [B, S, S, 3] in [0, 1] → [B, D], unit length; with stochastic depth in training, without at evaluation. */
  apply(x: Tensor4D, depth?: StochasticDepth): Tensor2D;
}

/** An encoder with truncated normal weights (0.02), zero biases and the configured layer scale. */
export function createConvNext(config: ConvNextConfig, seed: number): ConvNext {
  const params = new ParameterStore(convNextSpecs(config, seed));
  const get1 = (name: string) => params.get<Tensor1D>(name);
  const norm = <T extends Tensor2D | Tensor4D>(x: T, name: string): T =>
    layerNorm(x, get1(`${name}.weight`), get1(`${name}.bias`));
  const strided = (x: Tensor4D, name: string, stride: number): Tensor4D =>
    conv(x, params.get<Tensor4D>(`${name}.weight`), stride, 0).add(get1(`${name}.bias`));

  const residual = (x: Tensor4D, name: string, samples: Tensor1D | undefined): Tensor4D =>
    convNextBlock(x, {
      samples,
      filter: params.get(`${name}.conv_dw.weight`),
      filterBias: params.get(`${name}.conv_dw.bias`),
      normWeight: params.get(`${name}.norm.weight`),
      normBias: params.get(`${name}.norm.bias`),
      weight1: params.get(`${name}.mlp.fc1.weight`),
      bias1: params.get(`${name}.mlp.fc1.bias`),
      weight2: params.get(`${name}.mlp.fc2.weight`),
      bias2: params.get(`${name}.mlp.fc2.bias`),
      gamma: params.get(`${name}.gamma`),
    });
  const blocks = config.depths.reduce((a, b) => a + b, 0);
  const apply = (image: Tensor4D, depth: StochasticDepth | undefined): Tensor2D => {
    let block = 0;
    const samples = () => dropSamples(image.shape[0], depth, block++ / Math.max(1, blocks - 1));
    let h: Tensor4D = image.sub(tf.tensor1d([...IMAGENET_MEAN])).div(tf.tensor1d([...IMAGENET_DEVIATION]));
    h = norm(strided(h, 'stem.0', 4), 'stem.1'); // [B, S/4, S/4, dims[0]]
    config.depths.forEach((depth, stage) => {
      if (stage > 0) {
        const name = `stages.${stage}.downsample`;
        h = strided(norm(h, `${name}.0`), `${name}.1`, 2); // halves the side
      }
      for (let i = 0; i < depth; i++) h = residual(h, `stages.${stage}.blocks.${i}`, samples());
    });
    const pooled: Tensor2D = tf.mean(h, [1, 2]); // [B, D]
    return unitLength(norm(pooled, 'head.norm'));
  };
  return { config, params, apply: (x, depth) => tf.tidy(() => params.use(() => apply(x, depth))) };
}

/**
 * The branch's factor for each sample of a block at `position` (0 the first, 1 the last): 0 with probability
 * p = rate·position, else 1/(1 − p), so that the expectation is 1. Undefined where nothing is dropped.
 */
function dropSamples(
  count: number,
  depth: StochasticDepth | undefined,
  position: number,
): Tensor1D | undefined {
  const p = (depth?.rate ?? 0) * position;
  if (!depth || p === 0) return undefined;
  return tf.tensor1d(Array.from({ length: count }, () => (depth.uniform() < p ? 0 : 1 / (1 - p))));
}

function convNextSpecs({ dims, depths, layerScale }: ConvNextConfig, seed: number): ParameterSpec[] {
  const uniform = seededRandom(seed);
  const specs: ParameterSpec[] = [];
  const constant = (name: string, size: number, value: number) =>
    specs.push({ name, shape: [size], data: new Float32Array(size).fill(value) });
  const weight = (name: string, shape: readonly number[], biasSize: number) => {
    const count = shape.reduce((a, b) => a * b, 1);
    specs.push({ name: `${name}.weight`, shape, data: normalNumbers(uniform, count, 0.02, true) });
    constant(`${name}.bias`, biasSize, 0);
  };
  const norm = (name: string, size: number) => {
    constant(`${name}.weight`, size, 1);
    constant(`${name}.bias`, size, 0);
  };
  const first = dims[0] ?? 0;
  weight('stem.0', [4, 4, 3, first], first);
  norm('stem.1', first);
  depths.forEach((depth, stage) => {
    const dim = dims[stage] ?? 0;
    if (stage > 0) {
      const before = dims[stage - 1] ?? 0;
      norm(`stages.${stage}.downsample.0`, before);
      weight(`stages.${stage}.downsample.1`, [2, 2, before, dim], dim);
    }
    for (let i = 0; i < depth; i++) {
      const name = `stages.${stage}.blocks.${i}`;
      weight(`${name}.conv_dw`, [7, 7, dim, 1], dim);
      norm(`${name}.norm`, dim);
      weight(`${name}.mlp.fc1`, [dim, 4 * dim], 4 * dim);
      weight(`${name}.mlp.fc2`, [4 * dim, dim], dim);
      constant(`${name}.gamma`, dim, layerScale);
    }
  });
  norm('head.norm', dims[dims.length - 1] ?? 0);
  return specs;
}
