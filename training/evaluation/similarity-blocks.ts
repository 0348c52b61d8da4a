// All cosine similarities between two sets of descriptors, a block of rows at a time: one matrix product a block, so
// that thousands by thousands take a moment and never more memory than a block.
import type { Tensor2D } from '@tensorflow/tfjs-node-gpu';
import { tf, usedDevice, usedMath } from '../runtime/index.js';
import type { Descriptors } from './retrieval.js';

/** Similarities in one block at most: 32 MiB of float32. */
const BLOCK_SIMILARITIES = 8 * 1024 * 1024;

/**
 * Calls `visit` with [rows, gallery.count] similarities for one block of queries after the other, and the number of
 * the block's first query. The block is disposed after the call. Throws RangeError where the dimensions differ.
 */
export function eachSimilarityBlock(
  queries: Descriptors,
  gallery: Descriptors,
  visit: (block: Tensor2D, first: number) => void,
  blockSimilarities = BLOCK_SIMILARITIES,
): void {
  const { dimensions } = queries;
  if (dimensions !== gallery.dimensions) {
    throw new RangeError(
      `Descriptors of ${dimensions} and ${gallery.dimensions} dimensions cannot be compared.`,
    );
  }
  if (queries.count === 0 || gallery.count === 0) return;
  const most = Math.max(1, Math.floor(blockSimilarities / gallery.count));
  const right = tensorOf(gallery, 0, gallery.count);
  try {
    for (let first = 0; first < queries.count; first += most) {
      tf.tidy(() => {
        const left = tensorOf(queries, first, Math.min(most, queries.count - first));
        visit(tf.matMul(left, right, false, true) as Tensor2D, first);
      });
    }
  } finally {
    right.dispose();
  }
}

/** How far a product of two numbers may be off before it is added up: both are rounded to 8 bits, or 11 (TF32). */
const BF16_PRODUCT = 2.01 * 2 ** -8;
const TF32_PRODUCT = 2.01 * 2 ** -11;

/**
 * How far a similarity in a block may be off at most, as a share of the product of both descriptors' norms: the bound
 * of a float32 sum in any order (Higham 2002, eq. 3.5), and the rounding of the products where the runtime rounds them.
 */
export function similarityError(dimensions: number): number {
  const sum = 1.01 * (dimensions + 4) * 2 ** -24;
  if (usedMath() === 'bf16') return sum + BF16_PRODUCT;
  return usedDevice() === 'cuda' ? sum + TF32_PRODUCT : sum;
}

function tensorOf({ data, dimensions }: Descriptors, first: number, count: number): Tensor2D {
  return tf.tensor2d(data.subarray(first * dimensions, (first + count) * dimensions), [count, dimensions]);
}

/** The highest entries of each row of a block, highest first; of equal ones the lower column first. */
export function highestOfRows(block: Tensor2D, k: number): { values: Float32Array; columns: Int32Array } {
  return tf.tidy(() => {
    const { values, indices } = tf.topk(block, Math.min(k, block.shape[1]));
    return { values: values.dataSync() as Float32Array, columns: indices.dataSync() as Int32Array };
  });
}
