// ConvNeXt (Liu et al. 2022) as a descriptor network: image → unit vector. Parameter names are timm's; weights are
// kept in TensorFlow's layout (see export/torch-layout.ts).
import type { Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { tf } from '../runtime/tf.js';
import { convNextBlock } from './convnext-block.js';
import { conv } from './convolution.js';
import { layerNorm, unitLength } from './layers.js';
import { type ParameterSpec, ParameterStore } from './parameter-store.js';
import { normalNumbers, uniformGenerator } from './random.js';

export interface ConvNextConfig {
  /** Channels of the four stages; the last is the descriptor's size. */
  readonly dims: readonly number[];
  /** Blocks of the four stages. */
  readonly depths: readonly number[];
  /** First value of each block's layer scale: 1e-6 in the paper, 1 for short training from scratch. */
  readonly layerScale: number;
  readonly inputSize: number;
}

export interface ConvNext {
  readonly config: ConvNextConfig;
  readonly params: ParameterStore;
  /** [B, S, S, 3] in [0, 1] → [B, D], unit length */
  apply(x: Tensor4D): Tensor2D;
}

export const IMAGENET_MEAN = [0.485, 0.456, 0.406] as const;
export const IMAGENET_DEVIATION = [0.229, 0.224, 0.225] as const;

/** An encoder with truncated normal weights (0.02), zero biases and the configured layer scale. */
export function createConvNext(config: ConvNextConfig, seed: number): ConvNext {
  const params = new ParameterStore(convNextSpecs(config, seed));
  const get1 = (name: string) => params.get<Tensor1D>(name);
  const norm = <T extends Tensor2D | Tensor4D>(x: T, name: string): T =>
    layerNorm(x, get1(`${name}.weight`), get1(`${name}.bias`));
  const strided = (x: Tensor4D, name: string, stride: number): Tensor4D =>
    conv(x, params.get<Tensor4D>(`${name}.weight`), stride, 0).add(get1(`${name}.bias`));

  const block = (x: Tensor4D, name: string): Tensor4D =>
    convNextBlock(x, {
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
  const apply = (image: Tensor4D): Tensor2D => {
    let h: Tensor4D = image.sub(tf.tensor1d([...IMAGENET_MEAN])).div(tf.tensor1d([...IMAGENET_DEVIATION]));
    h = norm(strided(h, 'stem.0', 4), 'stem.1'); // [B, S/4, S/4, dims[0]]
    config.depths.forEach((depth, stage) => {
      if (stage > 0) {
        const name = `stages.${stage}.downsample`;
        h = strided(norm(h, `${name}.0`), `${name}.1`, 2); // halves the side
      }
      for (let i = 0; i < depth; i++) h = block(h, `stages.${stage}.blocks.${i}`);
    });
    const pooled: Tensor2D = tf.mean(h, [1, 2]); // [B, D]
    return unitLength(norm(pooled, 'head.norm'));
  };
  return { config, params, apply: (x) => tf.tidy(() => params.use(() => apply(x))) };
}

function convNextSpecs({ dims, depths, layerScale }: ConvNextConfig, seed: number): ParameterSpec[] {
  const uniform = uniformGenerator(seed);
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
