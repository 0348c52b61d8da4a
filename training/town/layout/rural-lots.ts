// What stands along roads outside: farms with barns and yards, lone buildings of dry country, mostly nothing.
import type { Rng } from 'skyfix/random';
import { M } from '../scene/materials.js';
import { type LotDesign, shape } from './lot-parts.js';
import { emptyLot } from './world-lots.js';

/** A farm now and then. */
export function farmLot(rng: Rng): LotDesign {
  if (!rng.chance(0.22)) return emptyLot(rng.range(20, 90));
  const widthM = rng.range(44, 70);
  const half = widthM / 2;
  const depthM = rng.range(44, 64);
  const front = rng.range(10, 20);
  const yard = rng.pick([M.gravelRoad, M.dirtRoad, M.gravel, M.concrete]);
  const house = { a: rng.range(-half + 10, -4), b: front + 6 };
  const barn = { a: rng.range(8, half - 10), b: rng.range(front + 14, depthM - 9) };
  return {
    widthM,
    depthM,
    ground: rng.pick([M.lawn, M.pasture, M.lawnDry, M.meadow]),
    shapes: [
      shape(house.a + 9, house.a + 13, 0, barn.b, yard),
      shape(house.a + 9, barn.a + 6, barn.b - 12, barn.b, yard),
      shape(house.a - 12, house.a - 8, front + 14, front + 24, rng.pick([M.soil, M.crop])),
      shape(barn.a + 9, barn.a + 14, barn.b - 3, barn.b + 2, rng.pick([M.roofMetal, M.box]), 520),
      shape(-half, half, depthM - 0.3, depthM, M.fence, 120),
    ],
    houses: [
      {
        ...house,
        halfA: rng.range(5, 7.5),
        halfB: rng.range(4, 5.5),
        eaveM: rng.pick([3, 5.6]),
        roof: rng.pick(['gable', 'hip'] as const),
        ridgeAlongStreet: rng.chance(0.6),
        roofMaterial: rng.pick([M.roofDark, M.roofGrey, M.roofBrown, M.roofMetal]),
        wall: rng.pick([
          [230, 228, 222],
          [196, 184, 164],
          [150, 108, 88],
        ] as const),
        style: 0,
        pitch: rng.range(0.5, 0.8),
      },
      {
        ...barn,
        halfA: rng.range(6, 9),
        halfB: rng.range(8, 13),
        eaveM: rng.range(4, 6),
        roof: 'gable',
        ridgeAlongStreet: false,
        roofMaterial: rng.pick([M.roofMetal, M.roofPale, M.roofGrey, M.roofTerracotta]),
        wall: rng.pick([
          [138, 52, 44],
          [186, 188, 186],
          [128, 118, 104],
        ] as const),
        style: 3,
        pitch: rng.range(0.3, 0.5),
      },
    ],
    trees: Array.from({ length: rng.int(4, 12) }, () => ({
      a: rng.range(-half, half),
      b: rng.range(3, depthM),
      r: rng.range(2, 5),
      kind: rng.chance(0.3) ? 1 : 0,
    })),
    cars: [
      { a: house.a + 11, b: front + 4, across: true, truck: false },
      { a: barn.a - 3, b: barn.b - 11, across: false, truck: true },
    ],
    carChance: 0.5,
  };
}

/** A low building with a bare yard, seldom. */
export function aridLot(rng: Rng): LotDesign {
  if (!rng.chance(0.14)) return emptyLot(rng.range(20, 80));
  const widthM = rng.range(26, 44);
  const half = widthM / 2;
  const depthM = rng.range(28, 44);
  const front = rng.range(8, 14);
  return {
    widthM,
    depthM,
    ground: rng.pick([M.drySoil, M.dirtRoad, M.sandSoil, M.gravel]),
    shapes: [
      shape(-half, half, 0, front, rng.pick([M.dirtRoad, M.gravelRoad, M.asphaltOld, M.concrete])),
      shape(-half + 2, -half + 8, depthM - 9, depthM - 3, rng.pick([M.container, M.roofMetal, M.box]), 260),
      shape(-half, half, depthM - 0.3, depthM, M.fence, 150),
    ],
    houses: [
      {
        a: rng.range(-3, 3),
        b: front + 6,
        halfA: rng.range(5, 9),
        halfB: rng.range(4, 6),
        eaveM: rng.range(2.8, 4.4),
        roof: rng.pick(['flat', 'flat', 'gable', 'hip'] as const),
        ridgeAlongStreet: true,
        roofMaterial: rng.pick([M.roofPale, M.roofWhite, M.roofMetal, M.roofTerracotta, M.roofGravel]),
        wall: rng.pick([
          [206, 178, 142],
          [222, 214, 200],
          [180, 146, 116],
        ] as const),
        style: 0,
        pitch: 0.3,
      },
    ],
    trees: Array.from({ length: rng.int(0, 4) }, () => ({
      a: rng.range(-half, half),
      b: rng.range(2, depthM),
      r: rng.range(1.2, 3),
      kind: 0,
    })),
    cars: [{ a: rng.range(-half + 3, half - 3), b: 4, across: true, truck: false }],
    carChance: 0.6,
  };
}
