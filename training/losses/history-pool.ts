// The history of generated images that a discriminator also sees (Shrivastava et al. 2017): it keeps the
// discriminator from chasing the generator's latest habit.
import type { Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { tf } from '../runtime/tf.js';

export class HistoryPool {
  readonly #capacity: number;
  readonly #uniform: () => number;
  readonly #images: Tensor4D[] = [];

  /** `uniform` is the seeded generator that decides which images are swapped. */
  constructor(uniform: () => number, capacity = 50) {
    this.#uniform = uniform;
    this.#capacity = capacity;
  }

  /**
   * Takes generated images [B, H, W, 3] and gives as many back: until the pool is full the same ones, then each with
   * probability ½ an older one in its place. The result is the caller's to dispose; the input stays the caller's.
   */
  exchange(images: Tensor4D): Tensor4D {
    return tf.tidy(() => {
      const given = tf.split(images, images.shape[0], 0).map((part) => this.#exchangeOne(part as Tensor4D));
      return tf.concat4d(given, 0);
    });
  }

  #exchangeOne(image: Tensor4D): Tensor4D {
    if (this.#images.length < this.#capacity) {
      this.#images.push(tf.keep(image.clone()));
      return image;
    }
    if (this.#uniform() < 0.5) return image;
    const i = Math.floor(this.#uniform() * this.#images.length);
    const old = this.#images[i] ?? image;
    this.#images[i] = tf.keep(image.clone());
    const result = old.clone();
    old.dispose();
    return result;
  }

  get size(): number {
    return this.#images.length;
  }

  /** The images kept, [n, H, W, 3], for a checkpoint; undefined when empty. The caller disposes it. */
  toTensor(): Tensor4D | undefined {
    return this.#images.length > 0 ? tf.concat4d(this.#images, 0) : undefined;
  }

  /** Replaces the content with images [n, H, W, 3] of a checkpoint. */
  load(images: Tensor4D): void {
    this.dispose();
    tf.tidy(() => {
      for (const part of tf.split(images, images.shape[0], 0))
        this.#images.push(tf.keep(part.clone() as Tensor4D));
    });
  }

  dispose(): void {
    for (const image of this.#images.splice(0)) image.dispose();
  }
}
