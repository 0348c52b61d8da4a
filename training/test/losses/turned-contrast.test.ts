// The contrast with turned copies: against its formula in float64, its gradients against finite differences.
import { describe, it } from 'node:test';
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-node-gpu';
import { turnedContrast } from '../../losses/index.js';
import { unitLength } from '../../networks/index.js';
import { tf } from '../../runtime/tf.js';
import { assertGradients, normal } from '../support/finite-differences.js';
import { close, dot, mean, value } from '../support/scalar-formulas.js';

const views = unitLength(normal<Tensor2D>([3, 4], 1));
const turned = unitLength(normal<Tensor3D>([3, 2, 4], 2));
const tiles = unitLength(normal<Tensor2D>([5, 4], 3));
/** The first copy of views 0 and 2, the second of view 1. */
const ABOUT = [
  [1, 0],
  [0, 1],
  [1, 0],
];
/** Tile 1 may show the place of view 0, and 4 that of view 2; the diagonal stays all the same. */
const EXCLUDED = [
  [1, 1, 0, 0, 0],
  [0, 0, 0, 0, 0],
  [0, 0, 0, 0, 1],
];
const SCALE = 6;
const SMOOTHING = 0.1;

function crossEntropy(own: number, others: readonly number[]): number {
  const logits = [own, ...others].map((cosine) => SCALE * cosine);
  const sum = Math.log(logits.reduce((all, logit) => all + Math.exp(logit), 0));
  const share = SMOOTHING / logits.length;
  return -logits.reduce((all, logit, k) => all + (share + (k === 0 ? 1 - SMOOTHING : 0)) * (logit - sum), 0);
}

describe('the contrast with turned copies', () => {
  const options = {
    scale: SCALE,
    labelSmoothing: SMOOTHING,
    about: tf.tensor2d(ABOUT),
    exclude: tf.tensor2d(EXCLUDED),
  };
  it('equals its formula', () => {
    const [v, t, f] = [views.arraySync(), tiles.arraySync(), turned.arraySync()];
    const at = (a: readonly number[] | undefined, b: readonly number[] | undefined) => dot(a ?? [], b ?? []);
    const terms = v.map((view, b) => {
      const own = at(view, t[b]);
      const beside = t.flatMap((tile, k) => (k === b || EXCLUDED[b]?.[k] ? [] : [dot(view, tile)]));
      const under = (keeps: (h: number) => boolean) =>
        (f[b] ?? []).flatMap((copy, h) => (keeps(h) ? t.map((tile) => dot(copy, tile)) : []));
      const views = v.flatMap((other, k) => (k === b || EXCLUDED[k]?.[b] ? [] : [at(other, t[b])]));
      return [
        crossEntropy(own, beside),
        crossEntropy(own, [...beside, ...under((h) => ABOUT[b]?.[h] === 1)]),
        crossEntropy(own, [...beside, ...under(() => true)]),
        crossEntropy(own, [...views, ...f.flat().map((copy) => at(copy, t[b]))]),
      ];
    });
    close(value(turnedContrast(views, turned, tiles, options)), mean(terms.flat()), 1e-4);
  });
  it('has the gradients of its formula', () => {
    assertGradients(
      (a, b, c) => turnedContrast(a as Tensor2D, b as Tensor3D, c as Tensor2D, options),
      [views, turned, tiles],
    );
  });
});
