// The grid encoder: a trunk's features on a grid of cells of 32 pixels, and a head that makes a descriptor of each window of
// k × k cells (see grid-head.ts). An image of k · 32 pixels has one window; a larger one gives one more every 32 pixels.
import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { SkyfixError } from 'skyfix/errors';
import { tf } from '../runtime/index.js';
import type { Encoder } from './encoder.js';
import { type GridHead, headFromArrays, headSizes, headToArrays } from './grid-head.js';
import { headRows, seenShares } from './head-rows.js';
import { type NamedArray, type ParameterSpec, ParameterStore } from './parameter-store.js';
import {
  featureChannels,
  GRID_STRIDE_PX,
  gridFeatures,
  openTrunk,
  type StochasticDepth,
  type Trunk,
} from './trunk.js';
import { type TrunkKind, trunkDesign } from './trunk-kinds.js';

export interface GridEncoderOptions {
  readonly trunk: TrunkKind;
  /** Blocks of the trunk whose features are used. */
  readonly blocks: readonly number[];
  readonly head: GridHead;
  /** The trunk's parameters as ParameterStore keeps them; random ones of `seed` when absent. */
  readonly params?: Readonly<Record<string, NamedArray>>;
  readonly seed?: number;
  /** Training changes the trunk too, not the head alone. */
  readonly tunesTrunk: boolean;
}

/** A head for descent on features that were made before. */
export interface TrainableHead extends Pick<Encoder, 'params' | 'inputSize' | 'dispose'> {
  /** Features [B, h, w, C] and seen shares [B, h, w, 1] → rows [B · (h − k + 1) · (w − k + 1), D]; see headRows. */
  describeFeatures(features: Tensor4D, seen: Tensor4D): Tensor2D;
  /** The head as it is now. */
  head(): GridHead;
}

export interface GridEncoder extends Encoder, TrainableHead {
  readonly trunk: TrunkKind;
  readonly blocks: readonly number[];
  /** [B, H, W, 3] → features [B, H/32, W/32, C], not standardised; both sides are multiples of 32. */
  features(images: Tensor4D, depth?: StochasticDepth): Tensor4D;
  /** The trunk's parameters as ParameterStore keeps them. */
  trunkArrays(): Record<string, NamedArray>;
}

/** Parts of a head that training changes. */
const LEARNED = ['head.convolution.weight', 'head.convolution.bias', 'head.projection.matrix'];

const headSpecsOf = (head: GridHead): ParameterSpec[] =>
  Object.entries(headToArrays(head)).flatMap(([name, array]) =>
    LEARNED.includes(name) ? [{ name, ...array }] : [],
  );

/** Opens a head; its convolution and projection are in `params`, of its own unless given. */
export function openHead(head: GridHead, params = new ParameterStore(headSpecsOf(head))): TrainableHead {
  const learned = <T extends Tensor>(name: string): T | undefined =>
    params.has(name) ? params.get<T>(name) : undefined;
  const rowsOf = (given: Tensor4D, seen: Tensor4D): Tensor2D => {
    const weight = learned<Tensor2D>('head.convolution.weight');
    const bias = learned<Tensor1D>('head.convolution.bias');
    const matrix = learned<Tensor2D>('head.projection.matrix');
    return headRows(head, given, seen, {
      ...(weight && { weight }),
      ...(bias && { bias }),
      ...(matrix && { matrix }),
    });
  };
  return {
    params,
    inputSize: headSizes(head).cells * GRID_STRIDE_PX,
    describeFeatures: (given, seen) => tf.tidy(() => params.use(() => rowsOf(given, seen))),
    head: () => headFromArrays({ ...headToArrays(head), ...params.toArrays() }, 'the head') ?? head,
    dispose: () => params.dispose(),
  };
}

/**
 * Opens a grid encoder. Training changes the head's convolution and projection, and the trunk where that is asked for. Throws
 * TRAINING_CONFIG_INVALID where the trunk has no such blocks, WEIGHTS_INVALID where the head is for other features.
 */
export function createGridEncoder(options: GridEncoderOptions): GridEncoder {
  const { blocks, head, tunesTrunk, seed = 1 } = options;
  const design = trunkDesign(options.trunk);
  const { dimensions, features: channels } = headSizes(head);
  const given = featureChannels(design.blocks, blocks);
  if (channels !== given) {
    const detail = `The head is for ${channels} channels; blocks [${blocks.join(', ')}] of the trunk have ${given}.`;
    throw new SkyfixError('WEIGHTS_INVALID', detail);
  }
  const last = Math.max(...blocks);
  const trunkSpecs = design.specs(last, seed);
  const headSpecs = headSpecsOf(head);
  const params = new ParameterStore(tunesTrunk ? [...trunkSpecs, ...headSpecs] : headSpecs);
  const trunkParams = tunesTrunk ? params : new ParameterStore(trunkSpecs);
  if (options.params) trunkParams.load({ ...params.toArrays(), ...options.params });
  const trunk: Trunk = openTrunk(design, { params: trunkParams });
  const own = openHead(head, params);

  const features = (images: Tensor4D, depth?: StochasticDepth): Tensor4D =>
    gridFeatures(trunk, images, blocks, depth);
  const inUse = <T extends Tensor>(body: () => T): T => tf.tidy(() => params.use(body));
  return {
    trunk: options.trunk,
    params,
    blocks,
    inputSize: own.inputSize,
    dimensions,
    features: (images, depth) => inUse(() => features(images, depth)),
    describeFeatures: own.describeFeatures,
    apply: (images, depth) => inUse(() => own.describeFeatures(features(images, depth), seenShares(images))),
    head: own.head,
    trunkArrays: () => {
      const arrays = trunkParams.toArrays();
      return Object.fromEntries(Object.entries(arrays).filter(([name]) => !name.startsWith('head.')));
    },
    dispose: () => {
      params.dispose();
      if (trunkParams !== params) trunkParams.dispose();
    },
  };
}
