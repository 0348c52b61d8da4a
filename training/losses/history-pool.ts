// The history of generated images that a discriminator also sees (Shrivastava et al. 2017): it keeps the
// discriminator from chasing the generator's latest habit.
import type { Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { seededRandom } from 'skyfix/random';
import type { NamedArray } from '../networks/index.js';
import { tf } from '../runtime/index.js';

export class HistoryPool {
  readonly #capacity: number;
  readonly #seed: number;
  readonly #images: Tensor4D[] = [];
  #seen = 0;

  /**
   * Holds 50 images in CycleGAN; without capacity it gives back what it gets. Which images are swapped depends on `seed`
   * and the number of images seen, so a restored pool goes on alike.
   */
  constructor(capacity: number, seed: number) {
    this.#capacity = capacity;
    this.#seed = seed;
  }

  /**
   * Takes generated images [B, H, W, 3] and gives as many back: until the pool is full the same ones, then each with
   * probability ½ an older one in its place. The result is the caller's to dispose; the input stays the caller's.
   */
  query(images: Tensor4D): Tensor4D {
    return tf.tidy(() => {
      const given = tf.split(images, images.shape[0], 0).map((part) => this.#exchange(part as Tensor4D));
      return tf.concat4d(given, 0).clone();
    });
  }

  #exchange(image: Tensor4D): Tensor4D {
    if (this.#capacity === 0) return image;
    const uniform = seededRandom(this.#seed * 1_000_003 + this.#seen++);
    if (this.#images.length < this.#capacity) {
      this.#images.push(tf.keep(image.clone()));
      return image;
    }
    if (uniform() < 0.5) return image;
    const i = Math.floor(uniform() * this.#images.length);
    const old = this.#images[i] ?? image;
    this.#images[i] = tf.keep(image.clone());
    const result = old.clone();
    old.dispose();
    return result;
  }

  get size(): number {
    return this.#images.length;
  }

  /** The pool for a checkpoint. */
  toArrays(): Record<string, NamedArray> {
    const [first] = this.#images;
    const each = this.#images.map((image) => image.dataSync() as Float32Array);
    const data = new Float32Array(each.reduce((sum, image) => sum + image.length, 0));
    each.forEach((image, i) => {
      data.set(image, i * image.length);
    });
    const shape = [this.#images.length, ...(first?.shape.slice(1) ?? [0, 0, 3])];
    return { images: { shape, data }, seen: { shape: [1], data: Float32Array.of(this.#seen) } };
  }

  /** Restores what toArrays wrote. */
  load(arrays: Readonly<Record<string, NamedArray>>): void {
    const { images, seen } = arrays;
    if (!images || !seen) throw new Error('The checkpoint holds no image history.');
    this.dispose();
    this.#seen = seen.data[0] ?? 0;
    const [count = 0, height = 0, width = 0, channels = 3] = images.shape;
    const size = height * width * channels;
    for (let i = 0; i < count; i++) {
      const image = images.data.subarray(i * size, (i + 1) * size);
      this.#images.push(tf.keep(tf.tensor4d(image, [1, height, width, channels])));
    }
  }

  dispose(): void {
    for (const image of this.#images.splice(0)) image.dispose();
  }
}
