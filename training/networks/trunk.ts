// A trunk: a network pretrained on pictures of all kinds, of which the feature maps of chosen blocks are used, brought to
// one grid of a cell per 32 × 32 pixels.
import type { Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { SkyfixError } from 'skyfix/errors';
import { tf } from '../runtime/index.js';
import { type ParameterSpec, ParameterStore } from './parameter-store.js';

/** Pixels of an image along the side of a cell of the grid. */
export const GRID_STRIDE_PX = 32;

/** What one block of a trunk gives. */
export interface BlockShape {
  readonly channels: number;
  /** Pixels of the image along the side of a cell of its map. */
  readonly stridePx: number;
}

/** A kind of trunk, without parameters. */
export interface TrunkDesign {
  readonly blocks: readonly BlockShape[];
  /** Random parameters of everything up to block `last`. */
  specs(last: number, seed: number): ParameterSpec[];
  /** Trunk.maps with parameters that are in use. */
  maps(
    params: ParameterStore,
    images: Tensor4D,
    chosen: readonly number[],
    depth?: StochasticDepth,
  ): Tensor4D[];
}

export interface Trunk {
  readonly params: ParameterStore;
  readonly blocks: readonly BlockShape[];
  /**
   * [B, H, W, 3] in [0, 1] → the map [B, ⌈H/s⌉, ⌈W/s⌉, C] after each of `chosen` (numbers of blocks from 0, in the order
   * asked for); nothing behind the last of them is computed. Differentiable for the images and the parameters.
   */
  maps(images: Tensor4D, chosen: readonly number[], depth?: StochasticDepth): Tensor4D[];
}

/** Stochastic depth (Huang et al. 2016), as ConvNeXt is trained. */
export interface StochasticDepth {
  /** Share of samples whose branch is left out in the last block; from 0 in the first block it grows linearly. */
  readonly rate: number;
  /** Seeded uniform numbers; one is drawn a block and sample. */
  readonly uniform: () => number;
}

/** A trunk of a design with random parameters up to block `last` (the last one when absent), or with those of `params`. */
export function openTrunk(
  design: TrunkDesign,
  options: { readonly last?: number; readonly seed?: number; readonly params?: ParameterStore } = {},
): Trunk {
  const { last = design.blocks.length - 1, seed = 1 } = options;
  const params = options.params ?? new ParameterStore(design.specs(last, seed));
  const maps: Trunk['maps'] = (images, chosen, depth) =>
    tf.tidy(() => params.use(() => design.maps(params, images, chosen, depth)));
  return { params, blocks: design.blocks, maps };
}

/** Channels of the features of `chosen` blocks together. Throws TRAINING_CONFIG_INVALID where there is no such block. */
export function featureChannels(blocks: readonly BlockShape[], chosen: readonly number[]): number {
  return checkedBlocks(blocks, chosen).reduce((sum, { channels }) => sum + channels, 0);
}

/** The shapes of `chosen` blocks. Throws TRAINING_CONFIG_INVALID where there is none, or one twice, or one unknown. */
export function checkedBlocks(blocks: readonly BlockShape[], chosen: readonly number[]): BlockShape[] {
  const last = blocks.length - 1;
  if (chosen.length === 0 || new Set(chosen).size !== chosen.length) {
    const detail = `The trunk's blocks [${chosen.join(', ')}] are none, or name one twice; it has 0 to ${last}.`;
    throw new SkyfixError('TRAINING_CONFIG_INVALID', detail);
  }
  return chosen.map((index) => {
    const block = blocks[index];
    if (!block) {
      throw new SkyfixError(
        'TRAINING_CONFIG_INVALID',
        `The trunk has no block ${index}; its blocks are numbered from 0 to ${last}.`,
      );
    }
    return block;
  });
}

/**
 * [B, H, W, 3] in [0, 1] → features [B, ⌈H/32⌉, ⌈W/32⌉, C] of `chosen` blocks, one behind the other: finer maps are
 * averaged over the cells of the grid.
 */
export function gridFeatures(
  trunk: Trunk,
  images: Tensor4D,
  chosen: readonly number[],
  depth?: StochasticDepth,
): Tensor4D {
  const shapes = checkedBlocks(trunk.blocks, chosen);
  return tf.tidy(() => {
    const maps = trunk.maps(images, chosen, depth).map((map, i) => {
      const factor = GRID_STRIDE_PX / (shapes[i]?.stridePx ?? GRID_STRIDE_PX);
      return factor === 1 ? map : tf.avgPool(map, factor, factor, 'same'); // cells beyond the border do not count
    });
    return maps.length === 1 && maps[0] ? maps[0] : (tf.concat(maps, 3) as Tensor4D);
  });
}
