// An encoder as a bundle's files have it: its graph, its weights as safetensors, and what its licence asks for.
import type { BundleGeometry } from 'skyfix/bundles';
import {
  type ConvNext,
  type ConvNextConfig,
  GRID_STRIDE_PX,
  type GridEncoder,
  headSizes,
  mapOfHead,
  type NamedArray,
} from '../networks/index.js';
import { trunkNotice, writeSafetensors } from '../weights/index.js';
import { exportEncoderOnnx } from './encoder-onnx.js';
import { exportGridOnnx } from './grid-onnx.js';
import { type GridContent, gridArrays } from './grid-weights.js';
import { ENCODER_NAMING, type EncoderNames, namedForTorch } from './weight-names.js';

type Arrays = Readonly<Record<string, NamedArray>>;

/** ConvNeXt with its own pooling. */
export interface ConvNextContent {
  readonly params: Arrays;
  readonly config: ConvNextConfig;
}

export type EncoderContent = ConvNextContent | GridContent;

const isGrid = (content: EncoderContent): content is GridContent => 'head' in content;

/** A copy of what an encoder is now; of a grid encoder with what its head was fitted to, where that is known. */
export function contentOf(encoder: ConvNext | GridEncoder, statistics?: Arrays): EncoderContent {
  if ('config' in encoder) return { params: encoder.params.toArrays(), config: encoder.config };
  const { trunk, blocks } = encoder;
  return {
    params: encoder.trunkArrays(),
    trunk,
    blocks,
    head: encoder.head(),
    ...(statistics && { statistics }),
  };
}

/** D */
export const dimensionsOf = (content: EncoderContent): number =>
  isGrid(content) ? headSizes(content.head).dimensions : (content.config.dims.at(-1) ?? 0);

/** See mapOfHead; nothing is known of what ConvNeXt averages. */
export const mapOf = (content: EncoderContent) => (isGrid(content) ? mapOfHead(content.head) : undefined);

/** The bytes of encoder.onnx; `half`: large constants are float16, as a grid encoder's always are. */
export const encoderGraph = (content: EncoderContent, half = false): Uint8Array =>
  isGrid(content)
    ? exportGridOnnx({ ...content, half: true })
    : exportEncoderOnnx(content.params, content.config, half);

/**
 * The bytes of encoder.safetensors: ConvNeXt's with the names that are asked for; a grid encoder's with its own, large arrays as
 * float16, which its graph has too.
 */
export function encoderWeights(content: EncoderContent, names: EncoderNames): Uint8Array {
  if (!isGrid(content)) return writeSafetensors(namedForTorch(content.params, ENCODER_NAMING[names]));
  const { arrays, metadata } = gridArrays(content);
  return writeSafetensors(arrays, metadata, (_, { data }) => data.length >= 1024);
}

/** Whose work is in the weights; undefined where it is our own alone. */
export function noticeOf(content: EncoderContent): string | undefined {
  return isGrid(content) && typeof content.trunk === 'string' ? trunkNotice(content.trunk) : undefined;
}

/** Whether encoder.onnx describes all looks of a view in one run: a grid encoder's windows lie where the looks do. */
export function seesWholeViews(content: EncoderContent, geometry: BundleGeometry): boolean {
  const { searchMarginPx = 0, searchStepPx = searchMarginPx } = geometry;
  return isGrid(content) && searchMarginPx > 0 && searchStepPx === GRID_STRIDE_PX;
}
