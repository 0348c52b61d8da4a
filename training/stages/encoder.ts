// Stage 3: the encoder learns to give a query (generated view, BEV, or raw panorama) and its tile the same descriptor.
// InfoNCE from the start; after a warm-up the hard-sample triplet of eq. (8) is added.
import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { type ColourJitter, nearOrder, writeCrop } from '../data/augment.js';
import { type ImageSet, imageBytes } from '../data/image-set.js';
import type { Descriptors } from '../evaluation/retrieval.js';
import { hardTriplet, infoNce } from '../losses/index.js';
import { Adam, type ConvNext, clipToLength, valueAndFlatGrads } from '../networks/index.js';
import { makeRng } from '../random/rng.js';
import { tf } from '../runtime/tf.js';
import { assertFinite, type StageHooks, trainSteps } from './loop.js';
import { cosineDecay } from './schedule.js';

export interface EncoderOptions {
  readonly seed: number;
  readonly steps: number;
  readonly batch: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly warmupSteps: number;
  /** The gradient's length is cut to this. */
  readonly clipNorm: number;
  /** InfoNCE's scale (1 / temperature). */
  readonly scale: number;
  readonly labelSmoothing: number;
  /** Step from which the hard-sample triplet is added; Infinity leaves it out. */
  readonly tripletFromStep: number;
  readonly tripletWeight: number;
  /** Turns and mirror images of the square for both images of a pair; off for raw panoramas. */
  readonly dihedral: boolean;
  readonly jitter: ColourJitter;
  /** Largest random offset of a tile from its query in pixels; the stored tiles carry this margin on every side. */
  readonly offsetPx: number;
  /** Places that lie near each other come in groups of so many into a batch, as hard negatives; 1: none. */
  readonly groupSize: number;
}

/** Pairs: query k belongs to tile k. Tiles are wider than the queries by a margin on every side. */
export interface PairSet {
  readonly queries: ImageSet;
  readonly tiles: ImageSet;
  /** near[k]: places close to place k but not the same: they look alike, and share its batches. */
  readonly near: readonly (readonly number[])[];
}

/** Trains the encoder in place. `hooks` says where checkpoints go and who hears of progress. */
export async function trainEncoder(
  encoder: ConvNext,
  pairs: PairSet,
  options: EncoderOptions,
  hooks: StageHooks,
): Promise<void> {
  const size = pairs.queries.sizePx;
  const marginPx = (pairs.tiles.sizePx - size) / 2;
  const batch = Math.min(options.batch, pairs.queries.count);
  const shape: [number, number, number, number] = [batch, size, size, 3];
  const queryData = new Float32Array(batch * size * size * 3);
  const tileData = new Float32Array(batch * size * size * 3);
  const optimiser = new Adam(encoder.params, { weightDecay: options.weightDecay });
  const perEpoch = Math.floor(pairs.queries.count / batch);

  await trainSteps({
    steps: options.steps,
    parts: { encoder: encoder.params, adam: optimiser },
    hooks,
    step: async (step) => {
      const epoch = Math.floor(step / perEpoch);
      const order = nearOrder(pairs.near, options.groupSize, makeRng(options.seed, 1_000_000 + epoch));
      const rng = makeRng(options.seed, step);
      const start = (step % perEpoch) * batch;
      for (let slot = 0; slot < batch; slot++) {
        const row = order[start + slot] as number;
        const dihedral = options.dihedral ? rng.int(0, 7) : 0;
        const common = { sizePx: size, dihedral, jitter: options.jitter, rng, range: 'unit' as const };
        const offset = (): number => Math.round(rng.range(-options.offsetPx, options.offsetPx));
        writeCrop(pairs.queries, row, queryData, slot, { ...common, leftPx: 0, topPx: 0 });
        const crop = { ...common, leftPx: marginPx + offset(), topPx: marginPx + offset() };
        writeCrop(pairs.tiles, row, tileData, slot, crop);
      }
      const queries = tf.tensor4d(queryData, shape);
      const tiles = tf.tensor4d(tileData, shape);
      const { loss, grads } = valueAndFlatGrads(() => {
        const both = encoder.apply(tf.concat4d([queries, tiles], 0)); // [2B, D]
        const [q, t] = tf.split(both, 2, 0) as [Tensor2D, Tensor2D];
        const nce = infoNce(q, t, { scale: options.scale, labelSmoothing: options.labelSmoothing });
        if (step < options.tripletFromStep) return { loss: nce };
        return { loss: nce.add(hardTriplet(q, t).mul(options.tripletWeight)) };
      }, [encoder.params]);
      const value = (await loss.data())[0] as number;
      assertFinite('encoder', step, { loss: value });
      const gradient = grads[0];
      if (!gradient) throw new Error('No gradient for the encoder.');
      const clipped = clipToLength(gradient, options.clipNorm);
      optimiser.step(clipped, cosineDecay(step, options.steps, options.learningRate, options.warmupSteps));
      tf.dispose([queries, tiles, loss, clipped, ...grads]);
      return { loss: value };
    },
  });
  optimiser.dispose();
}

/** Descriptors of a set's centre crops of sizePx, in batches of 32. */
export async function describe(encoder: ConvNext, set: ImageSet, sizePx: number): Promise<Descriptors> {
  const dimensions = encoder.config.dims.at(-1) ?? 0;
  const data = new Float32Array(set.count * dimensions);
  const images = centreCrop(set, sizePx);
  for (let start = 0; start < set.count; start += 32) {
    const count = Math.min(32, set.count - start);
    const output = tf.tidy(() => encoder.apply(bytesToTensor(images, start, count).div(255)));
    data.set(await output.data(), start * dimensions);
    output.dispose();
  }
  return { count: set.count, dimensions, data };
}

/** Images start..start+count as float32 [count, S, S, 3] in [0, 255]. */
export function bytesToTensor(set: ImageSet, start: number, count: number): Tensor4D {
  const bytes = imageBytes(set);
  const slice = set.data.subarray(start * bytes, (start + count) * bytes);
  return tf.tensor4d(Float32Array.from(slice), [count, set.sizePx, set.sizePx, 3]);
}

/** The middle sizePx x sizePx of every image. */
export function centreCrop(set: ImageSet, sizePx: number): ImageSet {
  if (set.sizePx === sizePx) return set;
  const margin = (set.sizePx - sizePx) >> 1;
  const out = new Uint8Array(set.count * sizePx * sizePx * 3);
  for (let index = 0; index < set.count; index++) {
    for (let row = 0; row < sizePx; row++) {
      const from = index * imageBytes(set) + ((margin + row) * set.sizePx + margin) * 3;
      out.set(set.data.subarray(from, from + sizePx * 3), (index * sizePx + row) * sizePx * 3);
    }
  }
  return { sizePx, count: set.count, data: out };
}
