// Stochastic depth and the moving average of the weights.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Scalar, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { seededRandom } from 'skyfix/random';
import { type BlockParameters, composedBlock, convNextBlock } from '../../networks/convnext-block.js';
import { createConvNext, Ema, ParameterStore, valueAndFlatGrads } from '../../networks/index.js';
import { tf } from '../../runtime/tf.js';
import { normal } from '../support/finite-differences.js';

const CONFIG = { dims: [8, 16, 24, 32], depths: [1, 1, 2, 1], layerScale: 1, inputSize: 32 };

function blockParameters(c: number): BlockParameters {
  return {
    filter: normal([7, 7, c, 1], 1, 0.2),
    filterBias: normal([c], 2),
    normWeight: normal([c], 3),
    normBias: normal([c], 4),
    weight1: normal([c, 4 * c], 5, 0.3),
    bias1: normal([4 * c], 6),
    weight2: normal([4 * c, c], 7, 0.3),
    bias2: normal([c], 8),
    gamma: normal([c], 9),
  };
}

const maxDifference = (a: Tensor4D, b: Tensor4D): number => a.sub(b).abs().max().dataSync()[0] ?? Number.NaN;

describe('stochastic depth', () => {
  test('a block with factor 0 is the identity, with factor s the skip and s times the branch', () => {
    const x = normal<Tensor4D>([3, 4, 4, 8], 20);
    const parameters = blockParameters(8);
    const branch = convNextBlock(x, parameters).sub(x);
    for (const block of [convNextBlock, composedBlock]) {
      const y = block(x, { ...parameters, samples: tf.tensor1d([0, 1, 2.5]) });
      const expected = x.add(branch.mul(tf.tensor4d([0, 1, 2.5], [3, 1, 1, 1]))) as Tensor4D;
      assert.ok(maxDifference(y, expected) < 1e-4);
    }
  });

  test('a dropped branch has no gradient, a kept one its factor times as much', () => {
    const parameters = blockParameters(8);
    const x = normal<Tensor4D>([2, 4, 4, 8], 21);
    const gradient = (samples: number[]) =>
      tf.grad((gamma) => {
        const y = convNextBlock(x, { ...parameters, gamma: gamma as never, samples: tf.tensor1d(samples) });
        return y.mul(normal(y.shape, 30)).sum() as Scalar;
      })(parameters.gamma);
    const [first, second, both] = [gradient([1, 0]), gradient([0, 1]), gradient([3, 2])];
    const off = first.mul(3).add(second.mul(2)).sub(both).abs().max().dataSync()[0] ?? 1;
    assert.ok(off < 1e-3, String(off));
    assert.equal(gradient([0, 0]).abs().max().dataSync()[0], 0);
  });

  test('blocks are dropped at rates that grow linearly to the given one, scaled to expectation 1', () => {
    // Five blocks at rates 0, 0.2, 0.4, 0.6, 0.8: uniform numbers are drawn for the last four, one a sample.
    const encoder = createConvNext(CONFIG, 1);
    const image = tf.zeros([2, 32, 32, 3]) as Tensor4D;
    let drawn = 0;
    const counted = () => {
      drawn++;
      return 0.5;
    };
    encoder.apply(image, { rate: 0.8, uniform: counted });
    assert.equal(drawn, 8);
    // 0.5 lies under 0.6 and 0.8: the last two are left out, the others stay at 1/(1 − p).
    const reference = createConvNext(CONFIG, 1);
    const arrays = reference.params.toArrays();
    const scaled = (name: string, factor: number) => {
      const { shape, data } = arrays[name] ?? { shape: [], data: new Float32Array() };
      arrays[name] = { shape, data: data.map((value) => value * factor) };
    };
    [1, 1 / 0.8, 1 / 0.6, 0, 0].forEach((factor, i) => {
      const block = ['0.blocks.0', '1.blocks.0', '2.blocks.0', '2.blocks.1', '3.blocks.0'][i];
      scaled(`stages.${block}.gamma`, factor);
    });
    reference.params.load(arrays);
    const x = normal<Tensor4D>([2, 32, 32, 3], 40);
    const off = encoder
      .apply(x, { rate: 0.8, uniform: () => 0.5 })
      .sub(reference.apply(x))
      .abs()
      .max();
    assert.ok((off.dataSync()[0] ?? 1) < 1e-5);
  });

  test('the share of dropped samples is the rate (5 standard deviations), the mean factor 1', () => {
    const encoder = createConvNext({ ...CONFIG, depths: [0, 0, 1, 1] }, 1);
    const uniform = seededRandom(7);
    const draws: number[] = [];
    const counted = () => {
      const value = uniform();
      draws.push(value);
      return value;
    };
    const image = tf.zeros([50, 32, 32, 3]) as Tensor4D;
    for (let i = 0; i < 20; i++) tf.tidy(() => encoder.apply(image, { rate: 0.3, uniform: counted }));
    assert.equal(draws.length, 1000); // the first block, at rate 0, draws nothing
    const dropped = draws.filter((value) => value < 0.3).length / draws.length;
    assert.ok(Math.abs(dropped - 0.3) < 5 * Math.sqrt((0.3 * 0.7) / 1000), String(dropped));
    assert.ok(Math.abs((1 - dropped) / (1 - 0.3) - 1) < 0.11);
  });

  test('the same seed gives the same gradient, another seed another; off at evaluation', () => {
    const encoder = createConvNext(CONFIG, 3);
    const x = normal<Tensor4D>([4, 32, 32, 3], 50);
    const gradient = (seed: number) => {
      const depth = { rate: 0.5, uniform: seededRandom(seed) };
      const loss = () => ({
        loss: encoder
          .apply(x, depth)
          .mul(normal([4, 32], 51))
          .sum() as Scalar,
      });
      return valueAndFlatGrads(loss, [encoder.params]).grads[0]?.dataSync();
    };
    assert.deepEqual(gradient(1), gradient(1));
    assert.notDeepEqual(gradient(1), gradient(2));
    assert.deepEqual(encoder.apply(x).dataSync(), encoder.apply(x).dataSync());
  });
});

describe('moving average of the weights', () => {
  const makeStore = () => new ParameterStore([{ name: 'p', shape: [3], data: Float32Array.of(1, -2, 0.5) }]);
  const walk = (store: ParameterStore, t: number) =>
    store.vector.assign(tf.tensor1d([Math.sin(t), Math.cos(3 * t), t / 10]));

  for (const warmup of [true, false]) {
    test(`follows its recurrence ${warmup ? 'with' : 'without'} a warm-up`, () => {
      const store = makeStore();
      const ema = new Ema(store, { decay: 0.9, warmup });
      let expected = [1, -2, 0.5];
      for (let t = 1; t <= 120; t++) {
        walk(store, t);
        ema.update();
        const decay = warmup ? Math.min(0.9, (1 + t) / (10 + t)) : 0.9;
        const now = [Math.sin(t), Math.cos(3 * t), t / 10];
        expected = expected.map((value, i) => decay * value + (1 - decay) * (now[i] ?? 0));
      }
      const found = ema.toArrays().average?.data ?? [];
      for (const [i, value] of expected.entries()) assert.ok(Math.abs(value - (found[i] ?? 0)) < 1e-4);
    });
  }

  test('is the network inside use, which puts the trained weights back even after an error', async () => {
    const store = makeStore();
    const ema = new Ema(store, { decay: 0.5, warmup: false });
    walk(store, 1);
    ema.update();
    const trained = store.vector.dataSync().slice();
    const before = tf.memory().numTensors;
    const inside = await ema.use(() => store.vector.dataSync().slice());
    assert.deepEqual(inside, ema.toArrays().average?.data);
    assert.deepEqual(store.vector.dataSync(), trained);
    const failure = ema.use(async () => {
      throw new Error('evaluation failed');
    });
    await assert.rejects(failure, /evaluation failed/);
    assert.deepEqual(store.vector.dataSync(), trained);
    assert.equal(tf.memory().numTensors, before);
  });

  test('goes on after a restart as if it had not stopped; another size is refused', () => {
    const [a, b] = [makeStore(), makeStore()];
    const first = new Ema(a, { decay: 0.99 });
    const second = new Ema(b, { decay: 0.99 });
    for (let t = 1; t <= 5; t++) {
      walk(a, t);
      first.update();
    }
    second.load(first.toArrays());
    for (const [store, ema] of [[a, first] as const, [b, second] as const]) {
      walk(store, 6);
      ema.update();
    }
    assert.deepEqual(second.toArrays(), first.toArrays());
    const other = new Ema(new ParameterStore([{ name: 'q', shape: [1], data: Float32Array.of(0) }]), {
      decay: 0.9,
    });
    assert.throws(() => other.load(first.toArrays()), /do not belong to a network of 1 parameters/);
  });
});
