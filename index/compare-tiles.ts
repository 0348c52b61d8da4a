// Which tiles of new imagery are as they were, and descriptors of those that are not.
import type { Bundle } from '../src/bundles/index.js';
import { Describer, openNetworks } from '../src/describe/index.js';
import type { RgbImage } from '../src/geometry/index.js';
import type { Area } from './area.js';
import type { TileOptions } from './build-options.js';
import { checkedDescriber } from './checked-describer.js';
import type { EarlierVersion } from './earlier-version.js';
import { joined } from './embed.js';
import { isNearArea } from './near-area.js';
import { batchesOf, type Embedded, type TileRange } from './shards.js';
import { DIGEST_BYTES, digestOfPixels } from './tile-digests.js';
import type { TileSource } from './tile-source.js';

export interface Compared {
  readonly embedded: Embedded;
  /** Tiles: with the same pixels, with others, that were none before, that are none now. */
  readonly unchanged: number;
  readonly changed: number;
  readonly added: number;
  readonly removed: number;
  /** Given to the encoder. */
  readonly described: number;
}

export interface CompareInput {
  readonly before: EarlierVersion;
  readonly bundle: Bundle;
  readonly source: TileSource;
  /** Where to look; everywhere when absent. */
  readonly changed: Area | undefined;
  readonly batchSize: number;
  readonly options: Pick<TileOptions, 'threads' | 'engine' | 'onProgress'>;
}

/** Half a tile's diagonal. */
const REACH = Math.SQRT1_2;
/** Samples lie between pixels, and are averaged where the imagery is finer. */
const MARGIN_PX = 3;

/**
 * Compares batch by batch. One whose tiles are all the same is as it was; of another all tiles are described anew, as a build
 * does, so that they have its bits.
 */
export async function compareTiles(input: CompareInput): Promise<Compared> {
  const { before, bundle, source, batchSize, options } = input;
  const { dimensions } = bundle.manifest.descriptor;
  const { threads = 1, engine } = options;
  const networks = await openNetworks(bundle, { threads, engine, inFloat: true });
  const describe = checkedDescriber(new Describer(networks, bundle.manifest, 'NETWORK_INVALID'), dimensions);
  const then = new Map<number, number>();
  for (const place of before.rowAt.keys()) {
    const batch = Math.floor(place / batchSize);
    then.set(batch, (then.get(batch) ?? 0) + 1);
  }
  const pieces: Embedded[] = [];
  const counts = { unchanged: 0, changed: 0, added: 0, described: 0 };
  try {
    for (const batch of batchesOf(source, { from: 0, to: source.count }, batchSize)) {
      const rowsThen = then.get(Math.floor(source.position(batch.from) / batchSize)) ?? 0;
      const looked = await lookAt(batch, input);
      if (looked.same && looked.tiles.length === rowsThen) {
        pieces.push(asBefore(looked.tiles, before, dimensions));
        counts.unchanged += rowsThen;
      } else {
        const tiles = await withImages(looked.tiles, source, bundle.manifest.geometry.inputSizePx);
        const data = await describe(tiles.map(({ image }) => image));
        const digests = tiles.map(({ image }) => digestOfPixels(image));
        counts.described += tiles.length;
        for (const [k, { row }] of tiles.entries()) {
          if (row === undefined) counts.added++;
          else if (isDigestOf(before, row, digests[k] as Uint8Array)) counts.unchanged++;
          else counts.changed++;
        }
        const numbers = tiles.map(({ number }) => number);
        pieces.push({ numbers, data, digests: new Uint8Array(Buffer.concat(digests)), missing: 0 });
      }
      options.onProgress?.(batch.to, source.count, 'tiles');
    }
  } finally {
    await networks.close();
  }
  const removed = before.manifest.count - counts.unchanged - counts.changed;
  return { ...counts, removed, embedded: joined(pieces, dimensions) };
}

interface LookedTile {
  readonly number: number;
  /** In the version before; undefined where it was none. */
  readonly row: number | undefined;
  /** Undefined where it was not looked at. */
  readonly image?: RgbImage | undefined;
}

/** The tiles of a batch that are there now; `same` where each was there before and looks as it did. */
async function lookAt(batch: TileRange, { before, bundle, source, changed }: CompareInput) {
  const { inputSizePx } = bundle.manifest.geometry;
  const radiusM =
    REACH * source.sizeM + MARGIN_PX * Math.max(source.imagery?.gsdM ?? 0, source.sizeM / inputSizePx);
  const tiles: LookedTile[] = [];
  let same = true;
  for (let number = batch.from; number < batch.to; number++) {
    const row = before.rowAt.get(source.position(number));
    if (changed && !isNearArea(changed, source.tile(number), radiusM)) {
      if (row !== undefined) tiles.push({ number, row });
      continue;
    }
    const { image } = await source.image(number, inputSizePx);
    if (!image) continue;
    tiles.push({ number, row, image });
    same &&= row !== undefined && isDigestOf(before, row, digestOfPixels(image));
  }
  return { tiles, same };
}

const isDigestOf = ({ digests }: EarlierVersion, row: number, digest: Uint8Array) =>
  Buffer.compare(digests.subarray(row * DIGEST_BYTES, (row + 1) * DIGEST_BYTES), digest) === 0;

function asBefore(tiles: readonly LookedTile[], before: EarlierVersion, dimensions: number): Embedded {
  const data = new Float32Array(tiles.length * dimensions);
  const digests = new Uint8Array(tiles.length * DIGEST_BYTES);
  for (const [k, { row = 0 }] of tiles.entries()) {
    data.set(before.descriptors.data.subarray(row * dimensions, (row + 1) * dimensions), k * dimensions);
    digests.set(before.digests.subarray(row * DIGEST_BYTES, (row + 1) * DIGEST_BYTES), k * DIGEST_BYTES);
  }
  return { numbers: tiles.map(({ number }) => number), data, digests, missing: 0 };
}

/** The same with their pixels, those without imagery left out. */
async function withImages(tiles: readonly LookedTile[], source: TileSource, sizePx: number) {
  const found: (LookedTile & { readonly image: RgbImage })[] = [];
  for (const tile of tiles) {
    const image = tile.image ?? (await source.image(tile.number, sizePx)).image;
    if (image) found.push({ ...tile, image });
  }
  return found;
}
