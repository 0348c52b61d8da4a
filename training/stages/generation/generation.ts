// Stage 1: BEV-CycleGAN. G: ground -> satellite, F: satellite -> ground, with least-squares GAN losses (history pool),
// cycle consistency and the multi-scale patch contrast of eq. (4). Total: eq. (5).
import type { Scalar, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { BatchLoader } from '../../batches/index.js';
import {
  cycleLoss,
  discriminatorLoss,
  type EncodePair,
  generatorLoss,
  HistoryPool,
  identityLoss,
  imageContrast,
  pairedContrast,
} from '../../losses/index.js';
import {
  Adam,
  createContrastHeads,
  createDiscriminator,
  createGenerator,
  type Generator,
  type Profile,
  valueAndFlatGrads,
} from '../../networks/index.js';
import { tf } from '../../runtime/index.js';
import { assertFinite, type BestStep, type StageHooks, trainSteps, waitFor } from '../common/loop.js';
import { linearDecay } from '../common/schedule.js';
import { type GenerationBatch, GenerationSampler } from './generation-batches.js';
import type { GenerationData } from './generation-data.js';
import type { GenerationOptions } from './options.js';

/** G and F in training, and everything beside them that a checkpoint holds. */
function createTrainee(profile: Profile, seed: number, historyPool: number) {
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
  const pools = {
    satPool: new HistoryPool(historyPool, seed + 6),
    bevPool: new HistoryPool(historyPool, seed + 7),
  };
  return { g, f, dSat, dBev, heads, optimisers, pools };
}

type Trainee = ReturnType<typeof createTrainee>;

/** What a run may bring along. */
export interface GenerationParts {
  /** Puts weights into G before the first step. */
  readonly start?: (g: Generator) => void;
  /** Hears of G at once, for validation and sample images. */
  readonly onGenerator?: (g: Generator) => void;
  /** Features for the contrast instead of those of G's own encoder. */
  readonly patches?: EncodePair;
}

/** Trains G and F and returns G; the caller disposes its parameters. */
export async function trainGenerator(
  profile: Profile,
  data: GenerationData,
  options: GenerationOptions,
  hooks: StageHooks,
  { start, onGenerator, patches }: GenerationParts = {},
): Promise<{ readonly generator: Generator; readonly best: BestStep | undefined }> {
  const trainee = createTrainee(profile, options.seed, options.historyPool);
  const { g, f, dSat, dBev, heads, optimisers, pools } = trainee;
  start?.(g);
  onGenerator?.(g);
  const sampler = new GenerationSampler(data, options, profile.generator.inputSize);
  const loader = new BatchLoader([data.inputs, data.tiles, data.gallery], options.loader);
  const load = (step: number) => sampler.load(loader, step);
  let ahead: { step: number; batch: Promise<GenerationBatch> } | undefined;

  const step = async (index: number): Promise<Record<string, number>> => {
    const loading = ahead?.step === index ? ahead.batch : load(index);
    if (index + 1 < options.steps) {
      const batch = load(index + 1);
      batch.catch(() => {}); // told where it is awaited
      ahead = { step: index + 1, batch };
    }
    const batch = await waitFor(loading, hooks);
    const losses =
      index < options.pairedWarmupSteps
        ? await pairedStep(trainee, batch, options)
        : await fullStep(trainee, batch, index, options, patches);
    assertFinite('generation', index, losses, batch.rows);
    return losses;
  };

  try {
    const best = await trainSteps({
      steps: options.steps,
      parts: {
        gParams: g.params,
        fParams: f.params,
        headsParams: heads.params,
        dSatParams: dSat.params,
        dBevParams: dBev.params,
        ...optimisers,
        ...pools,
      },
      hooks,
      step,
    });
    return { generator: g, best };
  } finally {
    await ahead?.batch.catch(() => {});
    await loader.close();
    for (const part of [f, heads, dSat, dBev]) part.params.dispose();
    for (const part of [...Object.values(optimisers), ...Object.values(pools)]) part.dispose();
  }
}

/** G and F alone, from |G(x) - y| + |F(y) - x| on labelled pairs: the start of a short schedule. */
async function pairedStep(
  { g, f, optimisers }: Trainee,
  batch: GenerationBatch,
  options: GenerationOptions,
): Promise<Record<string, number>> {
  const { x, y } = pairTensors(batch);
  const { loss, aux, grads } = valueAndFlatGrads(() => {
    const toSat = cycleLoss(g.apply(x), y);
    return { loss: toSat.add(cycleLoss(f.apply(y), x)) as Scalar, aux: { toSat } };
  }, [g.params, f.params]);
  const [gradG, gradF] = grads;
  if (!gradG || !gradF) throw new Error('A generator gradient is missing.');
  optimisers.g.step(gradG, options.pairedWarmupRate);
  optimisers.f.step(gradF, options.pairedWarmupRate);
  const paired = (await aux.toSat?.data())?.[0] ?? Number.NaN;
  tf.dispose([x, y, loss, ...grads, ...Object.values(aux)]);
  return { paired };
}

const tensorOf = ({ shape, ground }: GenerationBatch) => tf.tensor4d(ground, shape);

function pairTensors({ shape, ground, satellite, paired }: GenerationBatch): { x: Tensor4D; y: Tensor4D } {
  return {
    x: tf.tensor4d(paired?.ground ?? ground, shape),
    y: tf.tensor4d(paired?.satellite ?? satellite, shape),
  };
}

/** All of eq. (5): the generators, then the discriminators on images from the history pools. */
async function fullStep(
  { g, f, dSat, dBev, heads, optimisers, pools }: Trainee,
  batch: GenerationBatch,
  index: number,
  options: GenerationOptions,
  patches: EncodePair | undefined,
): Promise<Record<string, number>> {
  const warm = options.pairedWarmupSteps;
  const rate = linearDecay(index - warm, options.steps - warm, options.learningRate);
  const x = tensorOf(batch);
  const y = tf.tensor4d(batch.satellite, batch.shape);
  const own = batch.paired ? pairTensors(batch) : undefined;
  const { lambdaCycle, lambdaContrast, lambdaIdentity, lambdaPaired, contrast } = options;
  const encode = (images: Tensor4D) => heads.apply(g.encodeFeatures(images));

  const generators = valueAndFlatGrads(() => {
    const fakeSat = g.apply(x);
    const fakeBev = f.apply(y);
    const gan = generatorLoss(dSat.apply(fakeSat)).add(generatorLoss(dBev.apply(fakeBev))) as Scalar;
    const cycle = cycleLoss(f.apply(fakeSat), x).add(cycleLoss(g.apply(fakeBev), y)) as Scalar;
    const parts: Record<string, Scalar> = { gan, cycle };
    let total = gan.add(cycle.mul(lambdaCycle)) as Scalar; // eq. (5)
    const add = (name: string, lambda: number, part: () => Scalar): void => {
      if (lambda === 0) return;
      const value = part();
      parts[name] = value;
      total = total.add(value.mul(lambda));
    };
    // Labelled pairs are the batch itself, or come beside it where the batch is not paired.
    const needsPairs = (lambdaContrast > 0 && contrast.positive === 'paired') || lambdaPaired > 0;
    const generated = own && needsPairs ? g.apply(own.x) : fakeSat;
    const satellite = own?.y ?? y;
    add('contrast', lambdaContrast, () => {
      const pairs = contrast.positive === 'paired';
      const images = pairs
        ? { generated, input: x, satellite }
        : { generated: fakeSat, input: x, satellite: y };
      const sampled = { ...contrast, seed: options.seed * 7919 + index };
      return patches ? pairedContrast(patches, images, sampled) : imageContrast(encode, images, sampled);
    });
    add('paired', lambdaPaired, () => cycleLoss(generated, satellite));
    add(
      'identity',
      lambdaIdentity,
      () => identityLoss(g.apply(y), y).add(identityLoss(f.apply(x), x)) as Scalar,
    );
    return { loss: total, aux: { ...parts, fakeSat, fakeBev } };
  }, [g.params, f.params, heads.params]);
  const { fakeSat, fakeBev, ...parts } = generators.aux;
  const [gradG, gradF, gradHeads] = generators.grads;
  if (!gradG || !gradF || !gradHeads) throw new Error('A generator gradient is missing.');
  optimisers.g.step(gradG, rate);
  optimisers.f.step(gradF, rate);
  if (lambdaContrast > 0 && !patches) optimisers.heads.step(gradHeads, rate);

  const oldSat = pools.satPool.query(fakeSat as Tensor4D);
  const oldBev = pools.bevPool.query(fakeBev as Tensor4D);
  const dSatStep = valueAndFlatGrads(
    () => ({ loss: discriminatorLoss(dSat.apply(y), dSat.apply(oldSat)) }),
    [dSat.params],
  );
  const dBevStep = valueAndFlatGrads(
    () => ({ loss: discriminatorLoss(dBev.apply(x), dBev.apply(oldBev)) }),
    [dBev.params],
  );
  for (const [optimiser, { grads }] of [
    [optimisers.dSat, dSatStep],
    [optimisers.dBev, dBevStep],
  ] as const) {
    if (grads[0]) optimiser.step(grads[0], rate);
  }
  const named = { loss: generators.loss, ...parts, dSat: dSatStep.loss, dBev: dBevStep.loss };
  const values = await Promise.all(
    Object.entries(named).map(async ([name, t]) => [name, (await t.data())[0] as number] as const),
  );
  tf.dispose([x, y, oldSat, oldBev, ...(own ? [own.x, own.y] : [])]);
  for (const part of [generators, dSatStep, dBevStep]) {
    tf.dispose([part.loss, ...part.grads, ...Object.values(part.aux)]);
  }
  return Object.fromEntries(values);
}
