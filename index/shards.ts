// The part of a build that takes long, kept in pieces: what a killed build has embedded is not embedded again.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256OfBytes, sha256OfFile, writeFileAtomic } from '../src/files/index.js';
import type { RgbImage } from '../src/geometry/index.js';
import { formatDescriptors, readDescriptors } from '../src/search/index.js';
import { DIGEST_BYTES, digestOfPixels } from './tile-digests.js';
import type { TileSource } from './tile-source.js';

/** A shard takes whole batches until it has so many tiles. */
export const SHARD_TILES = 256;

/** Numbers from..to, without `to`. */
export interface TileRange {
  readonly from: number;
  readonly to: number;
}

/** Descriptors of the tiles of a range that have imagery. */
export interface Embedded {
  readonly numbers: readonly number[];
  /** [numbers.length, dimensions] */
  readonly data: Float32Array;
  /** [numbers.length, DIGEST_BYTES] of the tiles' pixels. */
  readonly digests: Uint8Array;
  /** Shares without imagery, of all tiles that were looked at, summed up. */
  readonly missing: number;
}

export interface EncoderInput {
  /** See checkedDescriber. */
  readonly describe: (images: readonly RgbImage[]) => Promise<Float32Array>;
  readonly inputSizePx: number;
  readonly dimensions: number;
  readonly batchSize: number;
}

/**
 * The batches that tiles of the range are in, as ranges: those whose positions are in one aligned run of `batchSize`. They are
 * the same for every range, so the first and the last may reach beyond it.
 */
export function batchesOf(source: TileSource, range: TileRange, batchSize: number): readonly TileRange[] {
  const batches: TileRange[] = [];
  if (range.from >= range.to) return batches;
  const runOf = (number: number) => Math.floor(source.position(number) / batchSize);
  let start = range.from;
  while (start > 0 && runOf(start - 1) === runOf(range.from)) start--;
  while (start < range.to) {
    const run = runOf(start);
    let end = start + 1;
    while (end < source.count && runOf(end) === run) end++;
    batches.push({ from: start, to: end });
    start = end;
  }
  return batches;
}

/** The shards of a range: runs of its batches. */
export function shardsOf(batches: readonly TileRange[]): readonly (readonly TileRange[])[] {
  const shards: TileRange[][] = [];
  let current: TileRange[] = [];
  for (const batch of batches) {
    current.push(batch);
    if (batch.to - (current[0]?.from ?? 0) < SHARD_TILES) continue;
    shards.push(current);
    current = [];
  }
  if (current.length > 0) shards.push(current);
  return shards;
}

/** Shard `number` of a range: read where a former run wrote it whole, embedded and written otherwise. */
export async function shardAt(
  dir: string,
  number: number,
  batches: readonly TileRange[],
  range: TileRange,
  source: TileSource,
  input: EncoderInput,
  onTiles: (tiles: number) => void,
): Promise<Embedded> {
  const stem = join(dir, `shard-${String(number).padStart(5, '0')}`);
  const known = await readShard(stem, input.dimensions);
  if (known) {
    onTiles(batches.reduce((sum, batch) => sum + ownIn(batch, range), 0));
    return known;
  }
  const shard = await embedBatches(source, batches, range, input, onTiles);
  const { numbers, data, digests, missing } = shard;
  const bytes = formatDescriptors({ count: numbers.length, dimensions: input.dimensions, data });
  await writeFileAtomic(`${stem}.f32`, bytes);
  const pixels = Buffer.from(digests).toString('base64');
  // Written last: it says that the other file is whole.
  const facts = { sha256: sha256OfBytes(bytes), numbers, missing, pixels };
  await writeFileAtomic(`${stem}.json`, JSON.stringify(facts));
  return shard;
}

interface ShardFacts {
  readonly sha256: string;
  readonly numbers: readonly number[];
  readonly missing: number;
  readonly pixels: string;
}

/** Undefined where there is no whole shard. */
async function readShard(stem: string, dimensions: number): Promise<Embedded | undefined> {
  try {
    const facts = JSON.parse(await readFile(`${stem}.json`, 'utf8')) as ShardFacts;
    if ((await sha256OfFile(`${stem}.f32`)) !== facts.sha256) return undefined;
    const { count, data, dimensions: written } = await readDescriptors(`${stem}.f32`);
    const { numbers, missing } = facts;
    const digests = new Uint8Array(Buffer.from(facts.pixels, 'base64'));
    const whole =
      written === dimensions && count === numbers.length && digests.length === count * DIGEST_BYTES;
    return whole ? { numbers, data, digests, missing } : undefined;
  } catch {
    return undefined;
  }
}

/** How many tiles of a batch are of the range. */
const ownIn = (batch: TileRange, { from, to }: TileRange) =>
  Math.max(0, Math.min(batch.to, to) - Math.max(batch.from, from));

/** Tiles that were cut, those without imagery left out. */
interface CutTiles {
  readonly numbers: readonly number[];
  readonly images: readonly RgbImage[];
  readonly digests: readonly Uint8Array[];
  /** Shares without imagery, summed up over those of the range. */
  readonly missing: number;
}

/** Cuts the tiles of a batch, those beyond the range included: they are described together. */
async function cutBatch(
  source: TileSource,
  batch: TileRange,
  range: TileRange,
  sizePx: number,
): Promise<CutTiles> {
  const numbers: number[] = [];
  const images: RgbImage[] = [];
  const digests: Uint8Array[] = [];
  let missing = 0;
  for (let number = batch.from; number < batch.to; number++) {
    const { image, missingShare } = await source.image(number, sizePx);
    if (number >= range.from && number < range.to) missing += missingShare;
    if (!image) continue;
    numbers.push(number);
    images.push(image);
    digests.push(digestOfPixels(image));
  }
  return { numbers, images, digests, missing };
}

/** Embeds batch by batch; the next one is cut while the encoder computes. */
async function embedBatches(
  source: TileSource,
  batches: readonly TileRange[],
  range: TileRange,
  input: EncoderInput,
  onTiles: (tiles: number) => void,
): Promise<Embedded> {
  const { dimensions } = input;
  const numbers: number[] = [];
  const rows: Float32Array[] = [];
  const digests: Uint8Array[] = [];
  let missing = 0;
  let running: Promise<void> = Promise.resolve();
  for (const batch of batches) {
    const cut = await cutBatch(source, batch, range, input.inputSizePx);
    missing += cut.missing;
    await running;
    running = input.describe(cut.images).then((data) => {
      for (const [k, number] of cut.numbers.entries()) {
        if (number < range.from || number >= range.to) continue;
        numbers.push(number);
        rows.push(data.subarray(k * dimensions, (k + 1) * dimensions));
        digests.push(cut.digests[k] as Uint8Array);
      }
      onTiles(ownIn(batch, range));
    });
    running.catch(() => {}); // met by the await above or below
  }
  await running;
  const data = new Float32Array(numbers.length * dimensions);
  for (const [k, row] of rows.entries()) data.set(row, k * dimensions);
  return { numbers, data, digests: new Uint8Array(Buffer.concat(digests)), missing };
}
