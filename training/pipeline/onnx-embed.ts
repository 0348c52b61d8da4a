// A bundle's networks as they are served (ONNX graphs), for evaluation: stored images in, stored views and descriptors out.
import { type BundleGeometry, viewSizePx } from 'skyfix/bundles';
import { type Describer, type LookCorner, lookCorners, type Offset } from 'skyfix/describe';
import { nchwToRgb, rgbToNchw, stackTensors } from 'skyfix/imaging';
import { middleOf, type Square } from '../stages/index.js';
import {
  bytesPerImage,
  cropStore,
  type ImageStore,
  imageOfStore,
  selectStore,
  writeStore,
} from '../stores/index.js';
import type { Embed } from './evaluate-area.js';

/** Images that are read and given to a network at once. */
const BATCH = 16;

/** The images of a store, a batch at a time. */
function* batchesOf(store: ImageStore) {
  for (let start = 0; start < store.count; start += BATCH) {
    const count = Math.min(BATCH, store.count - start);
    yield Array.from({ length: count }, (_, k) => imageOfStore(store, start + k));
  }
}

/** The generated views of BEVs as a store file. */
export function onnxViews(
  describer: Describer,
  bevs: ImageStore,
  path: string,
  onProgress?: (done: number, total: number) => void,
): Promise<ImageStore> {
  async function* views() {
    for (const images of batchesOf(bevs)) {
      const input = stackTensors(images.map((image) => rgbToNchw(image, undefined, 'signed')));
      const output = await describer.generate(input);
      const batch = new Uint8Array(images.length * bytesPerImage(bevs));
      for (const k of images.keys()) batch.set(nchwToRgb(output, 'signed', k).data, k * bytesPerImage(bevs));
      yield batch;
    }
  }
  return writeStore(path, bevs, views(), onProgress);
}

/**
 * Descriptors by the encoder's graph, as it is served: where looks are dense, a square of a view that is one of its looks is
 * seen with the ground around it, in one pass over the view.
 */
export function onnxEmbed(describer: Describer, geometry: BundleGeometry, dimensions: number): Embed {
  const corners = lookCorners(geometry);
  const viewPx = viewSizePx(geometry);
  // Of the rows that were last asked for: all of their looks, for the next square of them.
  const seen = new WeakMap<
    ImageStore,
    { readonly rows: readonly number[]; readonly looks: readonly Float32Array[] }
  >();
  const lookOf = async (images: ImageStore, corner: number, rows: readonly number[] | undefined) => {
    if (!rows) return (await looksOf(describer, images, [corner], dimensions))[0];
    const known = seen.get(images);
    if (known?.rows === rows) return known.looks[corner];
    const looks = await looksOf(describer, selectStore(images, rows), [...corners.keys()], dimensions);
    seen.set(images, { rows, looks });
    return looks[corner];
  };
  return async (images, square = middleOf(images, geometry.inputSizePx), rows) => {
    const isView = describer.showsAllAtOnce && images.sizePx === viewPx;
    const corner = isView ? cornerOf(corners, square, geometry) : -1;
    if (corner >= 0) {
      const data = (await lookOf(images, corner, rows)) as Float32Array;
      return { count: rows?.length ?? images.count, dimensions, data };
    }
    const store = cropStore(rows ? selectStore(images, rows) : images, square);
    const data = new Float32Array(store.count * dimensions);
    let at = 0;
    for (const batch of batchesOf(store)) {
      const part = (await describer.describe(batch)).data;
      data.set(part, at);
      at += part.length;
    }
    return { count: store.count, dimensions, data };
  };
}

/** Which of the looks a square is; -1 for none. */
function cornerOf(
  corners: readonly LookCorner[],
  { leftPx, topPx, sizePx }: Square,
  { inputSizePx }: BundleGeometry,
): number {
  if (sizePx !== inputSizePx) return -1;
  return corners.findIndex((corner) => corner.leftPx === leftPx && corner.topPx === topPx);
}

/** Of each of the describer's looks with these numbers the descriptors [count, D] of all views of a store. */
async function looksOf(
  describer: Describer,
  views: ImageStore,
  numbers: readonly number[],
  dimensions: number,
): Promise<readonly Float32Array[]> {
  const offsets = numbers.map((number) => describer.offsets[number] as Offset);
  const all = numbers.map(() => new Float32Array(views.count * dimensions));
  let at = 0;
  for (const images of batchesOf(views)) {
    const looks = await describer.look(
      stackTensors(images.map((image) => rgbToNchw(image, undefined, 'unit'))),
      offsets,
    );
    for (const ofView of looks) {
      for (const [k, { descriptor }] of ofView.entries()) all[k]?.set(descriptor, at);
      at += dimensions;
    }
  }
  return all;
}
