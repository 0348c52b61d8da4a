// Which squares the stages cut: both images of a pair show the same ground, wherever the cut lies.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { NO_JITTER } from '../../batches/augment.js';
import type { BatchLoader } from '../../batches/batch-loader.js';
import type { Crop } from '../../batches/crop.js';
import { PairLabels } from '../../pseudo-labels/index.js';
import { STORES } from '../../stages/common/draws.js';
import { encoderCrops } from '../../stages/encoder/encoder-crops.js';
import type { EncoderData } from '../../stages/encoder/encoder-data.js';
import { GenerationSampler } from '../../stages/generation/generation-batches.js';
import type { GenerationData } from '../../stages/generation/generation-data.js';
import type { GenerationOptions } from '../../stages/generation/options.js';

const SIZE = 32;
const PAIRS = Array.from({ length: 24 }, (_, row) => ({ query: row, row }));

const shape = fc.record({
  queryMargin: fc.nat(12),
  tileMargin: fc.nat(16),
  offset: fc.nat(4),
  seed: fc.nat(1000),
});

const store = (marginPx: number) => ({ sizePx: SIZE + 2 * marginPx, count: PAIRS.length });

function isInside({ leftPx, topPx, sizePx }: Crop, marginPx: number): boolean {
  return Math.min(leftPx, topPx) >= 0 && Math.max(leftPx, topPx) + sizePx <= SIZE + 2 * marginPx;
}

describe('the crops of an encoder step', () => {
  const cropsOf = (s: { queryMargin: number; tileMargin: number; offset: number; seed: number }) => {
    const data = { queries: store(s.queryMargin), marginPx: s.tileMargin } as EncoderData;
    const augment = { flip: 'dihedral', turnDeg: 0, offsetPx: s.offset, jitter: NO_JITTER } as const;
    return encoderCrops(data, PAIRS, SIZE, 3, { seed: s.seed, augment });
  };

  it('stay inside, and a tile lies within its offset of where its query is cut', () => {
    fc.assert(
      fc.property(shape, (s) => {
        const crops = cropsOf(s);
        const offset = Math.min(s.offset, s.tileMargin);
        for (let k = 0; k < PAIRS.length; k++) {
          const [query, tile] = [crops[k], crops[PAIRS.length + k]] as [Crop, Crop];
          assert.ok(isInside(query, s.queryMargin) && isInside(tile, s.tileMargin));
          assert.equal(query.dihedral, tile.dihedral);
          for (const side of ['leftPx', 'topPx'] as const) {
            const apart = tile[side] - s.tileMargin - (query[side] - s.queryMargin);
            assert.ok(Math.abs(apart) <= offset, `${apart} px apart`);
          }
        }
      }),
    );
  });

  it('reach all the way to where both images still have ground, and the middle alone without margins', () => {
    const reach = (queryMargin: number, tileMargin: number, offset: number) => {
      const lefts = Array.from({ length: 40 }, (_, seed) =>
        cropsOf({ queryMargin, tileMargin, offset, seed }).slice(0, PAIRS.length),
      ).flatMap((crops) => crops.map(({ leftPx }) => leftPx - queryMargin));
      return [Math.min(...lefts), Math.max(...lefts)];
    };
    assert.deepEqual(reach(6, 16, 2), [-6, 6]);
    assert.deepEqual(reach(12, 8, 2), [-6, 6]);
    assert.deepEqual(reach(12, 2, 4), [0, 0]);
    assert.deepEqual(reach(0, 16, 2), [0, 0]);
  });
});

describe('the crops of a generator step', () => {
  it('show the same ground of both images of a pair, all over the ground that both have', async () => {
    const [queryMargin, tileMargin] = [8, 12];
    const data = {
      inputs: store(queryMargin),
      tiles: store(tileMargin),
      gallery: store(tileMargin),
      marginPx: tileMargin,
      panorama: false,
      labels: new PairLabels(
        PAIRS.map(({ row }) => row),
        PAIRS.map(({ row }) => row),
        PAIRS.length,
      ),
    } as unknown as GenerationData;
    const options = { batch: 2, seed: 5, flip: 'dihedral' } as GenerationOptions;
    const sampler = new GenerationSampler(data, options, SIZE);
    const lefts = new Set<number>();
    const loader = {
      load: async (crops: readonly Crop[]) => {
        const [ground, satellite] = [crops.slice(0, 2), crops.slice(2)];
        assert.equal(satellite.length, 2);
        ground.forEach((query, k) => {
          const tile = satellite[k] as Crop;
          assert.equal(query.store, STORES.queries);
          assert.deepEqual([tile.row, tile.dihedral], [query.row, query.dihedral]);
          assert.equal(tile.leftPx - tileMargin, query.leftPx - queryMargin);
          assert.equal(tile.topPx - tileMargin, query.topPx - queryMargin);
          assert.ok(isInside(query, queryMargin));
          lefts.add(query.leftPx);
        });
        return new Float32Array(crops.length * SIZE * SIZE * 3);
      },
    } as unknown as BatchLoader;
    for (let step = 0; step < 200; step++) await sampler.load(loader, step);
    assert.equal(lefts.size, 2 * queryMargin + 1, 'every shift is drawn');
  });
});
