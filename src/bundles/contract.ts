// What a network must keep to become part of a bundle: names, shapes, value ranges, unit length.
import { unitLengthFault } from '../engines/index.js';
import { looksPerSide, viewSizePx } from './geometry.js';
import type { BundleGeometry, BundleManifest } from './manifest.js';

/** How far a generated view may lie outside [-1, 1]: the rounding of a float32 tanh. */
const RANGE_TOLERANCE = 1e-5;

/** How far an image's result in a batch may differ from its result alone. */
export const BATCH_TOLERANCE = 1e-4;

/** Images that are given to a network at once, at most. */
export const MOST_AT_ONCE = 64;

/**
 * Whole views that an encoder with dense looks is given at once, at most: one of 416 px takes some 30 MB between its layers.
 */
export const MOST_VIEWS_AT_ONCE = 8;

/** What an encoder with dense looks must give of whole views [B, 3, viewPx, viewPx], beside one row of each image of sizePx. */
export interface DenseLooks {
  readonly viewPx: number;
  /** Looks in a row of a view; it gives perSide * perSide descriptors, row by row from the north-west. */
  readonly perSide: number;
  /** Between neighbouring looks. */
  readonly stepPx: number;
}

export interface NetworkContract {
  /** Name of the one input, [B, 3, sizePx, sizePx] in [low, 1]. */
  readonly input: string;
  readonly low: -1 | 0;
  readonly sizePx: number;
  /** Name of the first output; its shape without the batch. */
  readonly output: string;
  readonly outputShape: readonly number[];
  /** Absent where the network takes images of one size only. */
  readonly dense?: DenseLooks;
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

/**
 * encoder.onnx: "image" [B,3,S,S] in [0,1] to "descriptor" [B,D] of unit length; with dense looks also views [B,3,V,V] to
 * [B*n*n,D].
 */
export function encoderContract({
  geometry,
  descriptor: { dimensions },
  looks,
}: Pick<BundleManifest, 'geometry' | 'descriptor' | 'looks'>): NetworkContract {
  const { inputSizePx, searchMarginPx = 0, searchStepPx = searchMarginPx } = geometry;
  const perSide = looksPerSide(geometry);
  const isDense = looks === 'dense' && perSide > 1;
  const atOnce = isDense ? 1 : Math.min(perSide * perSide, MOST_AT_ONCE);
  return {
    input: 'image',
    low: 0,
    sizePx: inputSizePx,
    output: 'descriptor',
    outputShape: [dimensions],
    ...(isDense && { dense: { viewPx: viewSizePx(geometry), perSide, stepPx: searchStepPx } }),
    // 32 is what an index is built with, the looks are what a request is answered with; 33 shows what depends on padding.
    batches: [2, 3, 7, 16, 32, 33, atOnce],
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
