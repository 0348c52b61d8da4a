// Tiles of a range to descriptors: with the networks of a bundle, in shards that a build which goes on finds again.
import type { Bundle } from '../src/bundles/index.js';
import { Describer, openNetworks } from '../src/describe/index.js';
import type { EngineChoice } from '../src/engines/index.js';
import { SkyfixError } from '../src/errors/index.js';
import { MOST_VALUES } from '../src/search/index.js';
import { checkedDescriber } from './checked-describer.js';
import { batchesOf, type Embedded, shardAt, shardsOf, type TileRange } from './shards.js';
import { DIGEST_BYTES } from './tile-digests.js';
import type { TileSource } from './tile-source.js';

/** Tiles a run of the encoder. */
export const BATCH_SIZE = 32;

export interface EmbedOptions {
  readonly threads?: number | undefined;
  readonly engine?: EngineChoice | undefined;
  readonly batchSize?: number | undefined;
  /** Tiles done, of the range's. */
  readonly onTiles?: ((done: number) => void) | undefined;
}

/** Embeds the tiles of a range; shards are kept in `dir`. `data` is on shared memory: the graph's thread needs no copy. */
export async function embedRange(
  dir: string,
  bundle: Bundle,
  source: TileSource,
  range: TileRange,
  options: EmbedOptions,
): Promise<Embedded> {
  const { inputSizePx } = bundle.manifest.geometry;
  const { dimensions } = bundle.manifest.descriptor;
  const { batchSize = BATCH_SIZE, threads = 1, engine, onTiles } = options;
  const tiles = range.to - range.from;
  if (tiles * dimensions > MOST_VALUES) {
    throw new SkyfixError(
      'PARAMETER_INVALID',
      `${tiles} tiles of ${dimensions} numbers are more than one version holds ` +
        `(${Math.floor(MOST_VALUES / dimensions)} tiles); divide the area into several regions.`,
    );
  }
  const networks = await openNetworks(bundle, { threads, engine, inFloat: true });
  const describe = checkedDescriber(new Describer(networks, bundle.manifest, 'NETWORK_INVALID'), dimensions);
  const input = { describe, inputSizePx, dimensions, batchSize };
  const parts: Embedded[] = [];
  let done = 0;
  try {
    for (const [k, batches] of shardsOf(batchesOf(source, range, batchSize)).entries()) {
      const shard = await shardAt(dir, k, batches, range, source, input, (tiles) => {
        done += tiles;
        onTiles?.(done);
      });
      parts.push(shard);
    }
  } finally {
    await networks.close();
  }
  return joined(parts, dimensions);
}

/** Ranges one behind the other. */
export function joined(parts: readonly Embedded[], dimensions: number): Embedded {
  const count = parts.reduce((sum, { numbers }) => sum + numbers.length, 0);
  const data = new Float32Array(new SharedArrayBuffer(count * dimensions * 4));
  const digests = new Uint8Array(count * DIGEST_BYTES);
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at * dimensions);
    digests.set(part.digests, at * DIGEST_BYTES);
    at += part.numbers.length;
  }
  const numbers = parts.flatMap((part) => part.numbers);
  return { numbers, data, digests, missing: parts.reduce((sum, { missing }) => sum + missing, 0) };
}
