import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Tensor1D, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { infoNce } from '../../losses/index.js';
import {
  Adam,
  createConvNext,
  createDiscriminator,
  createGenerator,
  Ema,
  ParameterStore,
  valueAndFlatGrads,
} from '../../networks/index.js';
import { tf } from '../../runtime/tf.js';
import { normal } from '../support/finite-differences.js';

const CONFIG = { dims: [8, 16, 32, 64], depths: [1, 1, 2, 1], layerScale: 1, inputSize: 64 };

/** One encoder and one generator step on seeded images. */
function makeTrainer(seed: number, discriminatorSeed = seed + 2) {
  const encoder = createConvNext(CONFIG, seed);
  const generator = createGenerator({ baseFilters: 8, blocks: 2, inputSize: 64 }, seed + 1);
  const discriminator = createDiscriminator({ filters: 8 }, discriminatorSeed);
  const adams = [
    new Adam(encoder.params, { weightDecay: 0.05 }),
    new Adam(generator.params, { beta1: 0.5 }),
  ] as const;
  const parts = [encoder.params, generator.params, ...adams];
  const step = (index: number) => {
    const images = normal<Tensor4D>([4, 64, 64, 3], 1000 + index, 0.3);
    const { loss, grads, aux } = valueAndFlatGrads(() => {
      const views = generator.apply(images);
      const nce = infoNce(encoder.apply(views.add(1).mul(0.5)), encoder.apply(images));
      return { loss: nce.add(discriminator.apply(views).sub(1).square().mean()), aux: { views } };
    }, [encoder.params, generator.params]);
    adams.forEach((adam, i) => {
      adam.step(grads[i] as Tensor1D, 1e-3);
    });
    tf.dispose([images, loss, ...grads, ...Object.values(aux)]);
  };
  const dispose = () => {
    for (const part of [...parts, discriminator.params]) part.dispose();
  };
  return {
    parts,
    step,
    dispose,
    weights: () => [encoder.params, generator.params].map((p) => p.vector.dataSync()),
  };
}

describe('training', () => {
  test('the same seed gives the same weights, bit for bit; another seed others', () => {
    const [a, b, c] = [1, 1, 2].map((seed) => {
      const trainer = makeTrainer(seed);
      for (let i = 0; i < 6; i++) trainer.step(i);
      return trainer.weights();
    });
    assert.deepEqual(a, b);
    assert.notDeepEqual(a, c);
  });

  test('a run restored from arrays goes on as if it had not stopped', () => {
    const whole = makeTrainer(5);
    for (let i = 0; i < 3; i++) whole.step(i);
    const saved = whole.parts.map((part) => part.toArrays());
    for (let i = 3; i < 6; i++) whole.step(i);
    // Other first weights, the same (constant) discriminator.
    const resumed = makeTrainer(99, 7);
    resumed.parts.forEach((part, i) => {
      part.load(saved[i] ?? {});
    });
    for (let i = 3; i < 6; i++) resumed.step(i);
    assert.deepEqual(resumed.weights(), whole.weights());
  });

  test('no tensor is left behind by a step, nor by a whole trainer', () => {
    const before = tf.memory().numTensors;
    const trainer = makeTrainer(1);
    trainer.step(0);
    const after = tf.memory().numTensors;
    for (let i = 1; i < 5; i++) trainer.step(i);
    assert.equal(tf.memory().numTensors, after);
    trainer.dispose();
    assert.equal(tf.memory().numTensors, before);
  });
});

describe('Adam', () => {
  test('follows the published recurrence (Kingma & Ba, algorithm 1), weight decay on matrices only', () => {
    const store = new ParameterStore([
      { name: 'matrix', shape: [1, 2], data: Float32Array.of(1, -2) },
      { name: 'bias', shape: [1], data: Float32Array.of(3) },
    ]);
    const adam = new Adam(store, { beta1: 0.5, beta2: 0.9, weightDecay: 0.1 });
    const p = [1, -2, 3];
    const m = [0, 0, 0];
    const v = [0, 0, 0];
    for (let t = 1; t <= 5; t++) {
      const g = p.map((x, i) => Math.sin(x + i + t));
      adam.step(tf.tensor1d(g), 0.1);
      p.forEach((x, i) => {
        m[i] = 0.5 * (m[i] ?? 0) + 0.5 * (g[i] ?? 0);
        v[i] = 0.9 * (v[i] ?? 0) + 0.1 * (g[i] ?? 0) ** 2;
        const move = (m[i] ?? 0) / (1 - 0.5 ** t) / (Math.sqrt((v[i] ?? 0) / (1 - 0.9 ** t)) + 1e-8);
        p[i] = x - 0.1 * move - (i < 2 ? 0.1 * 0.1 * x : 0);
      });
    }
    const found = store.vector.dataSync();
    p.forEach((x, i) => {
      assert.ok(Math.abs(x - (found[i] ?? 0)) < 1e-5, `${found[i]} is not ${x}`);
    });
  });

  test('a long gradient is cut to the length asked for, a short one stays', () => {
    const store = new ParameterStore([{ name: 'bias', shape: [2], data: Float32Array.of(0, 0) }]);
    for (const [longest, expected] of [
      [10, [3, 4]],
      [1, [0.6, 0.8]],
      [undefined, [3, 4]],
    ] as const) {
      const adam = new Adam(store, { beta1: 0.5, beta2: 0.75 });
      adam.step(tf.tensor1d([3, 4]), 0.1, longest);
      const { m, v } = adam.toArrays();
      expected.forEach((g, i) => {
        assert.ok(Math.abs((m?.data[i] ?? 0) - 0.5 * g) < 1e-6, `${m?.data[i]} is not half of ${g}`);
        assert.ok(
          Math.abs((v?.data[i] ?? 0) - 0.25 * g * g) < 1e-5,
          `${v?.data[i]} is not a quarter of ${g}²`,
        );
      });
    }
  });

  test('what was copied from the weights before a step stays as it was', () => {
    const store = new ParameterStore([{ name: 'bias', shape: [3], data: Float32Array.of(1, 2, 3) }]);
    const adam = new Adam(store);
    const ema = new Ema(store, { decay: 0.5, warmup: false }); // starts as a clone of the weights
    const clone = store.vector.clone();
    for (let step = 0; step < 2; step++) adam.step(tf.tensor1d([1, 1, 1]), 0.5);
    assert.deepEqual([...clone.dataSync()], [1, 2, 3]);
    assert.deepEqual([...(ema.toArrays().average?.data ?? [])], [1, 2, 3]);
    assert.ok(Math.abs((store.vector.dataSync()[0] ?? 1) - 0) < 1e-5, 'two steps of 0.5 were taken');
    store.vector.assign(clone);
    adam.step(tf.tensor1d([1, 1, 1]), 0.5);
    assert.deepEqual([...clone.dataSync()], [1, 2, 3], 'weights that are put back are a copy, too');
  });
});
