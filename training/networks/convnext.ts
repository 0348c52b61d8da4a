// ConvNeXt (Liu et al. 2022) as a descriptor network: image → unit vector. Parameter names are timm's; weights are
// kept in TensorFlow's layout (see export/torch-layout.ts).
import type { Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { seededRandom } from 'skyfix/random';
import { tf } from '../runtime/index.js';
import { convNextBlock } from './convnext-block.js';
import { conv } from './convolution.js';
import type { Encoder } from './encoder.js';
import { IMAGENET_DEVIATION, IMAGENET_MEAN } from './imagenet.js';
import { layerNorm, unitLength } from './layers.js';
import { type ParameterSpec, ParameterStore } from './parameter-store.js';
import { normalNumbers } from './random.js';
import type { StochasticDepth, TrunkDesign } from './trunk.js';

export interface ConvNextConfig {
  /** Channels of the four stages; the last is the descriptor's size. */
  readonly dims: readonly number[];
  /** Blocks of the four stages. */
  readonly depths: readonly number[];
  /** First value of each block's layer scale: 1e-6 in the paper, 1 for short training from scratch. */
  readonly layerScale: number;
  readonly inputSize: number;
}

export interface ConvNext extends Encoder {
  readonly config: ConvNextConfig;
}

type Norm = <T extends Tensor2D | Tensor4D>(x: T, name: string) => T;

const normBy =
  (params: ParameterStore): Norm =>
  (x, name) =>
    layerNorm(x, params.get<Tensor1D>(`${name}.weight`), params.get<Tensor1D>(`${name}.bias`));

/** An encoder with truncated normal weights (0.02), zero biases and the configured layer scale. */
export function createConvNext(config: ConvNextConfig, seed: number): ConvNext {
  const params = new ParameterStore(convNextSpecs(config, seed));
  const last = config.depths.reduce((a, b) => a + b, 0) - 1;
  const apply = (image: Tensor4D, depth: StochasticDepth | undefined): Tensor2D => {
    const [h] = convNextMaps(config, params, image, [last], depth);
    if (!h) throw new Error('The encoder has no blocks.');
    const pooled: Tensor2D = tf.mean(h, [1, 2]); // [B, D]
    return unitLength(normBy(params)(pooled, 'head.norm'));
  };
  return {
    config,
    params,
    inputSize: config.inputSize,
    dimensions: config.dims[config.dims.length - 1] ?? 0,
    apply: (x, depth) => tf.tidy(() => params.use(() => apply(x, depth))),
    dispose: () => params.dispose(),
  };
}

/** ConvNeXt without its last norm as a trunk; the sides of images are multiples of 32. */
export function convNextTrunk(config: ConvNextConfig): TrunkDesign {
  const blocks = config.depths.flatMap((depth, stage) =>
    Array.from({ length: depth }, () => ({ channels: config.dims[stage] ?? 0, stridePx: 4 << stage })),
  );
  return {
    blocks,
    specs: (last, seed) => {
      const specs = convNextSpecs(config, seed);
      const wanted = new Set(convNextNamesUpTo(config, last));
      return specs.filter(({ name }) => wanted.has(name));
    },
    maps: (params, images, chosen, depth) => convNextMaps(config, params, images, chosen, depth),
  };
}

/** Names of the parameters up to block `last`, counted through all stages. */
function convNextNamesUpTo({ depths }: ConvNextConfig, last: number): string[] {
  const both = (name: string) => [`${name}.weight`, `${name}.bias`];
  const names = [...both('stem.0'), ...both('stem.1')];
  let index = 0;
  depths.forEach((depth, stage) => {
    if (stage > 0 && index <= last) {
      names.push(...both(`stages.${stage}.downsample.0`), ...both(`stages.${stage}.downsample.1`));
    }
    for (let i = 0; i < depth; i++, index++) {
      if (index > last) return;
      const name = `stages.${stage}.blocks.${i}`;
      for (const layer of ['conv_dw', 'norm', 'mlp.fc1', 'mlp.fc2']) names.push(...both(`${name}.${layer}`));
      names.push(`${name}.gamma`);
    }
  });
  return names;
}

/** The maps after `chosen` blocks, counted through all stages; nothing behind the last of them is computed. */
function convNextMaps(
  config: ConvNextConfig,
  params: ParameterStore,
  image: Tensor4D,
  chosen: readonly number[],
  depth: StochasticDepth | undefined,
): Tensor4D[] {
  const norm = normBy(params);
  const strided = (x: Tensor4D, name: string, stride: number): Tensor4D =>
    conv(x, params.get<Tensor4D>(`${name}.weight`), stride, 0).add(params.get<Tensor1D>(`${name}.bias`));
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
  const last = Math.max(...chosen);
  const kept = new Map<number, Tensor4D>();
  let block = 0;
  const samples = () => dropSamples(image.shape[0], depth, block / Math.max(1, blocks - 1));
  let h: Tensor4D = image.sub(tf.tensor1d([...IMAGENET_MEAN])).div(tf.tensor1d([...IMAGENET_DEVIATION]));
  h = norm(strided(h, 'stem.0', 4), 'stem.1'); // [B, S/4, S/4, dims[0]]
  config.depths.forEach((depth, stage) => {
    if (stage > 0 && block <= last) {
      const name = `stages.${stage}.downsample`;
      h = strided(norm(h, `${name}.0`), `${name}.1`, 2); // halves the side
    }
    for (let i = 0; i < depth && block <= last; i++, block++) {
      h = residual(h, `stages.${stage}.blocks.${i}`, samples());
      kept.set(block, h);
    }
  });
  return chosen.flatMap((index) => kept.get(index) ?? []);
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
