// The training steps that are timed: the same networks, losses and optimisers as the stages, on seeded images.
import type { Scalar, Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { makeRng } from 'skyfix/random';
import { type ColourJitter, NO_JITTER, writeCrop } from '../batches/index.js';
import { cycleLoss, discriminatorLoss, generatorLoss, infoNce, patchContrast } from '../losses/index.js';
import {
  Adam,
  CONVNEXT_SIZES,
  type ConvNextSize,
  createContrastHeads,
  createConvNext,
  createDiscriminator,
  createGenerator,
  type LossAndParts,
  type ParameterStore,
  PROFILES,
  type ValueAndGrads,
  valueAndFlatGrads,
} from '../networks/index.js';
import { tf } from '../runtime/index.js';

export const PHASES = ['data', 'forward', 'backward', 'optimiser'] as const;
/** Milliseconds. */
export type StepTimes = Readonly<Record<(typeof PHASES)[number], number>>;

export interface Case {
  readonly name: string;
  readonly profile: 'small' | 'paper';
  /** Images that a step works on, for images/s. */
  readonly images: number;
  /** What bench/reference.py builds from. */
  readonly reference: Readonly<Record<string, unknown>>;
  /** Largest step time that is aimed at, in PyTorch's. */
  readonly target: number;
  make(): BenchStep;
}

export interface BenchStep {
  run(): StepTimes;
  dispose(): void;
}

const JITTER: ColourJitter = { brightness: 0.03, contrast: 0.08, saturation: 0.1, hue: 0.03 };
const { small, paper } = PROFILES;

export const CASES: readonly Case[] = [
  encoderCase('small', 'nano', 64, 32),
  ganCase('small', { filters: small.generator.baseFilters, blocks: small.generator.blocks, sizePx: 64 }),
  ganCase('paper', { filters: paper.generator.baseFilters, blocks: paper.generator.blocks, sizePx: 256 }),
  encoderCase('paper', 'tiny', 256, 4),
  encoderCase('paper', 'base', 256, 1),
];

/** Time of the parts of one step. */
class Stopwatch {
  readonly #times = { data: 0, forward: 0, backward: 0, optimiser: 0 };
  #last = performance.now();

  /** Everything since the last mark counts as `phase`. */
  mark(phase: keyof StepTimes): void {
    const now = performance.now();
    this.#times[phase] += now - this.#last;
    this.#last = now;
  }

  /** valueAndFlatGrads with the end of the forward pass marked. */
  differentiate(loss: () => LossAndParts, stores: readonly ParameterStore[]): ValueAndGrads {
    const result = valueAndFlatGrads(() => {
      const parts = loss();
      parts.loss.dataSync(); // an accelerator computes behind our back
      this.mark('forward');
      return parts;
    }, stores);
    for (const gradient of result.grads) gradient.slice(0, 1).dataSync();
    this.mark('backward');
    return result;
  }

  get times(): StepTimes {
    return { ...this.#times };
  }
}

/** `count` images cut and augmented from seeded noise, as [count, S, S, 3]. */
function cropper(sizePx: number, count: number, jitter: ColourJitter, range: 'unit' | 'signed') {
  const stored = 8;
  const noise = makeRng(5, sizePx);
  const data = Uint8Array.from({ length: stored * sizePx * sizePx * 3 }, () => noise.int(0, 255));
  const set = { sizePx, count: stored, data };
  let step = 0;
  return (): Tensor4D => {
    const rng = makeRng(6, step++);
    const pixels = new Float32Array(count * sizePx * sizePx * 3);
    for (let slot = 0; slot < count; slot++) {
      const crop = { sizePx, leftPx: 0, topPx: 0, dihedral: rng.int(0, 7), jitter, rng, range };
      writeCrop(set, slot % stored, pixels, slot, crop);
    }
    return tf.tensor4d(pixels, [count, sizePx, sizePx, 3]);
  };
}

/** A step of stage 3: descriptors of `pairs` queries and tiles, InfoNCE, clipping, AdamW. */
function encoderCase(profile: Case['profile'], size: ConvNextSize, sizePx: number, pairs: number): Case {
  const make = (): BenchStep => {
    const encoder = createConvNext({ ...CONVNEXT_SIZES[size], layerScale: 1, inputSize: sizePx }, 1);
    const adam = new Adam(encoder.params, { weightDecay: 0.05 });
    const images = cropper(sizePx, 2 * pairs, JITTER, 'unit');
    const run = (): StepTimes => {
      const watch = new Stopwatch();
      const batch = images();
      watch.mark('data');
      const { loss, grads } = watch.differentiate(() => {
        const [q, t] = tf.split(encoder.apply(batch), 2, 0) as [Tensor2D, Tensor2D];
        return { loss: infoNce(q, t, { scale: 14.3, labelSmoothing: 0.1 }) };
      }, [encoder.params]);
      adam.step(grads[0] as Tensor1D, 1e-4, 1);
      tf.dispose([batch, loss, ...grads]);
      watch.mark('optimiser');
      return watch.times;
    };
    const dispose = () => {
      encoder.params.dispose();
      adam.dispose();
    };
    return { run, dispose };
  };
  return {
    name: `ConvNeXt ${size}, ${sizePx}², ${2 * pairs} images`,
    profile,
    images: 2 * pairs,
    reference: { kind: 'encoder', ...CONVNEXT_SIZES[size], sizePx, pairs },
    target: profile === 'small' ? 2 : 1.3,
    make,
  };
}

interface GanSize {
  readonly filters: number;
  readonly blocks: number;
  readonly sizePx: number;
}

/** A step of stage 1: both generators with GAN, cycle and contrast losses, then both discriminators; batch 1. */
function ganCase(profile: Case['profile'], { filters, blocks, sizePx }: GanSize): Case {
  const make = (): BenchStep => {
    const config = { baseFilters: filters, blocks, inputSize: sizePx };
    const [g, f] = [createGenerator(config, 1), createGenerator(config, 2)];
    const [dSat, dBev] = [createDiscriminator({ filters }, 3), createDiscriminator({ filters }, 4)];
    const heads = createContrastHeads({ baseFilters: filters, projection: 64 }, 5);
    const stores = [g.params, f.params, heads.params, dSat.params, dBev.params];
    const adams = stores.map((store) => new Adam(store, { beta1: 0.5 }));
    const update = (which: number, gradient: Tensor1D | undefined) =>
      gradient && adams[which]?.step(gradient, 1e-4);
    const images = cropper(sizePx, 2, NO_JITTER, 'signed');
    const run = (): StepTimes => {
      const watch = new Stopwatch();
      const [x, y] = tf.tidy(() => tf.split(images(), 2, 0) as [Tensor4D, Tensor4D]);
      watch.mark('data');
      const generators = watch.differentiate(
        () => {
          const [fakeSat, fakeBev] = [g.apply(x), f.apply(y)];
          const gan = generatorLoss(dSat.apply(fakeSat)).add(generatorLoss(dBev.apply(fakeBev)));
          const cycle = cycleLoss(f.apply(fakeSat), x).add(cycleLoss(g.apply(fakeBev), y));
          const [anchors, positives] = [fakeSat, y].map((image) => heads.apply(g.encodeFeatures(image)));
          const contrast = patchContrast(anchors as Tensor4D[], positives as Tensor4D[], { seed: 1 });
          const loss = gan.add(cycle.mul(10)).add(contrast.mul(2)) as Scalar;
          return { loss, aux: { fakeSat, fakeBev } };
        },
        stores.slice(0, 3),
      );
      generators.grads.forEach((gradient, i) => {
        update(i, gradient);
      });
      watch.mark('optimiser');
      const { fakeSat, fakeBev } = generators.aux as { fakeSat: Tensor4D; fakeBev: Tensor4D };
      const discriminators = [
        [dSat, y, fakeSat],
        [dBev, x, fakeBev],
      ] as const;
      const done: Tensor[] = [];
      discriminators.forEach(([d, real, fake], i) => {
        const loss = () => ({ loss: discriminatorLoss(d.apply(real), d.apply(fake)) });
        const part = watch.differentiate(loss, [d.params]);
        update(3 + i, part.grads[0]);
        done.push(part.loss, ...part.grads);
        watch.mark('optimiser');
      });
      tf.dispose([x, y, generators.loss, ...generators.grads, ...Object.values(generators.aux), ...done]);
      watch.mark('optimiser');
      return watch.times;
    };
    const dispose = () => {
      for (const part of [...stores, ...adams]) part.dispose();
    };
    return { run, dispose };
  };
  return {
    name: `GAN ${filters} filters, ${blocks} blocks, ${sizePx}², batch 1`,
    profile,
    images: 2,
    reference: { kind: 'gan', filters, blocks, sizePx },
    target: profile === 'small' ? 2 : 1.3,
    make,
  };
}
