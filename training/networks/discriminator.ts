// The 70×70 PatchGAN discriminator (Isola et al. 2017): 256×256 → a 30×30 map of "is real" scores.
import type { Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { seededRandom } from 'skyfix/random';
import { tf } from '../runtime/index.js';
import { conv } from './convolution.js';
import { instanceNorm } from './instance-norm.js';
import { type ParameterSpec, ParameterStore } from './parameter-store.js';
import { normalNumbers } from './random.js';

export interface DiscriminatorConfig {
  /** Channels of the first convolution; 64 in the paper. */
  readonly filters: number;
}

export interface Discriminator {
  readonly config: DiscriminatorConfig;
  readonly params: ParameterStore;
  /** [B, S, S, 3] in [−1, 1] → [B, S/8 − 2, S/8 − 2, 1], unbounded (least squares). */
  apply(x: Tensor4D): Tensor4D;
}

const STRIDES = [2, 2, 2, 1, 1] as const;

/** A discriminator with weights from N(0, 0.02) and zero biases. */
export function createDiscriminator(config: DiscriminatorConfig, seed: number): Discriminator {
  const n = config.filters;
  const channels = [3, n, 2 * n, 4 * n, 8 * n, 1];
  const uniform = seededRandom(seed);
  const specs: ParameterSpec[] = STRIDES.flatMap((_, i) => {
    const shape = [4, 4, channels[i] ?? 0, channels[i + 1] ?? 0];
    const count = shape.reduce((a, b) => a * b, 1);
    const bias = channels[i + 1] ?? 0;
    return [
      { name: `conv${i}.weight`, shape, data: normalNumbers(uniform, count, 0.02) },
      { name: `conv${i}.bias`, shape: [bias], data: new Float32Array(bias) },
    ];
  });
  const params = new ParameterStore(specs);
  const filter = (i: number) => params.get<Tensor4D>(`conv${i}.weight`);
  const apply = (x: Tensor4D): Tensor4D => {
    let h: Tensor4D = tf.leakyRelu(conv(x, filter(0), 2, 1).add(params.get('conv0.bias')), 0.2); // [B, S/2, S/2, n]
    for (const i of [1, 2, 3]) {
      h = instanceNorm(conv(h, filter(i), STRIDES[i] ?? 1, 1), 0.2); // … [B, S/8 − 1, S/8 − 1, 8n]
    }
    return conv(h, filter(4), 1, 1).add(params.get('conv4.bias'));
  };
  return { config, params, apply: (x) => tf.tidy(() => params.use(() => apply(x))) };
}
