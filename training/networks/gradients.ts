// The value of a loss and its gradient for each network's flat vector.
import type { Rank, Scalar, Tensor, Tensor1D } from '@tensorflow/tfjs-node-gpu';
import { tf } from '../runtime/index.js';
import type { ParameterStore } from './parameter-store.js';

export interface LossAndParts {
  readonly loss: Scalar;
  /** Further tensors to keep: parts of the loss for the log, generated images for the history pool. */
  readonly aux?: Readonly<Record<string, Tensor>>;
}

export interface ValueAndGrads {
  readonly loss: Scalar;
  readonly aux: Readonly<Record<string, Tensor>>;
  /** One [count] vector a store, in the order of `stores`. */
  readonly grads: Tensor1D[];
}

/**
 * Runs `lossFn` once and differentiates for the parameters of `stores`; other networks in it are constants.
 * The caller disposes loss, aux and grads.
 */
export function valueAndFlatGrads(
  lossFn: () => LossAndParts,
  stores: readonly ParameterStore[],
): ValueAndGrads {
  const aux: Record<string, Tensor> = {};
  const results = tf.tidy(() => {
    const views = stores.map((store) => store.split());
    const forward = (): Scalar => {
      const nested = stores.reduceRight<() => LossAndParts>(
        (inner, store, i) => () => store.use(inner, views[i]),
        lossFn,
      );
      const parts = nested();
      for (const [name, tensor] of Object.entries(parts.aux ?? {})) aux[name] = tf.keep(tensor.clone());
      return parts.loss;
    };
    const { value, grads } = tf.engine().gradients(forward, views.flat(), undefined, true);
    const byView = new Map(views.flat().map((view, i) => [view, grads[i] as Tensor | undefined | null]));
    const flat = views.map((list) =>
      tf.concat1d(
        list.map((view) => {
          const gradient = byView.get(view) ?? tf.zeros<Rank.R1>([view.size]);
          return gradient.rank === 1 ? (gradient as Tensor1D) : gradient.flatten();
        }),
      ),
    );
    return [value, ...flat];
  });
  const [loss, ...grads] = results;
  return { loss: loss as Scalar, aux, grads: grads as Tensor1D[] };
}

/** What shortens the vector to `longest` where it is longer (Pascanu et al. 2013): a factor of at most 1, to be disposed. */
export function clipFactor(vector: Tensor1D, longest: number): Scalar {
  return tf.tidy(() => {
    const length = vector.square().sum().sqrt();
    return tf.minimum(1, tf.div(longest, length.add(1e-12))) as Scalar;
  });
}
