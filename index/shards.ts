// The part of a build that takes long, kept in pieces: what a killed build has embedded is not embedded again.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BATCH_TOLERANCE } from '../src/bundles/index.js';
import type { Describer } from '../src/describe/index.js';
import { SkyfixError } from '../src/errors/index.js';
import { sha256OfBytes, sha256OfFile, writeFileAtomic } from '../src/files/index.js';
import type { RgbImage } from '../src/geometry/index.js';
import { formatDescriptors, readDescriptors } from '../src/search/index.js';
import type { TileSource } from './tile-source.js';

export const SHARD_TILES = 256;

/** Descriptors of the tiles that have imagery, among SHARD_TILES consecutive ones. */
export interface Shard {
  readonly numbers: readonly number[];
  /** [numbers.length, dimensions] */
  readonly data: Float32Array;
  /** Shares without imagery, of all tiles that were looked at, summed up. */
  readonly missing: number;
}

export interface EncoderInput {
  readonly describer: Describer;
  readonly inputSizePx: number;
  readonly dimensions: number;
  readonly batchSize: number;
}

/** The shard that begins with tile `from`: read where a former run wrote it whole, embedded and written otherwise. */
export async function shardAt(
  dir: string,
  from: number,
  source: TileSource,
  input: EncoderInput,
  onTiles: (tiles: number) => void,
): Promise<Shard> {
  const stem = join(dir, `shard-${String(from / SHARD_TILES).padStart(5, '0')}`);
  const to = Math.min(source.count, from + SHARD_TILES);
  const known = await readShard(stem, input.dimensions);
  if (known) {
    onTiles(to - from);
    return known;
  }
  const shard = await embed(source, from, to, input, onTiles);
  const { numbers, data, missing } = shard;
  const bytes = formatDescriptors({ count: numbers.length, dimensions: input.dimensions, data });
  await writeFileAtomic(`${stem}.f32`, bytes);
  // Written last: it says that the other file is whole.
  await writeFileAtomic(`${stem}.json`, JSON.stringify({ sha256: sha256OfBytes(bytes), numbers, missing }));
  return shard;
}

/** Undefined where there is no whole shard. */
async function readShard(stem: string, dimensions: number): Promise<Shard | undefined> {
  try {
    const json = JSON.parse(await readFile(`${stem}.json`, 'utf8')) as Omit<Shard, 'data'> & {
      sha256: string;
    };
    if ((await sha256OfFile(`${stem}.f32`)) !== json.sha256) return undefined;
    const { count, data, dimensions: written } = await readDescriptors(`${stem}.f32`);
    return written === dimensions && count === json.numbers.length
      ? { numbers: json.numbers, data, missing: json.missing }
      : undefined;
  } catch {
    return undefined;
  }
}

/** Embeds tiles from..to in batches; the next batch is cut while the encoder computes. */
async function embed(
  source: TileSource,
  from: number,
  to: number,
  input: EncoderInput,
  onTiles: (tiles: number) => void,
): Promise<Shard> {
  const numbers: number[] = [];
  let missing = 0;
  const parts: Float32Array[] = [];
  let running: Promise<void> = Promise.resolve();
  for (let start = from; start < to; start += input.batchSize) {
    const end = Math.min(to, start + input.batchSize);
    const images: RgbImage[] = [];
    const cut: number[] = [];
    for (let number = start; number < end; number++) {
      const { image, missingShare } = await source.image(number, input.inputSizePx);
      missing += missingShare;
      if (!image) continue;
      images.push(image);
      cut.push(number);
    }
    await running;
    running = describeBatch(images, Math.floor(start / input.batchSize), input).then((data) => {
      parts.push(data);
      numbers.push(...cut);
      onTiles(end - start);
    });
    running.catch(() => {}); // met by the await above or below
  }
  await running;
  const data = new Float32Array(numbers.length * input.dimensions);
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  return { numbers, data, missing };
}

/** Batches of which one tile is described alone, too: the first, and then every so manieth. */
const CHECKED_BATCHES = 16;

/**
 * Descriptors of the tiles of batch `batch`, one behind the other. An encoder whose answer depends on what else is in
 * the batch, or
 * on a tile's place in it, is refused: queries come in other batches. Throws NETWORK_INVALID.
 */
async function describeBatch(
  images: readonly RgbImage[],
  batch: number,
  { describer, dimensions }: EncoderInput,
): Promise<Float32Array> {
  if (images.length === 0) return new Float32Array(0);
  const { data } = await describer.describe(images);
  // Of the first batch every tile: wrong places may be few.
  const checked =
    batch === 0
      ? images.keys()
      : batch % CHECKED_BATCHES === 0
        ? [(batch / CHECKED_BATCHES) % images.length]
        : [];
  for (const place of checked) {
    const image = images[place] as RgbImage;
    const { data: alone } = await describer.describe([image]);
    const apart = alone.reduce(
      (most, value, k) => Math.max(most, Math.abs(value - (data[place * dimensions + k] as number))),
      0,
    );
    if (apart <= BATCH_TOLERANCE) continue;
    throw new SkyfixError(
      'NETWORK_INVALID',
      `The encoder's descriptor of a tile in a batch of ${images.length} (place ${place + 1}) ` +
        `differs by ${apart} from the one alone.`,
    );
  }
  return data;
}
