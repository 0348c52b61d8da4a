// Stage 3: the encoder learns to give a query (generated view, BEV or raw panorama) and its tile the same descriptor, from
// labelled pairs and, with self-training, from pairs that it finds itself (Algorithm 1).
import type { Scalar, Tensor2D } from '@tensorflow/tfjs-node-gpu';
import type { Crop } from '../../batches/index.js';
import { BatchLoader } from '../../batches/index.js';
import { makeRng } from '../../common/index.js';
import { createLearnableScale, hardTriplet, infoNce } from '../../losses/index.js';
import { Adam, type ConvNext, clipToLength, Ema, valueAndFlatGrads } from '../../networks/index.js';
import { tf } from '../../runtime/index.js';
import {
  assertFinite,
  type BestStep,
  loadParts,
  type StageHooks,
  trainSteps,
  waitFor,
} from '../common/loop.js';
import { cosineDecay } from '../common/schedule.js';
import { encoderCrops } from './encoder-crops.js';
import type { EncoderData, TrainingPair } from './encoder-data.js';
import type { EncoderOptions } from './options.js';
import { PairSampler } from './pair-sampler.js';
import { SelfTraining, type SelfTrainingReport } from './self-training.js';

export interface EncoderHooks extends StageHooks {
  onSelfTraining?(report: SelfTrainingReport): void;
}

/** Streams of the generator that stochastic depth draws from, one a step. */
const DEPTH_STREAM = 40_000_000;

/** Trains the encoder in place. `hooks` says where checkpoints go and who hears of progress. */
export async function trainEncoder(
  encoder: ConvNext,
  data: EncoderData,
  options: EncoderOptions,
  hooks: EncoderHooks,
): Promise<BestStep | undefined> {
  const size = encoder.config.inputSize;
  const optimiser = new Adam(encoder.params, { weightDecay: options.weightDecay });
  const { scale } = options.infoNce;
  const learned = scale === 'learnable' ? createLearnableScale() : undefined;
  const scaleOptimiser = learned && new Adam(learned.params);
  const average = options.emaDecay > 0 ? new Ema(encoder.params, { decay: options.emaDecay }) : undefined;
  const sampler = new PairSampler(encoder, data, options);
  const self = new SelfTraining(encoder, data, options, hooks.onSelfTraining);
  const loader = new BatchLoader([data.queries, data.tiles, data.gallery], options.loader);

  interface Loaded {
    readonly pairs: readonly TrainingPair[];
    readonly crops: Promise<Float32Array>;
  }
  const ahead = new Map<number, Loaded>();
  const load = async (step: number): Promise<Loaded> => {
    const pairs = await sampler.pairsAt(step, self.selected);
    const crops: readonly Crop[] = encoderCrops(data, pairs, size, step, options);
    const loaded = { pairs, crops: loader.load(crops) };
    loaded.crops.catch(() => {}); // told where it is awaited
    return loaded;
  };

  const depthAt = (index: number) =>
    options.dropPath > 0
      ? { rate: options.dropPath, uniform: makeRng(options.seed, DEPTH_STREAM + index).next }
      : undefined;

  const step = async (index: number): Promise<Record<string, number>> => {
    await self.updateAt(index);
    const { pairs, crops } = ahead.get(index) ?? (await load(index));
    ahead.clear();
    const next = index + 1;
    // The next batch is cropped while this step computes, unless it depends on what this step makes of the network.
    if (next < options.steps && !self.isDue(next) && !sampler.minesAt(next))
      ahead.set(next, await load(next));
    const pixels = await waitFor(crops, hooks);
    const count = pairs.length;
    const images = tf.tensor4d(pixels, [2 * count, size, size, 3]); // queries, then tiles
    const stores = [encoder.params, ...(learned ? [learned.params] : [])];
    const excluded = sampler.places.exclusion(pairs);
    const { loss, aux, grads } = valueAndFlatGrads(() => {
      const both = encoder.apply(images, depthAt(index)); // [2B, D]
      const [q, t] = tf.split(both, 2, 0) as [Tensor2D, Tensor2D];
      const apart = excluded && { exclude: tf.tensor2d(excluded, [count, count]) };
      const parts: Record<string, Scalar> = {};
      if (options.infoNce.weight > 0) {
        parts.infoNce = infoNce(q, t, {
          scale: learned ? learned.apply() : (scale as number),
          labelSmoothing: options.infoNce.labelSmoothing,
          ...apart,
        });
      }
      if (options.triplet.weight > 0 && index >= options.triplet.fromShare * options.steps) {
        parts.triplet = hardTriplet(q, t, { ...options.triplet, ...apart }); // eq. (8)
      }
      const weighted = Object.entries(parts).map(([name, part]) =>
        part.mul(name === 'infoNce' ? options.infoNce.weight : options.triplet.weight),
      );
      const total = weighted.length === 0 ? both.sum().mul(0) : tf.addN(weighted);
      return { loss: total as Scalar, aux: parts };
    }, stores);
    const values = await Promise.all(
      Object.entries({ loss, ...aux }).map(
        async ([name, t]) => [name, (await t.data())[0] as number] as const,
      ),
    );
    const losses = Object.fromEntries(values);
    assertFinite('encoder', index, losses, pairs);
    const rate = cosineDecay(index, options.steps, options.learningRate, options.warmupSteps);
    const [gradient, scaleGradient] = grads;
    if (!gradient) throw new Error('No gradient for the encoder.');
    const clipped = clipToLength(gradient, options.clipNorm);
    optimiser.step(clipped, rate);
    if (scaleGradient) scaleOptimiser?.step(scaleGradient, rate);
    average?.update();
    tf.dispose([images, loss, clipped, ...grads, ...Object.values(aux)]);
    return losses;
  };

  const measured = hooks.validation;
  const averaged = <T>(body: () => T | Promise<T>): Promise<T> | T => (average ? average.use(body) : body());
  try {
    const best = await trainSteps({
      steps: options.steps,
      parts: {
        encoder: encoder.params,
        adam: optimiser,
        sampler,
        self,
        ...(average && { average }),
        ...(learned && scaleOptimiser && { scale: learned.params, scaleAdam: scaleOptimiser }),
      },
      hooks: {
        ...hooks,
        ...(measured && {
          validation: { ...measured, measure: async (at) => averaged(() => measured.measure(at)) },
        }),
      },
      step,
    });
    // What goes on from here is the average, where there is one.
    if (average) encoder.params.load(await averaged(() => encoder.params.toArrays()));
    return best;
  } finally {
    await loader.close();
    for (const part of [optimiser, scaleOptimiser, learned?.params, average]) part?.dispose();
  }
}

/** Loads the weights of the best validation: the average, where the run keeps one. Throws DATASET_INVALID. */
export async function loadBestEncoder(
  path: string,
  key: string,
  encoder: ConvNext,
  emaDecay: number,
): Promise<void> {
  if (emaDecay === 0) {
    await loadParts(path, key, { encoder: encoder.params });
    return;
  }
  const average = new Ema(encoder.params, { decay: emaDecay });
  try {
    await loadParts(path, key, { average });
    encoder.params.load(await average.use(() => encoder.params.toArrays()));
  } finally {
    average.dispose();
  }
}
