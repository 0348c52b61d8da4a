// One step of stage 3: the losses of a batch, and the weights that follow from them.
import type { Scalar, Tensor2D, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { makeRng } from 'skyfix/random';
import { createLearnableScale, hardTriplet, infoNce } from '../../losses/index.js';
import { Adam, Ema, type Encoder, valueAndFlatGrads } from '../../networks/index.js';
import { tf } from '../../runtime/index.js';
import { assertFinite } from '../common/loop.js';
import { cosineDecay } from '../common/schedule.js';
import type { TrainingPair } from './encoder-data.js';
import type { EncoderOptions } from './options.js';

/** The encoder in training and what belongs to it. */
export interface Trainee {
  readonly encoder: Encoder;
  readonly adam: Adam;
  /** The scale of InfoNCE's similarities, where it is learned. */
  readonly scale?: ReturnType<typeof createLearnableScale>;
  readonly scaleAdam?: Adam;
  /** The weights' average over the last steps, where the run keeps one. */
  readonly average?: Ema;
}

export function createTrainee(encoder: Encoder, options: EncoderOptions): Trainee {
  const adam = new Adam(encoder.params, { weightDecay: options.weightDecay });
  const scale = options.infoNce.scale === 'learnable' ? createLearnableScale() : undefined;
  return {
    encoder,
    adam,
    ...(scale && { scale, scaleAdam: new Adam(scale.params) }),
    ...(options.emaDecay > 0 && { average: new Ema(encoder.params, { decay: options.emaDecay }) }),
  };
}

/** Everything but the encoder, whose weights are what stage 3 is for. */
export function disposeTrainee({ adam, scale, scaleAdam, average }: Trainee): void {
  for (const part of [adam, scaleAdam, scale?.params, average]) part?.dispose();
}

export interface StepBatch {
  readonly pairs: readonly TrainingPair[];
  /** Float32 [2B, S, S, 3] in [0, 1]: the queries, then their tiles. */
  readonly pixels: Float32Array;
  /** [B, B]: 1 where two pairs are no negatives of each other. */
  readonly excluded: Float32Array | undefined;
}

/** Takes the step of this number; returns its losses. Throws TRAINING_DIVERGED before any weight has changed. */
export async function encoderStep(
  trainee: Trainee,
  batch: StepBatch,
  index: number,
  options: EncoderOptions,
): Promise<Record<string, number>> {
  const { encoder, scale } = trainee;
  const { inputSize } = encoder;
  const images = tf.tensor4d(batch.pixels, [2 * batch.pairs.length, inputSize, inputSize, 3]);
  const stores = [encoder.params, ...(scale ? [scale.params] : [])];
  const { loss, aux, grads } = valueAndFlatGrads(
    () => lossesOf(trainee, images, batch, index, options),
    stores,
  );
  const values = await Promise.all(
    Object.entries({ loss, ...aux }).map(
      async ([name, value]) => [name, (await value.data())[0] as number] as const,
    ),
  );
  const losses = Object.fromEntries(values);
  assertFinite('encoder', index, losses, batch.pairs);
  const [gradient, scaleGradient] = grads;
  if (!gradient) throw new Error('No gradient for the encoder.');
  const rate = cosineDecay(index, options.steps, options.learningRate, options.warmupSteps);
  trainee.adam.step(gradient, rate, options.clipNorm);
  if (scaleGradient) trainee.scaleAdam?.step(scaleGradient, rate);
  trainee.average?.update();
  tf.dispose([images, loss, ...grads, ...Object.values(aux)]);
  return losses;
}

/** The weighted sum of the losses that the step trains, and each by its name. */
function lossesOf(
  { encoder, scale }: Trainee,
  images: Tensor4D,
  { pairs, excluded }: StepBatch,
  index: number,
  options: EncoderOptions,
): { readonly loss: Scalar; readonly aux: Record<string, Scalar> } {
  const { infoNce: nce, triplet } = options;
  const both = encoder.apply(images, depthAt(index, options)); // [2B, D]
  const [queries, tiles] = tf.split(both, 2, 0) as [Tensor2D, Tensor2D];
  const apart = excluded && { exclude: tf.tensor2d(excluded, [pairs.length, pairs.length]) };
  const aux: Record<string, Scalar> = {};
  if (nce.weight > 0) {
    aux.infoNce = infoNce(queries, tiles, {
      scale: scale ? scale.apply() : (nce.scale as number),
      labelSmoothing: nce.labelSmoothing,
      ...apart,
    });
  }
  if (triplet.weight > 0 && index >= triplet.fromShare * options.steps) {
    aux.triplet = hardTriplet(queries, tiles, { ...triplet, ...apart }); // eq. (8)
  }
  const weighted = Object.entries(aux).map(([name, part]) =>
    part.mul(name === 'infoNce' ? nce.weight : triplet.weight),
  );
  const loss = weighted.length === 0 ? both.sum().mul(0) : tf.addN(weighted);
  return { loss: loss as Scalar, aux };
}

/** Streams of the generator that stochastic depth draws from, one a step. */
const DEPTH_STREAM = 40_000_000;

const depthAt = (index: number, { dropPath, seed }: EncoderOptions) =>
  dropPath > 0 ? { rate: dropPath, uniform: makeRng(seed, DEPTH_STREAM + index).next } : undefined;
