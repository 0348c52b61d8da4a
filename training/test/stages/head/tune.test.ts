// Steps from a fitted head, on made-up features: some channels know a place whatever the heading, others know the heading
// too; and on a view of a sector what lies outside of it is in no descriptor, neither the view's nor what a tile is asked.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeRng } from 'skyfix/random';
import { centredCellWeights, type GridHead, openHead, type TrainableHead } from '../../../networks/index.js';
import { tf } from '../../../runtime/index.js';
import type { FeaturePairs, TurnedViews } from '../../../stages/head/feature-pairs.js';
import { sectorShares, UNTURNED } from '../../../stages/head/sectors.js';
import { drawBatch, readBatch, samePlaces, type TuneOptions, tuneHead } from '../../../stages/head/tune.js';
import { memoryFeatures } from '../../support/feature-maps.js';

const CELLS = 3;
const WINDOW = CELLS * CELLS;
/** Channels 0 and 1 are the place's, alike in all of its cells; 2 to 5 are the cells' own. */
const [COMMON, OWN] = [2, 4];
const CHANNELS = COMMON + OWN;
const COUNT = 40;

/** A place's cells, turned by quarters. */
function turnedCells(map: Float32Array, quarters: number): Float32Array {
  let from = map;
  for (let q = 0; q < quarters; q++) {
    const to = new Float32Array(map.length);
    for (let cell = 0; cell < WINDOW; cell++) {
      const [row, column] = [Math.floor(cell / CELLS), cell % CELLS];
      const target = column * CELLS + (CELLS - 1 - row); // what lay north lies in the east
      to.set(from.subarray(cell * CHANNELS, (cell + 1) * CHANNELS), target * CHANNELS);
    }
    from = to;
  }
  return from;
}

function area(seed: number): FeaturePairs & Required<Pick<FeaturePairs, 'turned'>> {
  const rng = makeRng(seed);
  const places = Array.from({ length: COUNT }, () => {
    const place = Array.from({ length: COMMON }, () => 3 * rng.normal());
    const cells = Array.from({ length: WINDOW }, () => [
      ...place,
      ...Array.from({ length: OWN }, () => rng.normal()),
    ]);
    return Float32Array.from(cells.flat());
  });
  const store = (quarters: number, noise: number) => {
    const maps = places.flatMap((map) =>
      Array.from(turnedCells(map, quarters), (value) => value + noise * rng.normal()),
    );
    return memoryFeatures(Float32Array.from(maps), CELLS, CHANNELS);
  };
  const under = (quarters: number): TurnedViews => ({
    views: store(quarters, 0.3),
    turns: places.map(() => ({ ...UNTURNED, turnDeg: 90 * quarters })),
  });
  return {
    name: `seed ${seed}`,
    copies: [{ views: store(0, 0.3), tiles: store(0, 0.3), tileOf: places.map((_, k) => k) }],
    turned: { near: under(0), false: [under(1), under(2), under(3)] },
    locations: places.map(() => undefined),
  };
}

const HEAD: GridHead = {
  mean: new Float32Array(CHANNELS),
  deviation: new Float32Array(CHANNELS).fill(1),
  convolution: {
    weight: {
      shape: [CHANNELS, CHANNELS],
      data: Float32Array.from({ length: CHANNELS ** 2 }, (_, k) => (k % (CHANNELS + 1) === 0 ? 1 : 0)),
    },
  },
  cellWeights: centredCellWeights(CELLS, 0),
};

const OPTIONS: TuneOptions = {
  steps: 60,
  batch: 8,
  learningRate: 0.03,
  scale: 10,
  labelSmoothing: 0,
  narrowShare: 0.3,
  hold: 0,
  samePlaceM: 20,
  seed: 4,
};
const hooks = { key: 'tune' };

/** Mean cosines of views with their own tiles: under the true heading, and under the false ones. */
function cosines(head: TrainableHead, seed: number): { readonly straight: number; readonly turned: number } {
  const one = area(seed);
  const all = (store: { read: FeaturePairs['copies'][0]['views']['read'] }) => {
    const features = new Float32Array(COUNT * WINDOW * CHANNELS);
    const seen = new Float32Array(COUNT * WINDOW);
    for (let k = 0; k < COUNT; k++) store.read(k, features, seen, k);
    return head.describeFeatures(
      tf.tensor4d(features, [COUNT, CELLS, CELLS, CHANNELS]),
      tf.tensor4d(seen, [COUNT, CELLS, CELLS, 1]),
    );
  };
  const tiles = all(one.copies[0].tiles);
  const mean = (store: Parameters<typeof all>[0]) =>
    all(store).mul(tiles).sum(1).mean().dataSync()[0] ?? Number.NaN;
  const under = one.turned.false.map(({ views }) => mean(views));
  return { straight: mean(one.copies[0].views), turned: under.reduce((a, b) => a + b, 0) / under.length };
}

describe('tuning a head', () => {
  it('pushes turned copies of a place apart from it, on places that it has not seen', async () => {
    const head = openHead(HEAD);
    const before = cosines(head, 2);
    assert.ok(before.turned > 0.6, `${before.turned}`); // the fit finds a place whatever its heading
    await tuneHead(head, [area(1)], OPTIONS, hooks);
    const after = cosines(head, 2);
    assert.ok(after.straight > 0.8, `${after.straight}`);
    assert.ok(after.turned < before.turned - 0.2, `${before.turned} -> ${after.turned}`);
  });
  it('stays near the fit by as much as it is held', async () => {
    const movedBy = async (hold: number): Promise<number> => {
      const head = openHead(HEAD);
      await tuneHead(head, [area(1)], { ...OPTIONS, hold }, hooks);
      const found = head.params.toArrays()['head.convolution.weight']?.data ?? new Float32Array();
      return Math.hypot(...found.map((value, k) => value - (HEAD.convolution?.weight.data[k] ?? 0)));
    };
    const [free, held] = [await movedBy(0), await movedBy(1000)];
    assert.ok(held < 0.2 * free, `${free} ${held}`);
  });
  it('masks the sector of a view, and turns it with the copies', () => {
    const one = area(1);
    const batch = drawBatch([one], { ...OPTIONS, narrowShare: 1 }, makeRng(3));
    assert.equal(batch.rows.length, 32);
    assert.equal(new Set(batch.rows).size, 32);
    const windows = readBatch(batch, CELLS);
    batch.views.forEach(({ sector }, k) => {
      assert.ok(sector.widthDeg === 180 || sector.widthDeg === 90);
      const own = (seen: Float32Array) => seen.subarray(k * WINDOW, (k + 1) * WINDOW);
      assert.deepEqual(own(windows.views.seen), sectorShares(CELLS, sector));
      windows.turned.forEach(({ seen }, c) => {
        const turn = { ...UNTURNED, turnDeg: 90 * (c + 1) };
        assert.deepEqual(own(seen), sectorShares(CELLS, sector, turn));
        assert.equal(windows.turnsDeg[k]?.[c], turn.turnDeg);
      });
    });
    assert.ok(windows.tiles.seen.every((share) => share === 1));
  });
  it('asks a tile for nothing outside of the sector: its cells there may be anything', () => {
    const head = openHead(HEAD);
    const one = area(1);
    const { views, turned, tiles } = readBatch(
      drawBatch([one], { ...OPTIONS, narrowShare: 1 }, makeRng(3)),
      CELLS,
    );
    for (const windows of [views, ...turned]) {
      const tensor = (data: Float32Array, channels: number) =>
        tf.tensor4d(data, [data.length / WINDOW / channels, CELLS, CELLS, channels]);
      const changed = tiles.features.map((value, k) => {
        const cell = Math.floor(k / CHANNELS);
        return cell < views.count * WINDOW && windows.seen[cell] === 0 ? -value : value;
      });
      const products = (features: Float32Array) => {
        const asked = head.describeFeatures(tensor(windows.features, CHANNELS), tensor(windows.seen, 1));
        const found = head.describeFeatures(tensor(features, CHANNELS), tensor(tiles.seen, 1));
        return asked
          .mul(found.slice([0, 0], [views.count, -1]))
          .sum(1)
          .dataSync();
      };
      const [whole, hidden] = [products(tiles.features), products(changed)];
      whole.forEach((value, k) => {
        // What LEAST_SEEN leaves of up to seven cells beside the two that a sector shows.
        assert.ok(Math.abs(value - (hidden[k] ?? 0)) < 0.12, `${k}: ${value} ${hidden[k]}`);
      });
    }
  });
  it('takes no tile for a false one that may show the place: the same, or one nearby', () => {
    const found = area(3);
    const [{ tileOf, ...copy }] = found.copies;
    const shared = tileOf.map((tile, row) => (row === 5 ? (tileOf[2] ?? 0) : tile));
    const at = (eastDeg: number) => ({ lon: 10 + eastDeg, lat: 0 });
    const locations = found.locations.map((_, row) =>
      row === 7 ? at(0) : row === 8 ? at(1e-4) : row === 9 ? at(1e-3) : undefined,
    );
    const batch = {
      area: { ...found, copies: [{ ...copy, tileOf: shared }] as const, locations },
      rows: [2, 7, 5, 8, 9],
      views: Array.from({ length: 2 }, () => ({ sector: { fromDeg: 0, widthDeg: 360 }, isNear: true })),
    };
    // 1e-4 of a degree are 11 m.
    assert.deepEqual(samePlaces(batch, 20), [
      [1, 0, 1, 0, 0],
      [0, 1, 0, 1, 0],
    ]);
  });

  it('refuses areas without turned copies', async () => {
    const { turned: _, ...plain } = area(1);
    await assert.rejects(tuneHead(openHead(HEAD), [plain], OPTIONS, hooks), RangeError);
  });
});
