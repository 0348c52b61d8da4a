// What a network must keep to become part of a bundle: names, shapes, value ranges, unit length.
import { unitLengthFault } from '../engines/index.js';
import { viewSizePx } from './geometry.js';
import type { BundleGeometry } from './manifest.js';

/** How far a generated view may lie outside [-1, 1]: the rounding of a float32 tanh. */
const RANGE_TOLERANCE = 1e-5;

/** Images that are given to a network at once, at most. */
export const MOST_AT_ONCE = 64;

export interface NetworkContract {
  /** Name of the one input, [B, 3, sizePx, sizePx] in [low, 1]. */
  readonly input: string;
  readonly low: -1 | 0;
  readonly sizePx: number;
  /** Name of the first output; its shape without the batch. */
  readonly output: string;
  readonly outputShape: readonly number[];
  /** Numbers of images that it must take at once, where its batch dimension is free. */
  readonly batches: readonly number[];
  /** What is wrong with one image's result, or undefined. */
  readonly fault: (values: Float32Array) => string | undefined;
}

/** generator.onnx: "bev" [B,3,S,S] in [-1,1] to "view" of the same shape and range. */
export function generatorContract(geometry: BundleGeometry): NetworkContract {
  const sizePx = viewSizePx(geometry);
  return {
    input: 'bev',
    low: -1,
    sizePx,
    output: 'view',
    outputShape: [3, sizePx, sizePx],
    batches: [2, 3, 7, 16],
    fault: (values) => {
      const worst = values.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
      if (Math.abs(worst) <= 1 + RANGE_TOLERANCE) return undefined;
      return `reaches ${worst}, outside [-1, 1]: end the graph with Tanh, or scale its output`;
    },
  };
}

/** encoder.onnx: "image" [B,3,S,S] in [0,1] to "descriptor" [B,D] of unit length. */
export function encoderContract(geometry: BundleGeometry, dimensions: number): NetworkContract {
  const { inputSizePx, searchMarginPx = 0, searchStepPx = searchMarginPx } = geometry;
  const looks = searchMarginPx === 0 ? 1 : ((2 * searchMarginPx) / searchStepPx + 1) ** 2;
  return {
    input: 'image',
    low: 0,
    sizePx: inputSizePx,
    output: 'descriptor',
    outputShape: [dimensions],
    // 32 is what an index is built with, the looks are what a request is answered with; 33 shows what depends on padding.
    batches: [2, 3, 7, 16, 32, 33, Math.min(looks, MOST_AT_ONCE)],
    fault: (values) => {
      if (values.every((value) => value === 0)) {
        return (
          'is zero in every dimension, which no normalisation gives a direction: the graph loses the image ' +
          '(a ReLU that is always off, weights that were not loaded, a division by the spread of a flat image)'
        );
      }
      const fault = unitLengthFault(values);
      return (
        fault && `${fault}: append an L2 normalisation to the graph (operator LpNormalization, axis 1, p 2)`
      );
    },
  };
}
