// Looks that are windows of one map, on a town whose ground is known everywhere: what a product says against the sum over the
// pieces of ground that it stands for, and cameras found by what little of the ground they saw.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DescriptorMap } from '../../src/bundles/index.js';
import { distanceM, offsetLonLat } from '../../src/geometry/index.js';
import { looksOfMap } from '../../src/places/ground-map.js';
import { LookLattice, type Offset, PlaceFinder, searchPlaces } from '../../src/places/index.js';
import { Catalogue, ExactIndex } from '../../src/search/index.js';
import { seeded } from '../support/tiny-region.js';

const SIDE = 5;
const SIZE_M = 40;
const CELL_M = SIZE_M / SIDE;
const CHANNELS = 16;
const WEIGHTS = Array.from(
  { length: SIDE ** 2 },
  (_, k) => 1 / (1 + Math.hypot((k % SIDE) - 2, Math.floor(k / SIDE) - 2)),
);
const MAP: DescriptorMap = { side: SIDE, weights: WEIGHTS, sizeM: SIZE_M };
const ORIGIN = { lon: 11.5, lat: 48.1 };
const TILES_A_SIDE = 12;
const STRIDE_M = 16;

const random = seeded(5);
const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
const WAVES = Array.from({ length: CHANNELS / 2 }, () => [normal() / 9, normal() / 9] as const);
/** What a piece of ground looks like: unit length. */
const groundAt = (eastM: number, northM: number) =>
  WAVES.flatMap(([a, b]) => {
    const phase = a * eastM + b * northM;
    return [Math.cos(phase), Math.sin(phase)].map((v) => v / Math.sqrt(CHANNELS / 2));
  });

type Seen = (eastM: number, northM: number) => number;
const everything: Seen = () => 1;
/** A camera that looks to the east sees a sector; of the rest the network makes a little. */
const sector =
  (deg: number): Seen =>
  (eastM, northM) =>
    Math.abs(Math.atan2(northM, eastM)) <= (deg * Math.PI) / 360 ? 1 : 0.05;

const cellOffsets = WEIGHTS.map((_, k) => ({
  eastM: ((k % SIDE) - 2) * CELL_M,
  northM: (2 - Math.floor(k / SIDE)) * CELL_M,
}));

/** The descriptor of the square around a point that a camera sees beside it, or of a tile. */
function windowAt(centre: Offset, seen: Seen = everything, camera: Offset = centre): Float32Array {
  const values = cellOffsets.flatMap(({ eastM, northM }, k) => {
    const [east, north] = [centre.eastM + eastM, centre.northM + northM];
    const share = seen(east - camera.eastM, north - camera.northM) * (WEIGHTS[k] as number);
    return groundAt(east, north).map((v) => v * share);
  });
  const length = Math.hypot(...values);
  return Float32Array.from(values, (v) => v / length);
}

const latticeOf = (stepM: number, reachSteps = 2) => {
  const steps = Array.from({ length: 2 * reachSteps + 1 }, (_, k) => (k - reachSteps) * stepM);
  return steps.flatMap((northM) => steps.map((eastM) => ({ eastM, northM })));
};
const looksFrom = (camera: Offset, seen: Seen, stepM = CELL_M) =>
  latticeOf(stepM).map((look) => ({
    ...look,
    descriptor: windowAt(
      { eastM: camera.eastM + look.eastM, northM: camera.northM + look.northM },
      seen,
      camera,
    ),
  }));

const centres = Array.from({ length: TILES_A_SIDE ** 2 }, (_, t) => ({
  eastM: (t % TILES_A_SIDE) * STRIDE_M,
  northM: Math.floor(t / TILES_A_SIDE) * STRIDE_M,
}));
const onMap = ({ eastM, northM }: Offset) => offsetLonLat(ORIGIN, eastM, northM);
const DESCRIPTORS = {
  count: centres.length,
  dimensions: SIDE ** 2 * CHANNELS,
  data: Float32Array.from(centres.flatMap((centre) => [...windowAt(centre)])),
};
const TOWN = {
  index: new ExactIndex(DESCRIPTORS),
  catalogue: new Catalogue(
    centres.map((centre, t) => ({ tile: `t${t}`, ...onMap(centre), sizeM: SIZE_M, source: 's' })),
  ),
};

/** The mean of what a camera saw, cell by cell of the map. */
function commonOf({ eastM, northM }: Offset, seen: Seen): number[] {
  const steps = Array.from({ length: 9 }, (_, k) => (k - 4) * CELL_M);
  const sum = new Float64Array(CHANNELS);
  let total = 0;
  for (const north of steps) {
    for (const east of steps) {
      const share = seen(east, north) < 0.1 ? 0 : 1;
      total += share;
      for (const [c, v] of groundAt(eastM + east, northM + north).entries())
        sum[c] = (sum[c] as number) + share * v;
    }
  }
  return Array.from(sum, (v) => v / total);
}

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, v, d) => sum + v * (b[d] as number), 0);

for (const seen of [everything, sector(180), sector(90)]) {
  test('a look says how like a tile is to the ground that was seen, piece by piece', () => {
    const camera = { eastM: 71.3, northM: 83.9 };
    const finer = looksOfMap(new LookLattice(looksFrom(camera, seen)), MAP);
    assert.ok(finer);
    assert.equal(finer.stepM, CELL_M / 2);
    const said = (offset: Offset) => finer.looks[finer.lookAt(offset.eastM, offset.northM)];
    for (const offset of [
      { eastM: 0, northM: 0 },
      { eastM: 2 * CELL_M, northM: -CELL_M },
      { eastM: CELL_M, northM: 3 * CELL_M },
    ]) {
      const look = said(offset);
      // Another place than the camera's: ground that is not the same.
      const tile = { eastM: camera.eastM + 23, northM: camera.northM + 9 };
      const common = commonOf(camera, seen);
      let [weight, products] = [0, 0];
      for (const cell of cellOffsets) {
        const [east, north] = [offset.eastM + cell.eastM, offset.northM + cell.northM];
        // The map ends four cells from the camera; what is hardly seen does not count.
        if (Math.max(Math.abs(east), Math.abs(north)) > 4 * CELL_M + 0.01 || seen(east, north) < 0.1)
          continue;
        const counts =
          Math.exp(-(east ** 2 + north ** 2) / (2 * 16 ** 2)) *
          Math.exp(-(cell.eastM ** 2 + cell.northM ** 2) / (2 * (1.5 * CELL_M) ** 2));
        const there = groundAt(tile.eastM + cell.eastM, tile.northM + cell.northM);
        const here = groundAt(camera.eastM + east, camera.northM + north);
        weight += counts;
        products +=
          counts *
          here.reduce((sum, v, c) => sum + (v - (2 / 3) * (common[c] as number)) * (there[c] as number), 0);
      }
      if (!look) {
        // It is silent: nearly all of that tile lies where nothing was seen.
        assert.ok(weight < 0.06 * (said({ eastM: CELL_M, northM: 0 })?.weight ?? 0));
        continue;
      }
      assert.ok(Math.abs(look.weight - weight) < 1e-3 * weight, `${look.weight}, not ${weight}`);
      const product = look.scale * dot(look.descriptor, windowAt(tile));
      assert.ok(Math.abs(product - products) < 1e-3 * weight, `${product}, not ${products}`);
      assert.ok(Math.abs(Math.hypot(...look.descriptor) - 1) < 1e-5);
    }
  });

  test('a camera is found by what it saw of the ground, best of all by all of it', async () => {
    for (const camera of [
      { eastM: 80, northM: 80 },
      { eastM: 71.3, northM: 93.9 },
      { eastM: 103.1, northM: 54.4 },
    ]) {
      const [place] = await searchPlaces({ ...TOWN, map: MAP }, looksFrom(camera, seen), 1);
      assert.ok(place);
      const offM = distanceM(place, onMap(camera));
      assert.ok(offM <= 0.7 * CELL_M, `${offM} m off`);
      assert.ok(place.score <= 1 && place.score > 0.6, `score ${place.score}`);
    }
  });
}

test('ground without a tile counts half, so that a camera at the border has a lower score than one inside', async () => {
  const scoreAt = async (camera: Offset) => {
    const [place] = await searchPlaces({ ...TOWN, map: MAP }, looksFrom(camera, everything), 1);
    assert.ok(place && distanceM(place, onMap(camera)) <= CELL_M);
    return place.score;
  };
  const [inside, border] = [
    await scoreAt({ eastM: 80, northM: 80 }),
    await scoreAt({ eastM: 0, northM: 80 }),
  ];
  assert.ok(border > 0.4 * inside && border < 0.9 * inside, `${border} at the border, ${inside} inside`);
});

test('looks that are no windows of one map vote as those of which nothing is known', async () => {
  const camera = { eastM: 80, northM: 80 };
  for (const stepM of [0.7 * CELL_M, SIZE_M]) {
    const looks = looksFrom(camera, everything, stepM);
    assert.equal(looksOfMap(new LookLattice(looks), MAP), undefined);
    const byMap = await searchPlaces({ ...TOWN, map: MAP }, looks, 3);
    assert.deepEqual(byMap, await searchPlaces(TOWN, looks, 3));
  }
});

test('the thread that holds the tiles answers the same', async () => {
  const index = await PlaceFinder.open({
    kind: 'none',
    path: 'none',
    efSearch: 1,
    descriptors: DESCRIPTORS,
    catalogue: TOWN.catalogue.parts,
    map: MAP,
  });
  try {
    const looks = looksFrom({ eastM: 71.3, northM: 93.9 }, sector(180));
    const [there, here] = await Promise.all([
      searchPlaces({ ...TOWN, index }, looks, 3),
      searchPlaces({ ...TOWN, map: MAP }, looks, 3),
    ]);
    assert.deepEqual(
      there.map(({ row }) => row),
      here.map(({ row }) => row),
    );
    for (const [k, { score }] of there.entries()) assert.ok(Math.abs(score - (here[k]?.score ?? 0)) < 1e-5);
  } finally {
    await index.close();
  }
});
