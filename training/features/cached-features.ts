// Features of many images through a trunk's ONNX graph, a batch at a time on every core, kept in a cache folder. A file
// that was not finished is gone on with.
import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_ENGINE, type InferenceEngine, openEngine } from 'skyfix/engines';
import { SkyfixError } from 'skyfix/errors';
import { sha256OfBytes } from 'skyfix/files';
import type { RgbImage } from 'skyfix/geometry';
import { rgbToNchw, stackTensors } from 'skyfix/imaging';
import { GRID_STRIDE_PX } from '../networks/index.js';
import {
  type FeatureMap,
  type FeatureShape,
  type FeatureStore,
  FeatureWriter,
  featuresComplete,
  fileFeatures,
  finishFile,
} from '../stores/index.js';
import type { FeatureImages } from './feature-images.js';
import { seenShares } from './seen-share.js';

/** A trunk as the engine runs it: "image" [B, 3, H, W] in [0, 1] → [B, C, H/32, W/32]. */
export interface TrunkFile {
  readonly path: string;
  /** Of the file's content. */
  readonly sha256: string;
  readonly channels: number;
}

export interface FeatureOptions {
  readonly cacheDir: string;
  /** Only the middle so many cells of each side are kept; all when absent. */
  readonly cells?: number;
  /** Engines that run side by side; unless told, one a core. */
  readonly threads?: number;
  /** Hears of features that are made; of cached ones nothing. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Counted up whenever the code makes other features of the same images. */
const FEATURES_VERSION = 1;
/** Pixels that an engine is given at once: some megabytes, whatever the images' size. */
const BATCH_PIXELS = 4 * 416 * 416;

/**
 * The features of images, from the cache or made now. The key holds the images' digest, the trunk's and the cells that are
 * kept. Throws RangeError for sizes that are no multiple of a cell's 32 px, DISK_FULL, and what the engine throws.
 */
export async function cachedFeatures(
  images: FeatureImages,
  trunk: TrunkFile,
  options: FeatureOptions,
): Promise<FeatureStore> {
  const { sizePx, count } = images;
  const all = sizePx / GRID_STRIDE_PX;
  const { cells = all } = options;
  if (!Number.isInteger(all) || !(cells >= 1) || cells > all || (all - cells) % 2 !== 0) {
    throw new RangeError(`The middle ${cells} cells of ${GRID_STRIDE_PX} px cannot be kept of ${sizePx} px.`);
  }
  const key = [FEATURES_VERSION, images.digest, count, sizePx, trunk.sha256, cells];
  const digest = sha256OfBytes(JSON.stringify(key));
  const path = join(options.cacheDir, `${digest.slice(0, 32)}.features`);
  const shape: FeatureShape = { channels: trunk.channels, cells };
  const finished = openFinished(path, shape, count, digest);
  if (finished) return finished;
  await mkdir(options.cacheDir, { recursive: true });
  const partial = `${path}.part`;
  const writer = new FeatureWriter(partial, shape, count);
  try {
    await makeFeatures(images, trunk, shape, writer, options);
    writer.sync();
  } finally {
    writer.close();
  }
  await finishFile(partial, path);
  return fileFeatures(path, digest);
}

/** Takes the missing images from one queue, with one engine a core. */
async function makeFeatures(
  images: FeatureImages,
  trunk: TrunkFile,
  shape: FeatureShape,
  writer: FeatureWriter,
  { threads = availableParallelism(), onProgress }: FeatureOptions,
): Promise<void> {
  const missing = writer.missing();
  const size = Math.max(1, Math.floor(BATCH_PIXELS / images.sizePx ** 2));
  const batches = Math.ceil(missing.length / size);
  let done = images.count - missing.length;
  let next = 0;
  const work = async (engine: InferenceEngine): Promise<void> => {
    while (next < batches) {
      const rows = missing.slice(next * size, ++next * size);
      const batch = await Promise.all(rows.map((row) => images.image(row)));
      for (const [k, map] of (await featuresOf(engine, batch, shape)).entries()) {
        writer.write(rows[k] as number, map);
      }
      done += rows.length;
      onProgress?.(done, images.count);
    }
  };
  const engines: InferenceEngine[] = [];
  try {
    while (engines.length < Math.min(threads, batches)) {
      engines.push(await openEngine(DEFAULT_ENGINE, trunk.path, { threads: 1 }));
    }
    const outcomes = await Promise.allSettled(
      engines.map((engine) =>
        work(engine).catch((error: unknown) => {
          next = batches; // nothing more is begun
          throw error;
        }),
      ),
    );
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  } finally {
    await Promise.all(engines.map((engine) => engine.close()));
  }
}

/** The middle cells of a batch of images. */
async function featuresOf(
  engine: InferenceEngine,
  batch: readonly RgbImage[],
  { channels, cells }: FeatureShape,
): Promise<Pick<FeatureMap, 'features' | 'seen'>[]> {
  const { data, shape } = await engine.run(
    stackTensors(batch.map((image) => rgbToNchw(image, undefined, 'unit'))),
  );
  const all = (batch[0]?.widthPx ?? 0) / GRID_STRIDE_PX;
  if (shape.join() !== [batch.length, channels, all, all].join()) {
    const expected = `[${batch.length}, ${channels}, ${all}, ${all}]`;
    throw new SkyfixError('INTERNAL', `The trunk answered [${shape}] instead of ${expected}.`);
  }
  const margin = (all - cells) / 2;
  return batch.map((image, b) => {
    const features = new Float32Array(cells * cells * channels);
    const seen = new Float32Array(cells * cells);
    const shares = seenShares(image, all, GRID_STRIDE_PX);
    for (let row = 0; row < cells; row++) {
      for (let column = 0; column < cells; column++) {
        const from = (margin + row) * all + margin + column;
        const cell = row * cells + column;
        seen[cell] = shares[from] as number;
        for (let c = 0; c < channels; c++) {
          features[cell * channels + c] = data[(b * channels + c) * all * all + from] as number;
        }
      }
    }
    return { features, seen };
  });
}

function openFinished(
  path: string,
  { channels, cells }: FeatureShape,
  count: number,
  digest: string,
): FeatureStore | undefined {
  try {
    const store = fileFeatures(path, digest);
    const fits = store.channels === channels && store.cells === cells && store.count === count;
    if (fits && featuresComplete(path)) return store;
    store.close();
  } catch {
    // Not there, or damaged: it is made again.
  }
  return undefined;
}
