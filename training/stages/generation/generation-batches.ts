// The batches of stage 1. Where every pair is labelled, ground and satellite images of a batch belong together; otherwise
// they are drawn on their own (GAN and cycle losses need no pairs), and labelled pairs come beside them.

import { makeRng, shuffled } from 'skyfix/random';
import type { BatchLoader, Crop } from '../../batches/index.js';
import { type Dihedral, NO_JITTER } from '../../batches/index.js';
import { drawDihedral, drawShift, type Shift, STORES } from '../common/draws.js';
import type { GenerationData } from './generation-data.js';
import type { GenerationOptions } from './options.js';

/** Float32 [B, S, S, 3] in [-1, 1] each. */
export interface GenerationBatch {
  readonly shape: [number, number, number, number];
  readonly ground: Float32Array;
  readonly satellite: Float32Array;
  /** Labelled pairs; absent where ground and satellite are pairs themselves. */
  readonly paired?: { readonly ground: Float32Array; readonly satellite: Float32Array };
  /** What the batch is made of, for a message. */
  readonly rows: unknown;
}

const ORDERS = { ground: 1_000_000, satellite: 2_000_000, pairs: 3_000_000 } as const;

interface Slot {
  readonly store: number;
  readonly index: number;
}

interface Augmentation extends Shift {
  readonly dihedral: Dihedral;
}

export class GenerationSampler {
  readonly #data: GenerationData;
  readonly #options: GenerationOptions;
  readonly #sizePx: number;
  /** Where the middle of a ground image begins. */
  readonly #middlePx: number;
  readonly #shiftPx: number;

  constructor(data: GenerationData, options: GenerationOptions, sizePx: number) {
    this.#data = data;
    this.#options = options;
    this.#sizePx = sizePx;
    this.#middlePx = data.panorama ? 0 : (data.inputs.sizePx - sizePx) >> 1;
    this.#shiftPx = Math.min(this.#middlePx, data.marginPx);
  }

  async load(loader: BatchLoader, step: number): Promise<GenerationBatch> {
    const { labels, inputs, gallery } = this.#data;
    const { batch, seed } = this.#options;
    const rng = makeRng(seed, step);
    const augmentations = Array.from({ length: 3 * batch }, () => ({
      dihedral: drawDihedral(this.#options.flip, rng),
      ...drawShift(this.#shiftPx, rng),
    }));
    // Labelled pairs: reading the label says that row k's own tile may be shown with it.
    const pairs = this.#draw(labels.labelled, step, ORDERS.pairs).map((row) => {
      labels.tileOf(row);
      return row;
    });
    const ofPairs = (side: 'ground' | 'satellite') =>
      pairs.map((index): Slot => ({ store: side === 'ground' ? STORES.queries : STORES.tiles, index }));
    const allPaired = labels.unlabelled.length === 0 && inputs.count === labels.labelled.length;
    const range = (count: number) => Array.from({ length: count }, (_, k) => k);
    const ground = allPaired
      ? ofPairs('ground')
      : this.#draw(range(inputs.count), step, ORDERS.ground).map((index) => ({
          store: STORES.queries,
          index,
        }));
    const satellite = allPaired
      ? ofPairs('satellite')
      : this.#draw(range(gallery.count), step, ORDERS.satellite).map((index) => ({
          store: STORES.gallery,
          index,
        }));
    const [first, second] = [augmentations.slice(0, batch), augmentations.slice(batch, 2 * batch)];
    const third = augmentations.slice(2 * batch);
    const crops = [
      ...this.#crops(ground, first),
      ...this.#crops(satellite, allPaired ? first : second),
      ...(allPaired
        ? []
        : [...this.#crops(ofPairs('ground'), third), ...this.#crops(ofPairs('satellite'), third)]),
    ];
    const pixels = await loader.load(crops);
    const each = batch * this.#sizePx * this.#sizePx * 3;
    const part = (k: number) => pixels.subarray(k * each, (k + 1) * each);
    return {
      shape: [batch, this.#sizePx, this.#sizePx, 3],
      ground: part(0),
      satellite: part(1),
      ...(!allPaired && { paired: { ground: part(2), satellite: part(3) } }),
      rows: { ground, satellite, pairs },
    };
  }

  /** The step's part of passes over `all` in random order. */
  #draw(all: readonly number[], step: number, stream: number): number[] {
    const { batch, seed } = this.#options;
    return Array.from({ length: batch }, (_, slot) => {
      const at = step * batch + slot;
      const pass = Math.floor(at / all.length);
      return all[this.#order(all.length, seed, stream + pass)[at % all.length] as number] as number;
    });
  }

  readonly #orders = new Map<string, readonly number[]>();

  #order(count: number, seed: number, stream: number): readonly number[] {
    const key = `${count}:${stream}`;
    let order = this.#orders.get(key);
    if (!order) {
      if (this.#orders.size > 8) this.#orders.clear();
      order = shuffled(count, makeRng(seed, stream));
      this.#orders.set(key, order);
    }
    return order;
  }

  #crops(slots: readonly Slot[], augmentations: readonly Augmentation[]): Crop[] {
    const { marginPx, panorama } = this.#data;
    return slots.map(({ store, index }, k) => {
      const ground = store === STORES.queries;
      const { dihedral, eastPx, southPx } = augmentations[k] as Augmentation;
      const middle = ground ? this.#middlePx : marginPx;
      return {
        store,
        row: index,
        leftPx: middle + eastPx,
        topPx: middle + southPx,
        sizePx: this.#sizePx,
        dihedral,
        jitter: NO_JITTER,
        seed: 0,
        stream: 0,
        range: 'signed',
        ...(ground && panorama && { panorama: true }),
      };
    });
  }
}
