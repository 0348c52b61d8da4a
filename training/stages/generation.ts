// Stage 1: BEV-CycleGAN. G: BEV -> satellite, F: satellite -> BEV, with least-squares GAN losses (history pool),
// cycle consistency and the multi-scale patch contrast of eq. (4) on pairs. Total: eq. (5).
import type { Scalar, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { NO_JITTER, shuffled, writeCrop } from '../data/augment.js';
import type { ImageSet } from '../data/image-set.js';
import { cycleLoss, discriminatorLoss, generatorLoss, HistoryPool, patchContrast } from '../losses/index.js';
import {
  Adam,
  createContrastHeads,
  createDiscriminator,
  createGenerator,
  type Generator,
  type Profile,
  valueAndFlatGrads,
} from '../networks/index.js';
import { makeRng } from '../random/rng.js';
import { tf } from '../runtime/tf.js';
import { bytesToTensor } from './encoder.js';
import { assertFinite, type StageHooks, trainSteps } from './loop.js';
import { linearDecay } from './schedule.js';

export interface GenerationOptions {
  readonly seed: number;
  readonly steps: number;
  readonly batch: number;
  readonly learningRate: number;
  readonly lambdaCycle: number;
  readonly lambdaContrast: number;
  /** Weight of |G(x) - y| on pairs (pix2pix); 0 is the paper's eq. (5). A short schedule needs it. */
  readonly lambdaPaired: number;
  /** First steps, in which G and F learn from |G(x) - y| and |F(y) - x| alone; 0 in the paper. */
  readonly pairedWarmupSteps: number;
  readonly pairedWarmupRate: number;
  /** Contrast positions per layer; the whole map where it is smaller. */
  readonly positions: number;
  readonly temperature: number;
}

/** BEVs and tiles; image k of one belongs to image k of the other. Tiles may carry a margin, which is left out. */
export interface GenerationPairs {
  readonly bevs: ImageSet;
  readonly tiles: ImageSet;
}

/** Trains G and F from scratch and returns G; the caller disposes its parameters. */
export async function trainGenerator(
  profile: Profile,
  pairs: GenerationPairs,
  options: GenerationOptions,
  hooks: StageHooks,
): Promise<Generator> {
  const { seed } = options;
  const g = createGenerator(profile.generator, seed + 1);
  const f = createGenerator(profile.generator, seed + 2);
  const dSat = createDiscriminator(profile.discriminator, seed + 3);
  const dBev = createDiscriminator(profile.discriminator, seed + 4);
  const heads = createContrastHeads(profile.contrast, seed + 5);
  const adam = { beta1: 0.5 };
  const optimisers = {
    g: new Adam(g.params, adam),
    f: new Adam(f.params, adam),
    heads: new Adam(heads.params, adam),
    dSat: new Adam(dSat.params, adam),
    dBev: new Adam(dBev.params, adam),
  };
  const satPool = new HistoryPool(50, seed + 6);
  const bevPool = new HistoryPool(50, seed + 7);
  const size = pairs.bevs.sizePx;
  const margin = (pairs.tiles.sizePx - size) >> 1;
  const { batch } = options;
  const perEpoch = Math.floor(pairs.bevs.count / batch);
  const shape: [number, number, number, number] = [batch, size, size, 3];
  const bevData = new Float32Array(batch * size * size * 3);
  const tileData = new Float32Array(batch * size * size * 3);

  const pairedStep = async (x: Tensor4D, y: Tensor4D): Promise<Record<string, number>> => {
    const { loss, aux, grads } = valueAndFlatGrads(() => {
      const toSat = cycleLoss(g.apply(x), y);
      return { loss: toSat.add(cycleLoss(f.apply(y), x)) as Scalar, aux: { toSat } };
    }, [g.params, f.params]);
    const [gradG, gradF] = grads;
    if (!gradG || !gradF) throw new Error('A generator gradient is missing.');
    optimisers.g.step(gradG, options.pairedWarmupRate);
    optimisers.f.step(gradF, options.pairedWarmupRate);
    const paired = (await aux.toSat?.data())?.[0] ?? Number.NaN;
    tf.dispose([loss, ...grads, ...Object.values(aux)]);
    return { paired };
  };

  const takeStep = async (step: number): Promise<Record<string, number>> => {
    const order = shuffled(pairs.bevs.count, makeRng(seed, 1_000_000 + Math.floor(step / perEpoch)));
    const rng = makeRng(seed, step);
    for (let slot = 0; slot < batch; slot++) {
      const row = order[(step % perEpoch) * batch + slot] as number;
      const crop = {
        sizePx: size,
        dihedral: rng.int(0, 7),
        jitter: NO_JITTER,
        rng,
        range: 'signed' as const,
      };
      writeCrop(pairs.bevs, row, bevData, slot, { ...crop, leftPx: 0, topPx: 0 });
      writeCrop(pairs.tiles, row, tileData, slot, { ...crop, leftPx: margin, topPx: margin });
    }
    const x = tf.tensor4d(bevData, shape);
    const y = tf.tensor4d(tileData, shape);
    if (step < options.pairedWarmupSteps) {
      const losses = await pairedStep(x, y);
      tf.dispose([x, y]);
      return losses;
    }
    const warm = options.pairedWarmupSteps;
    const rate = linearDecay(step - warm, options.steps - warm, options.learningRate);

    const generators = valueAndFlatGrads(() => {
      const fakeSat = g.apply(x);
      const fakeBev = f.apply(y);
      const gan = generatorLoss(dSat.apply(fakeSat)).add(generatorLoss(dBev.apply(fakeBev))) as Scalar;
      const cycle = cycleLoss(f.apply(fakeSat), x).add(cycleLoss(g.apply(fakeBev), y)) as Scalar;
      const anchors = heads.apply(g.encodeFeatures(fakeSat));
      const positives = heads.apply(g.encodeFeatures(y));
      const contrast = patchContrast(anchors, positives, {
        temperature: options.temperature,
        positions: options.positions,
        seed: seed * 7919 + step,
      });
      const paired = cycleLoss(fakeSat, y);
      const total = gan.add(cycle.mul(options.lambdaCycle)).add(contrast.mul(options.lambdaContrast)); // eq. (5)
      const loss = total.add(paired.mul(options.lambdaPaired)) as Scalar;
      return { loss, aux: { gan, cycle, contrast, paired, fakeSat, fakeBev } };
    }, [g.params, f.params, heads.params]);
    const [gradG, gradF, gradHeads] = generators.grads;
    if (!gradG || !gradF || !gradHeads) throw new Error('A generator gradient is missing.');
    optimisers.g.step(gradG, rate);
    optimisers.f.step(gradF, rate);
    optimisers.heads.step(gradHeads, rate);

    const { gan, cycle, contrast, paired, fakeSat, fakeBev } = generators.aux;
    const oldSat = satPool.query(fakeSat as Tensor4D);
    const oldBev = bevPool.query(fakeBev as Tensor4D);
    const dSatStep = valueAndFlatGrads(
      () => ({ loss: discriminatorLoss(dSat.apply(y), dSat.apply(oldSat)) }),
      [dSat.params],
    );
    const dBevStep = valueAndFlatGrads(
      () => ({ loss: discriminatorLoss(dBev.apply(x), dBev.apply(oldBev)) }),
      [dBev.params],
    );
    const [gradSat] = dSatStep.grads;
    const [gradBev] = dBevStep.grads;
    if (!gradSat || !gradBev) throw new Error('A discriminator gradient is missing.');
    optimisers.dSat.step(gradSat, rate);
    optimisers.dBev.step(gradBev, rate);
    const [total, ganValue, cycleValue, contrastValue, pairedValue, dValue] = await Promise.all(
      [generators.loss, gan, cycle, contrast, paired, dSatStep.loss].map(
        async (tensor) => (await tensor?.data())?.[0] ?? Number.NaN,
      ),
    );
    const losses = {
      loss: total as number,
      gan: ganValue as number,
      cycle: cycleValue as number,
      contrast: contrastValue as number,
      paired: pairedValue as number,
      dSat: dValue as number,
    };
    assertFinite('generation', step, losses);
    tf.dispose([x, y, oldSat, oldBev]);
    for (const part of [generators, dSatStep, dBevStep]) {
      tf.dispose([part.loss, ...part.grads, ...Object.values(part.aux)]);
    }
    return losses;
  };

  await trainSteps({
    steps: options.steps,
    parts: {
      gParams: g.params,
      fParams: f.params,
      headsParams: heads.params,
      dSatParams: dSat.params,
      dBevParams: dBev.params,
      ...optimisers,
      satPool,
      bevPool,
    },
    hooks,
    step: takeStep,
  });
  for (const part of [f.params, heads.params, dSat.params, dBev.params, ...Object.values(optimisers)])
    part.dispose();
  satPool.dispose();
  bevPool.dispose();
  return g;
}

/** Stage 2: the generated view of every BEV, written once, [N, S, S, 3] bytes. */
export async function generateViews(g: Generator, bevs: ImageSet): Promise<ImageSet> {
  const data = new Uint8ClampedArray(bevs.data.length);
  const perImage = bevs.sizePx * bevs.sizePx * 3;
  for (let start = 0; start < bevs.count; start += 8) {
    const count = Math.min(8, bevs.count - start);
    const views = tf.tidy(() =>
      g
        .apply(bytesToTensor(bevs, start, count).div(127.5).sub(1))
        .add(1)
        .mul(127.5),
    );
    data.set(await views.data(), start * perImage);
    views.dispose();
  }
  return { sizePx: bevs.sizePx, count: bevs.count, data: new Uint8Array(data.buffer) };
}
