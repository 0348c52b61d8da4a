// The training stages on tiny networks: they learn, and a run that was stopped at any step equals one that was not.
import assert from 'node:assert/strict';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { SkyfixError } from 'skyfix/errors';
import { makeRng, shuffled } from 'skyfix/random';
import { NO_JITTER, writeCrop } from '../../batches/augment.js';
import { recallOf } from '../../evaluation/retrieval.js';
import { strictRanks } from '../../evaluation/strict-ranks.js';
import { createConvNext } from '../../networks/index.js';
import { loadCheckpoint, loadCheckpointStep, saveCheckpoint } from '../../stages/common/checkpoint.js';
import { describe } from '../../stages/common/descriptors.js';
import { assertFinite, RunStopped, type StageHooks, trainSteps } from '../../stages/common/loop.js';
import { loadEncoder, trainEncoder } from '../../stages/encoder/encoder.js';
import { trainGenerator } from '../../stages/generation/generation.js';
import { viewsInMemory, writeViews } from '../../stages/views/views.js';
import type { ImageSet } from '../../stores/image-set.js';
import { readImages } from '../../stores/image-store.js';
import {
  FULL_ENCODER,
  FULL_GENERATION,
  PLAIN_ENCODER,
  SIZE,
  TOY_PROFILE,
  type ToyData,
  toyData,
} from '../support/toy-stages.js';

async function inFolder<T>(body: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'skyfix-stages-'));
  try {
    return await body(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

test('the encoder learns to match pairs in other colours', async () => {
  const { encoder: data, tileOf } = toyData({ seed: 1, places: 12 });
  const encoder = createConvNext(TOY_PROFILE.encoder, 5);
  const recall = async () => {
    const queries = await describe(encoder, data.queries);
    return recallOf(strictRanks(queries, await describe(encoder, data.gallery), tileOf), 12).at1;
  };
  const before = await recall();
  await trainEncoder(encoder, data, PLAIN_ENCODER, { key: 'k' });
  const after = await recall();
  assert.ok(before <= 50 && after >= 75, `R@1 ${before} before, ${after} after`);
});

interface Trace {
  readonly log: unknown[];
  readonly weights: Float32Array;
}

/** A whole run whose checkpoint after every step is kept as `${dir}/${steps done}.bin`. */
async function traceOf(
  dir: string,
  train: (hooks: StageHooks, log: unknown[]) => Promise<Float32Array>,
): Promise<Trace> {
  const checkpoint = join(dir, 'last.bin');
  const log: unknown[] = [];
  const kept: Promise<void>[] = [];
  const hooks: StageHooks = {
    key: 'k',
    checkpoint,
    checkpointEvery: 1,
    onStep: ({ step, losses }) => log.push({ step, losses }),
    onValidation: (step, value, best) => log.push({ step, value, best }),
    // The file is that of the step before: it is written anew under another name, and so may be copied meanwhile.
    onCheckpoint: (step) => {
      if (step > 1) kept.push(copyFile(checkpoint, join(dir, `${step - 1}.bin`)));
    },
  };
  const weights = await train(hooks, log);
  await Promise.all(kept);
  return { log, weights };
}

test('an encoder run that stops at any step and goes on equals an uninterrupted one, bit by bit', async () => {
  await inFolder(async (dir) => {
    const labelled = [0, 2, 3, 5, 8, 9, 11, 14, 15, 17, 20, 22];
    const data = toyData({ seed: 2, places: 24, labelled, unpaired: 2 });
    const selections: number[] = [];
    const train = (seed: number) => async (hooks: StageHooks, log: unknown[]) => {
      const encoder = createConvNext(TOY_PROFILE.encoder, seed);
      const best = await trainEncoder(encoder, data.encoder, FULL_ENCODER, {
        ...hooks,
        best: join(dir, 'best.bin'),
        validation: {
          every: 3,
          measure: async () => Math.sin(1e3 * sumOf(encoder.params.vector.dataSync())),
        },
        onSelfTraining: (report) => {
          log.push(report);
          selections.push(report.selected);
        },
      });
      const weights = encoder.params.vector.dataSync().slice() as Float32Array;
      await loadEncoder(join(dir, 'best.bin'), 'k', encoder, FULL_ENCODER.emaDecay);
      log.push({ best, weights: encoder.params.vector.dataSync().slice() });
      encoder.params.dispose();
      return weights;
    };
    const whole = await traceOf(dir, train(5));
    assert.equal(selections.length, 3, 'updates after 3, 7 and 11 steps');
    assert.ok(
      selections.some((count) => count > 0),
      'pairs were selected',
    );
    for (let done = 1; done < FULL_ENCODER.steps; done++) {
      const checkpoint = join(dir, `${done}.bin`);
      const log: unknown[] = [];
      const hooks: StageHooks = {
        key: 'k',
        checkpoint,
        onStart: (step) => assert.equal(step, done),
        onStep: ({ step, losses }) => log.push({ step, losses }),
        onValidation: (step, value, best) => log.push({ step, value, best }),
      };
      const weights = await train(99)(hooks, log);
      assert.deepEqual(log, whole.log.slice(-log.length), `losses after a stop at step ${done}`);
      assert.deepEqual(weights, whole.weights, `weights after a stop at step ${done}`);
    }
  });
});

const sumOf = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0);

for (const [name, labelled] of [
  ['all pairs labelled', undefined],
  ['a third of the pairs labelled', [1, 4, 7, 10]],
] as const) {
  test(`a generator run that stops at any step and goes on equals an uninterrupted one: ${name}`, async () => {
    await inFolder(async (dir) => {
      const data = toyData({ seed: 3, places: 12, ...(labelled && { labelled, unpaired: 3 }) });
      const train = async (hooks: StageHooks) => {
        const { generator } = await trainGenerator(TOY_PROFILE, data.generation, FULL_GENERATION, hooks);
        const weights = generator.params.vector.dataSync().slice() as Float32Array;
        generator.params.dispose();
        return weights;
      };
      const whole = await traceOf(dir, train);
      for (let done = 1; done < FULL_GENERATION.steps; done++) {
        const log: unknown[] = [];
        const onStep: StageHooks['onStep'] = ({ step, losses }) => log.push({ step, losses });
        const weights = await train({ key: 'k', checkpoint: join(dir, `${done}.bin`), onStep });
        assert.deepEqual(log, whole.log.slice(done), `losses after a stop at step ${done}`);
        assert.deepEqual(weights, whole.weights, `weights after a stop at step ${done}`);
      }
    });
  });
}

test('a stage that is asked to stop saves that step; one that fails leaves the checkpoint before', async () => {
  await inFolder(async (dir) => {
    const { encoder: data } = toyData({ seed: 2, places: 12 });
    const options = { ...PLAIN_ENCODER, steps: 9 };
    const checkpoint = join(dir, 'c.bin');
    const run = async (hooks: Partial<StageHooks>) => {
      const encoder = createConvNext(TOY_PROFILE.encoder, 5);
      const steps: number[] = [];
      const onStep: StageHooks['onStep'] = ({ step }) => steps.push(step);
      try {
        await trainEncoder(encoder, data, options, { key: 'k', checkpoint, onStep, ...hooks });
      } finally {
        encoder.params.dispose();
      }
      return steps;
    };
    let asked = 0;
    await assert.rejects(
      run({ shouldStop: () => ++asked === 2 }),
      (error) => error instanceof RunStopped && error.step === 2,
    );
    assert.equal(await loadCheckpointStep(checkpoint), 2);
    const failure = new Error('failed');
    const fail: StageHooks['onStep'] = ({ step }) => {
      if (step === 8) throw failure;
    };
    await assert.rejects(run({ checkpointEvery: 3, onStep: fail }), failure);
    assert.equal(await loadCheckpointStep(checkpoint), 6);
    assert.deepEqual(await run({}), [7, 8, 9]);
    assert.deepEqual(await run({}), [], 'a stage that is done takes no step');
  });
});

test('a loss that is no number, or beyond all bounds, ends a stage with the step and the batch', () => {
  assertFinite('encoder', 4, { loss: 14.3, triplet: 0 }, [1]);
  for (const loss of [Number.NaN, Number.POSITIVE_INFINITY, 2e6, -2e6]) {
    assert.throws(
      () => assertFinite('encoder', 4, { loss, triplet: 0.5 }, [{ query: 7, row: 7 }]),
      (error) =>
        error instanceof SkyfixError &&
        error.code === 'TRAINING_DIVERGED' &&
        error.message.includes(`encoder stage diverged in step 5: loss ${loss}, triplet 0.5`) &&
        error.message.includes('"query":7'),
    );
  }
});

test('weights that are no numbers are in no checkpoint: the one before stays', async () => {
  await inFolder(async (dir) => {
    const data = Float32Array.of(1, 2, 3);
    const part = { toArrays: () => ({ weights: { shape: [3], data } }), load: () => {} };
    const paths = { checkpoint: join(dir, 'last.bin'), best: join(dir, 'best.bin') };
    // The loss of the step is still a number: it was computed before the weights moved.
    const step = async (index: number) => {
      data[1] = index < 3 ? index : Number.NaN;
      return { loss: 1 };
    };
    const hooks = {
      ...paths,
      key: 'k',
      checkpointEvery: 1,
      validation: { every: 1, measure: async (at: number) => at },
    };
    await assert.rejects(
      trainSteps({ steps: 9, parts: { net: part }, hooks, step }),
      (error) =>
        error instanceof SkyfixError &&
        error.code === 'TRAINING_DIVERGED' &&
        error.message.includes('After step 4 net/weights holds NaN'),
    );
    for (const path of Object.values(paths)) {
      const kept = await loadCheckpoint(path, 'k');
      assert.deepEqual([kept?.step, kept?.arrays], [3, { 'net/weights': Float32Array.of(1, 2, 3) }]);
    }
  });
});

test('views are the generator applied to each image, in memory and as a file', async () => {
  await inFolder(async (dir) => {
    const data: ToyData = toyData({ seed: 6, places: 11 }); // more than a batch of 8
    const { generator } = await trainGenerator(
      TOY_PROFILE,
      data.generation,
      { ...FULL_GENERATION, steps: 1 },
      { key: 'k' },
    );
    const views = await viewsInMemory(generator, data.generation.inputs);
    assert.deepEqual([views.count, views.sizePx], [11, SIZE]);
    const told: number[] = [];
    const path = join(dir, 'views', 'v.images');
    const written = await writeViews(generator, data.generation.inputs, path, (done) => told.push(done));
    assert.deepEqual(told, [8, 11]);
    assert.deepEqual(readImages(written).data, readImages(views).data);
    const images = Array.from({ length: 11 }, (_, k) => readImages(views, k, 1).data.join());
    assert.equal(new Set(images).size, 11);
    generator.params.dispose();
  });
});

test('a checkpoint of another run is not continued, a damaged one is refused', async () => {
  await inFolder(async (dir) => {
    const path = join(dir, 'c.bin');
    assert.equal(await loadCheckpoint(path, 'a'), undefined);
    assert.equal(await loadCheckpointStep(path), 0);
    await saveCheckpoint(path, { step: 3, key: 'a', arrays: { x: Float32Array.of(1, 2) }, values: { y: 1 } });
    assert.equal(await loadCheckpoint(path, 'b'), undefined);
    assert.deepEqual(await loadCheckpoint(path, 'a'), {
      step: 3,
      key: 'a',
      arrays: { x: Float32Array.of(1, 2) },
      values: { y: 1 },
    });
    assert.equal(await loadCheckpointStep(path), 3);
    const whole = await readFile(path);
    const refused = (error: unknown) =>
      error instanceof SkyfixError && error.code === 'DATASET_INVALID' && error.message.includes(path);
    for (let at = 0; at < whole.length; at++) {
      await writeFile(path, whole.subarray(0, at));
      await assert.rejects(loadCheckpoint(path, 'a'), refused, `cut at byte ${at}`);
    }
    const headerEnd = 44 + whole.readUInt32LE(8);
    for (const at of [0, 7, 8, 11, 12, 43, 44, 60, headerEnd - 1, headerEnd, whole.length - 1]) {
      const damaged = Buffer.from(whole);
      damaged.writeUInt8(damaged.readUInt8(at) ^ 1, at);
      await writeFile(path, damaged);
      await assert.rejects(loadCheckpoint(path, 'a'), refused, `byte ${at}`);
      if (at < headerEnd) await assert.rejects(loadCheckpointStep(path), refused, `byte ${at}`);
    }
    // What cannot be read is not taken for a run that has not begun.
    await assert.rejects(loadCheckpoint(dir, 'a'), /cannot be read/);
  });
});

test('a shuffle is a permutation, and the dihedral turns are eight different ones of one picture', () => {
  assert.deepEqual(
    shuffled(20, makeRng(1)).sort((a, b) => a - b),
    Array.from({ length: 20 }, (_, k) => k),
  );
  const data = Uint8Array.from({ length: 2 * 2 * 3 }, (_, k) => Math.floor(k / 3) * 50);
  const set: ImageSet = { sizePx: 2, count: 1, data };
  const turns = Array.from({ length: 8 }, (_, dihedral) => {
    const out = new Float32Array(12);
    const crop = { sizePx: 2, leftPx: 0, topPx: 0, dihedral, jitter: NO_JITTER, rng: makeRng(1) };
    writeCrop(set, 0, out, 0, { ...crop, range: 'unit' });
    return [0, 3, 6, 9].map((k) => Math.round(((out[k] ?? 0) * 255) / 50)).join('');
  });
  assert.equal(turns[0], '0123');
  assert.equal(turns[1], '1032');
  assert.equal(turns[2], '2301');
  assert.equal(turns[4], '0213');
  assert.equal(new Set(turns).size, 8);
});
