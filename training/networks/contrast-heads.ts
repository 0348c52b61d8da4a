// The heads of the contrastive encoder C on the generator's S/4 map: three scales, each projected to unit vectors.
import type { Tensor1D, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { seededRandom } from 'skyfix/random';
import { tf } from '../runtime/index.js';
import { conv } from './convolution.js';
import { unitLength } from './layers.js';
import { type ParameterSpec, ParameterStore } from './parameter-store.js';
import { normalNumbers } from './random.js';

export interface ContrastHeadsConfig {
  /** The generator's first channel count; its map has 4·base channels. */
  readonly baseFilters: number;
  /** Dimensions of the projections; 64 in the paper. */
  readonly projection: number;
}

export interface ContrastHeads {
  readonly config: ContrastHeadsConfig;
  readonly params: ParameterStore;
  /** [B, n, n, 4·base] → unit vectors [B, n, n, P], [B, n/2, n/2, P], [B, n/4, n/4, P] */
  apply(features: Tensor4D): Tensor4D[];
}

/** Heads with weights from N(0, 1/√fan-in), so that the projections start with a spread of directions. */
export function createContrastHeads(config: ContrastHeadsConfig, seed: number): ContrastHeads {
  const { baseFilters: base, projection } = config;
  const uniform = seededRandom(seed);
  const specs: ParameterSpec[] = [];
  const add = (name: string, shape: readonly [number, number, number, number]) => {
    const [k, , fanIn, out] = shape;
    const deviation = Math.sqrt(2 / (k * k * fanIn));
    specs.push({
      name: `${name}.weight`,
      shape,
      data: normalNumbers(uniform, k * k * fanIn * out, deviation),
    });
    specs.push({ name: `${name}.bias`, shape: [out], data: new Float32Array(out) });
  };
  add('scale0', [1, 1, 4 * base, 2 * base]);
  add('scale1', [3, 3, 2 * base, 4 * base]);
  add('scale2', [3, 3, 4 * base, 8 * base]);
  [2, 4, 8].forEach((factor, i) => {
    add(`project${i}`, [1, 1, factor * base, projection]);
  });
  const params = new ParameterStore(specs);

  const layer = (x: Tensor4D, name: string, stride: number, pad: number): Tensor4D =>
    conv(x, params.get<Tensor4D>(`${name}.weight`), stride, pad).add(params.get<Tensor1D>(`${name}.bias`));
  const apply = (features: Tensor4D): Tensor4D[] => {
    const fine = tf.relu(layer(features, 'scale0', 1, 0)); // [B, n, n, 2·base]
    const middle = tf.relu(layer(fine, 'scale1', 2, 1)); // [B, n/2, n/2, 4·base]
    const coarse = tf.relu(layer(middle, 'scale2', 2, 1)); // [B, n/4, n/4, 8·base]
    return [fine, middle, coarse].map((map, i) => unitLength(layer(map, `project${i}`, 1, 0)));
  };
  return { config, params, apply: (x) => tf.tidy(() => params.use(() => apply(x))) };
}
