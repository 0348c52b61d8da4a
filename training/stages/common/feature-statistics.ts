// Mean and deviation of a trunk's channels over images: what a head standardises by.
import type { Tensor1D } from '@tensorflow/tfjs-node-gpu';
import type { GridEncoder } from '../../networks/index.js';
import { tf } from '../../runtime/index.js';
import type { ImageStore } from '../../stores/index.js';
import { imagesToTensor, middleOf } from './descriptors.js';

const BATCH = 16;
/** A channel that never changes is divided by this. */
const SMALLEST_DEVIATION = 1e-3;

/** [C] each, over all cells of the middles of some images of several stores. */
export async function featureStatistics(
  encoder: GridEncoder,
  stores: readonly ImageStore[],
  rows: readonly (readonly number[])[],
): Promise<{ readonly mean: Float32Array; readonly deviation: Float32Array }> {
  let cells = 0;
  let sums: Float64Array | undefined;
  let squares: Float64Array | undefined;
  for (const [k, store] of stores.entries()) {
    const square = middleOf(store, encoder.inputSize);
    const wanted = rows[k] ?? [];
    for (let start = 0; start < wanted.length; start += BATCH) {
      const [sum, square2, count] = tf.tidy(() => {
        const images = imagesToTensor(store, wanted.slice(start, start + BATCH), square);
        const features = encoder.features(images.div(255));
        return [
          features.sum([0, 1, 2]) as Tensor1D,
          features.square().sum([0, 1, 2]) as Tensor1D,
          features.size / (features.shape[3] ?? 1),
        ] as const;
      });
      const [ofSum, ofSquare] = await Promise.all([sum.data(), square2.data()]);
      sums ??= new Float64Array(ofSum.length);
      squares ??= new Float64Array(ofSum.length);
      for (let c = 0; c < ofSum.length; c++) {
        sums[c] = (sums[c] ?? 0) + (ofSum[c] ?? 0);
        squares[c] = (squares[c] ?? 0) + (ofSquare[c] ?? 0);
      }
      cells += count;
      tf.dispose([sum, square2]);
    }
  }
  const mean = Float32Array.from(sums ?? [], (sum) => sum / cells);
  const deviation = Float32Array.from(squares ?? [], (square, c) => {
    const variance = square / cells - (mean[c] ?? 0) ** 2;
    return Math.max(SMALLEST_DEVIATION, Math.sqrt(Math.max(0, variance)));
  });
  return { mean, deviation };
}
