// The ResNet generator of CycleGAN (SPEC: G and F), e.g. 256×256×3 → 256×256×3 in [−1, 1].
// Biases in front of an instance norm cancel out; they are kept as parameters (the published count has them) and
// left out of the computation.
import type { Tensor3D, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { seededRandom } from 'skyfix/random';
import { tf } from '../runtime/index.js';
import { conv, convTransposeDouble, reflectConv } from './convolution.js';
import { instanceNorm } from './instance-norm.js';
import { type ParameterSpec, ParameterStore } from './parameter-store.js';
import { normalNumbers } from './random.js';

export interface GeneratorConfig {
  /** Channels of the first convolution; 64 in the paper. */
  readonly baseFilters: number;
  /** Residual blocks; 9 in the paper. */
  readonly blocks: number;
  /**
   * The network's tanh is added to its input and the sum cut to [-1, 1], instead of being the view itself (`learn_residual` of
   * DeblurGAN, Kupyn et al. 2018, on the same generator). Not in the paper: what the input shows reaches the view
   * unless the network takes it away.
   */
  readonly learnResidual?: boolean;
  /** Side of the images, pixels; a multiple of 4. */
  readonly inputSize: number;
}

export interface Generator {
  readonly config: GeneratorConfig;
  readonly params: ParameterStore;
  /** [B, S, S, 3] in [−1, 1] → [B, S, S, 3] in [−1, 1] */
  apply(x: Tensor4D): Tensor4D;
  /** [B, S, S, 3] → [B, S/4, S/4, 4·base], the map the contrast heads take. */
  encodeFeatures(x: Tensor4D): Tensor4D;
}

/** Slope below zero of the activation behind a norm. */
const RELU = 0;

/** A generator with weights from N(0, 0.02) and zero biases. */
export function createGenerator(config: GeneratorConfig, seed: number): Generator {
  const params = new ParameterStore(generatorSpecs(config, seed));
  const filter = (name: string) => params.get<Tensor4D>(`${name}.weight`);

  const encode = (x: Tensor4D): Tensor4D => {
    let h = instanceNorm(reflectConv(x, filter('in'), 3), RELU); // [B, S, S, base]
    h = instanceNorm(conv(h, filter('down1'), 2, 1), RELU); // [B, S/2, S/2, 2·base]
    return instanceNorm(conv(h, filter('down2'), 2, 1), RELU); // [B, S/4, S/4, 4·base]
  };
  const residual = (x: Tensor4D, block: number): Tensor4D => {
    const h = instanceNorm(reflectConv(x, filter(`block${block}.conv1`), 1), RELU);
    return x.add(instanceNorm(reflectConv(h, filter(`block${block}.conv2`), 1)));
  };
  const decode = (x: Tensor4D): Tensor4D => {
    let h = instanceNorm(convTransposeDouble(x, filter('up1')), RELU); // [B, S/2, S/2, 2·base]
    h = instanceNorm(convTransposeDouble(h, filter('up2')), RELU); // [B, S, S, base]
    return tf.tanh(reflectConv(h, filter('out'), 3).add(params.get('out.bias')));
  };
  return {
    config,
    params,
    apply: (x) =>
      tf.tidy(() =>
        params.use(() => {
          let h = encode(x);
          for (let block = 0; block < config.blocks; block++) h = residual(h, block);
          const out = decode(h);
          return config.learnResidual ? (out.add(x).clipByValue(-1, 1) as Tensor4D) : out;
        }),
      ),
    encodeFeatures: (x) => tf.tidy(() => params.use(() => encode(x))),
  };
}

function generatorSpecs({ baseFilters: base, blocks }: GeneratorConfig, seed: number): ParameterSpec[] {
  const uniform = seededRandom(seed);
  const specs: ParameterSpec[] = [];
  const add = (name: string, shape: readonly number[], biasSize: number) => {
    const count = shape.reduce((a, b) => a * b, 1);
    specs.push({ name: `${name}.weight`, shape, data: normalNumbers(uniform, count, 0.02) });
    specs.push({ name: `${name}.bias`, shape: [biasSize], data: new Float32Array(biasSize) });
  };
  add('in', [7, 7, 3, base], base);
  add('down1', [3, 3, base, 2 * base], 2 * base);
  add('down2', [3, 3, 2 * base, 4 * base], 4 * base);
  for (let block = 0; block < blocks; block++) {
    add(`block${block}.conv1`, [3, 3, 4 * base, 4 * base], 4 * base);
    add(`block${block}.conv2`, [3, 3, 4 * base, 4 * base], 4 * base);
  }
  add('up1', [3, 3, 2 * base, 4 * base], 2 * base);
  add('up2', [3, 3, base, 2 * base], base);
  add('out', [7, 7, base, 3], 3);
  return specs;
}

/** An image [H, W, 3] in [0, 1] as the generators take it: [1, H, W, 3] in [−1, 1]. */
export function toGeneratorRange(image: Tensor3D): Tensor4D {
  return tf.tidy(() => image.mul(2).sub(1).expandDims(0) as Tensor4D);
}
