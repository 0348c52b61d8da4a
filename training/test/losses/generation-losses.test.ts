// Options of stage 1's losses: values against scalar formulas in float64, gradients against finite differences.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { seededRandom } from 'skyfix/random';
import {
  cycleLoss,
  discriminatorLoss,
  generatorLoss,
  HistoryPool,
  IDENTITY_SHARE,
  identityLoss,
  imageContrast,
  patchContrast,
  samplePositions,
} from '../../losses/index.js';
import { createContrastHeads, createGenerator } from '../../networks/index.js';
import { unitLength } from '../../networks/layers.js';
import { tf } from '../../runtime/tf.js';
import { assertGradients, normal } from '../support/finite-differences.js';
import { close, dot, mean, value } from '../support/scalar-formulas.js';

describe('patch contrast', () => {
  const layer = (n: number, seed: number) => unitLength(normal<Tensor4D>([2, n, n, 3], seed));
  const anchors = [layer(4, 11), layer(3, 12), layer(2, 13)];
  const positives = [layer(4, 14), layer(3, 15), layer(2, 16)];

  /** The formula for one layer at the sampled positions. */
  function ofLayer(layer: number, positions: Int32Array, temperature: number): number {
    const [v, w] = [anchors[layer], positives[layer]].map(
      (map) => map?.arraySync().map((image) => image.flat()) ?? [],
    );
    const terms = (v ?? []).flatMap((image, b) =>
      [...positions].map((s) => {
        const exps = [...positions].map((o) =>
          Math.exp(dot(image[s] ?? [], w?.[b]?.[o] ?? []) / temperature),
        );
        const own = Math.exp(dot(image[s] ?? [], w?.[b]?.[s] ?? []) / temperature);
        return -Math.log(own / exps.reduce((a, x) => a + x, 0));
      }),
    );
    return mean(terms);
  }

  test('a choice of layers, temperature and sampled positions', () => {
    for (const layers of [[0], [2, 1], [0, 1, 2], []]) {
      const uniform = seededRandom(9);
      const expected = layers.reduce((sum, l) => {
        const size = [16, 9, 4][l] ?? 0;
        return sum + ofLayer(l, samplePositions(size, 5, uniform), 0.3);
      }, 0);
      const options = { layers, positions: 5, temperature: 0.3, seed: 9 };
      close(value(patchContrast(anchors, positives, options)), expected, 1e-4);
    }
    assert.throws(() => patchContrast(anchors, positives, { seed: 1, layers: [3] }), /layer 3/);
  });

  const generator = createGenerator({ baseFilters: 2, blocks: 1, inputSize: 16 }, 1);
  const heads = createContrastHeads({ baseFilters: 2, projection: 4 }, 2);
  // Weights of 0.02 leave instance norms next to zero, where differences need tiny steps.
  generator.params.vector.assign(generator.params.vector.add(normal([generator.params.count], 79, 0.3)));
  const encode = (x: Tensor4D) => heads.apply(generator.encodeFeatures(x));
  const images = {
    generated: normal<Tensor4D>([3, 16, 16, 3], 21, 0.5),
    input: normal<Tensor4D>([3, 16, 16, 3], 22, 0.5),
    satellite: normal<Tensor4D>([3, 16, 16, 3], 23, 0.5),
  };

  test('positives come from the paired tile (4) or from the input (2)', () => {
    for (const [positive, image] of [
      ['paired', images.satellite],
      ['input', images.input],
    ] as const) {
      const found = imageContrast(encode, images, { positive, seed: 4, positions: 6 });
      const direct = patchContrast(encode(images.generated), encode(image), { seed: 4, positions: 6 });
      assert.equal(value(found), value(direct));
    }
    const encoded: Tensor4D[] = [];
    const spy = (x: Tensor4D) => {
      encoded.push(x);
      return encode(x);
    };
    imageContrast(spy, images, { positive: 'input', seed: 4 });
    assert.deepEqual(encoded, [images.generated, images.input]);
  });

  test('rows: only these images are encoded, compared and get a gradient', () => {
    const options = { positive: 'paired', seed: 4, positions: 6, rows: [2, 0] } as const;
    const loss = (generated: Tensor) =>
      imageContrast(encode, { ...images, generated: generated as Tensor4D }, options);
    const each = [0, 2].map((row) => value(imageContrast(encode, images, { ...options, rows: [row] })));
    close(value(loss(images.generated)), mean(each), 1e-4);
    const gradient = tf.grad(loss)(images.generated);
    const perImage = gradient.abs().max([1, 2, 3]).dataSync();
    assert.ok((perImage[0] ?? 0) > 0 && (perImage[2] ?? 0) > 0);
    assert.equal(perImage[1], 0);
    const none = imageContrast(encode, images, { ...options, rows: [] });
    assert.equal(value(none), 0);
  });

  test('the gradient through C equals finite differences, for images', () => {
    const options = { seed: 4, positions: 6, temperature: 0.5 } as const;
    for (const positive of ['paired', 'input'] as const) {
      assertGradients(
        (generated, other) =>
          imageContrast(
            encode,
            { generated: generated as Tensor4D, input: other as Tensor4D, satellite: other as Tensor4D },
            { ...options, positive },
          ),
        [images.generated, images.input],
        2e-3,
        2e-2,
      );
    }
  });
});

describe('GAN, cycle and identity', () => {
  const [a, b] = [normal([2, 3, 3, 1], 31), normal([2, 3, 3, 1], 32)];
  const [x, y] = [a, b].map((t) => [...t.dataSync()]) as [number[], number[]];

  test('least squares, as the formulas say', () => {
    close(value(generatorLoss(a)), mean(x.map((s) => (s - 1) ** 2)));
    close(
      value(discriminatorLoss(a, b)),
      0.5 * (mean(x.map((s) => (s - 1) ** 2)) + mean(y.map((s) => s ** 2))),
    );
    assert.equal(value(generatorLoss(tf.ones([1, 30, 30, 1]))), 0);
    assert.equal(value(discriminatorLoss(tf.ones([1, 30, 30, 1]), tf.zeros([1, 30, 30, 1]))), 0);
  });

  test('mean absolute differences', () => {
    const expected = mean(x.map((s, i) => Math.abs(s - (y[i] ?? 0))));
    close(value(cycleLoss(a, b)), expected);
    close(value(identityLoss(a, b)), expected);
    assert.equal(value(identityLoss(a, a)), 0);
    assert.equal(IDENTITY_SHARE * 10, 5); // CycleGAN: lambda_identity 0.5 of lambda_A 10
    const far = b.add(tf.sign(normal(b.shape, 33)).mul(3)); // away from the kink
    assertGradients((g) => identityLoss(g, b), [far]);
  });

  test('a pool without capacity gives back what it gets', () => {
    const pool = new HistoryPool(0, 1);
    const image = normal<Tensor4D>([2, 2, 2, 3], 34);
    for (let k = 0; k < 4; k++) assert.deepEqual(pool.query(image).dataSync(), image.dataSync());
    assert.equal(pool.size, 0);
  });

  test('every image that the pool gives was given to it, and each of a batch is decided alone', () => {
    const pool = new HistoryPool(6, 5);
    const given = new Set<number>();
    let mixed = 0;
    for (let k = 0; k < 40; k++) {
      const batch = tf.tensor4d([2 * k, 2 * k + 1], [2, 1, 1, 1]);
      for (const id of batch.dataSync()) given.add(id);
      const back = [...pool.query(batch).dataSync()];
      assert.ok(back.every((id) => given.has(id)));
      if ((back[0] === 2 * k) !== (back[1] === 2 * k + 1)) mixed++;
    }
    assert.ok(mixed > 5, `${mixed} of 40 batches`);
    pool.dispose();
  });
});
