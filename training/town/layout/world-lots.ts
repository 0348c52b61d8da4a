// What the lots of a world's built-up districts hold: detached houses, terraced rows, blocks around courtyards.
import type { Rng } from 'skyfix/random';
import { M } from '../scene/materials.js';
import { type LotDesign, type Shape, shape } from './lot-parts.js';

type Wall = readonly [number, number, number];

const HOUSE_ROOFS = [
  M.roofDark,
  M.roofDark,
  M.roofGrey,
  M.roofSlate,
  M.roofTerracotta,
  M.roofMetal,
  M.roofBrown,
  M.roofPale,
];
const HOUSE_WALLS: readonly Wall[] = [
  [186, 148, 120],
  [214, 206, 190],
  [168, 120, 96],
  [226, 222, 214],
  [150, 146, 136],
  [132, 96, 78],
];
const ROW_ROOFS = [M.roofSlate, M.roofDark, M.roofSlate, M.roofBrown, M.roofFlat, M.roofTerracotta];
const ROW_WALLS: readonly Wall[] = [
  [150, 124, 92],
  [140, 92, 74],
  [164, 140, 108],
  [218, 212, 200],
  [124, 84, 68],
  [178, 168, 152],
];
const COURT_WALLS: readonly Wall[] = [
  [150, 110, 88],
  [188, 184, 176],
  [142, 138, 132],
  [206, 196, 172],
];

/** A detached house with lawn, driveway and back garden, as in suburbs of Australia and North America. */
export function detachedLot(rng: Rng): LotDesign {
  return houseLot(rng, rng.range(15, 21), rng.range(30, 38), rng.range(5, 9));
}

/** The same on more ground. */
export function hamletLot(rng: Rng): LotDesign {
  if (rng.chance(0.3)) return emptyLot(rng.range(12, 40));
  return houseLot(rng, rng.range(22, 36), rng.range(34, 48), rng.range(8, 16));
}

/** Nothing: the field goes on. */
export function emptyLot(widthM: number): LotDesign {
  return { widthM, depthM: 10, ground: M.meadow, shapes: [], houses: [], trees: [], cars: [], empty: true };
}

function houseLot(rng: Rng, widthM: number, depthM: number, front: number): LotDesign {
  const half = widthM / 2;
  const halfA = Math.min(rng.range(5.5, 8), half - 1.4);
  const halfB = rng.range(5, Math.min(8.5, (depthM - front) / 2 - 4));
  const back = front + 2 * halfB;
  const side = rng.chance(0.5) ? 1 : -1;
  const houseA = -side * (half - halfA - 1.2) * rng.range(0.4, 1);
  const driveA = side * (half - rng.range(2, 3.4));
  const paving = rng.pick([M.concrete, M.slab, M.paver, M.asphaltOld, M.slabDark, M.gravel]);
  const wide = rng.range(1.4, 2.8);
  const garden = rng.pick([M.lawn, M.lawn, M.lawnDry, M.lawnDark, M.slab]);
  const shapes: Shape[] = [
    shape(-half, half, 0, front, rng.pick([M.lawn, M.lawn, M.lawnDry, M.lawnDark, M.gravel])),
    shape(driveA - wide, driveA + wide, 0, rng.range(front, back), paving),
    shape(houseA - 0.6, houseA + 0.6, 0, front, rng.pick([M.slab, M.paver, M.concrete])),
    shape(
      houseA - halfA * 0.8,
      houseA + halfA * rng.range(0, 0.8),
      back,
      back + rng.range(2, 5),
      rng.pick([M.deck, M.paver, M.slabWarm, M.concrete]),
    ),
  ];
  for (let k = rng.int(2, 5); k > 0; k--) {
    const a = rng.range(-half + 0.4, half - 3);
    const b = rng.chance(0.5) ? rng.range(0.4, front - 1) : rng.range(back + 2, depthM - 2);
    shapes.push(
      shape(
        a,
        a + rng.range(1, 5),
        b,
        b + rng.range(0.7, 2.2),
        rng.pick([M.soil, M.soil, M.flowers, M.scrub, M.gravel]),
      ),
    );
  }
  if (rng.chance(0.22) && depthM - back > 9) {
    const a = rng.range(-half + 1.5, half - 9);
    const b = back + rng.range(2.5, depthM - back - 5.5);
    shapes.push(
      shape(a - 1, a + 7.5, b - 1, b + 4.6, rng.pick([M.paver, M.slabWarm, M.slab])),
      shape(a, a + 6.5, b, b + 3.6, M.pool),
    );
  }
  if (rng.chance(0.6)) {
    const a = rng.range(-half + 0.6, half - 4.6);
    shapes.push(
      shape(
        a,
        a + rng.range(2, 4),
        depthM - rng.range(2.8, 4.5),
        depthM - 0.8,
        rng.pick([M.roofMetal, M.roofGrey, M.roofDark, M.roofPale]),
        240,
      ),
    );
  }
  const border = rng.pick([M.fence, M.fence, M.hedge, M.stone]);
  const tall = border === M.stone ? 120 : 170;
  shapes.push(
    shape(-half, -half + 0.3, front + 1, depthM, border, tall),
    shape(half - 0.3, half, front + 1, depthM, border, tall),
    shape(-half, half, depthM - 0.3, depthM, border, tall),
  );
  return {
    widthM,
    depthM,
    ground: garden,
    shapes,
    houses: [
      {
        a: houseA,
        b: front + halfB,
        halfA,
        halfB,
        eaveM: rng.pick([2.8, 3, 3.2, 5.6]),
        roof: rng.pick(['hip', 'hip', 'hip', 'gable', 'gable', 'flat'] as const),
        ridgeAlongStreet: rng.chance(0.55),
        roofMaterial: rng.pick(HOUSE_ROOFS),
        wall: rng.pick(HOUSE_WALLS),
        style: 0,
        pitch: rng.range(0.3, 0.6),
      },
    ],
    trees: Array.from({ length: rng.int(1, 6) }, () => ({
      a: rng.range(-half + 0.8, half - 0.8),
      b: rng.chance(0.4) ? rng.range(0.8, front) : rng.range(back + 2, depthM - 0.5),
      r: rng.range(1.1, 4.2),
      kind: rng.chance(0.18) ? 1 : 0,
    })),
    cars: [
      { a: driveA, b: front * 0.45 + 1, across: true, truck: false },
      { a: driveA + 0.1, b: front + 4, across: true, truck: false },
    ],
    carChance: 0.3,
  };
}

/** A narrow terraced house with an extension and a small yard, several alike in a row. */
export function rowLot(rng: Rng): LotDesign {
  const widthM = rng.range(5, 7);
  const half = widthM / 2;
  const house = rng.range(8.5, 11);
  const front = rng.pick([0.6, 1.5, 2.5, 3.5]);
  const back = front + house;
  const depthM = back + rng.range(8, 15);
  const eaveM = rng.pick([6.2, 8.8, 8.8, 11.4]);
  const wall = rng.pick(ROW_WALLS);
  const roofMaterial = rng.pick(ROW_ROOFS);
  const style = eaveM > 8 && rng.chance(0.25) ? 1 : 0;
  const yard = rng.pick([M.slabDark, M.lawn, M.paver, M.lawnDark, M.yard, M.slab]);
  return {
    widthM,
    depthM,
    ground: yard,
    repeats: rng.int(4, 12),
    shapes: [
      shape(-half, half, 0, front, rng.pick([M.slabDark, M.paver, M.hedge, M.soil, M.slab])),
      shape(-half, half, back, back + rng.range(1, 4), rng.pick([M.slabDark, M.paver, M.deck, M.slab])),
      shape(-half, -half + 0.25, back, depthM, M.fence, 170),
      shape(-half, half, depthM - 0.25, depthM, rng.pick([M.fence, M.stone, M.brick]), 190),
      shape(
        half - 2,
        half - 0.5,
        depthM - 2.5,
        depthM - 0.6,
        rng.pick([M.roofTar, M.roofDark, M.roofFlat]),
        220,
      ),
      shape(-0.6, half - 1, 0, 0.25, M.brick, 90),
    ],
    houses: [
      {
        a: 0,
        b: front + house / 2,
        halfA: half,
        halfB: house / 2,
        eaveM,
        roof: roofMaterial === M.roofFlat ? 'flat' : 'gable',
        ridgeAlongStreet: true,
        roofMaterial,
        wall,
        style,
        pitch: rng.range(0.5, 0.85),
      },
      {
        a: half * 0.4,
        b: back + 1.8,
        halfA: half * 0.58,
        halfB: 1.9,
        eaveM: rng.range(2.8, eaveM - 1.5),
        roof: 'flat',
        ridgeAlongStreet: true,
        roofMaterial: rng.pick([M.roofFlat, M.roofTar, M.roofSlate]),
        wall,
        style: 0,
      },
    ],
    trees: rng.chance(0.35)
      ? [{ a: rng.range(-1, 1), b: rng.range(back + 4, depthM), r: rng.range(1.4, 3.4), kind: 0 }]
      : [],
    cars: [],
  };
}

/** Flats of four to six storeys along the street, with a wing into a courtyard. */
export function courtLot(rng: Rng): LotDesign {
  const widthM = rng.range(16, 30);
  const half = widthM / 2;
  const deep = rng.range(10, 14);
  const depthM = deep + rng.range(10, 16);
  const eaveM = rng.int(3, 6) * 3 + 0.8;
  const wall = rng.pick(COURT_WALLS);
  const pitched = rng.chance(0.35);
  const roofMaterial = pitched
    ? rng.pick([M.roofSlate, M.roofDark, M.roofTerracotta])
    : rng.pick([M.roofFlat, M.roofTar, M.roofGravel, M.roofGrey, M.roofDark]);
  const wing = rng.chance(0.5) ? 1 : -1;
  return {
    widthM,
    depthM,
    ground: rng.pick([M.courtyard, M.slabDark, M.asphaltOld, M.paver, M.lawnDark, M.yard]),
    shapes: [
      shape(
        -half + 2,
        half - 2,
        deep + 3,
        deep + rng.range(5, 9),
        rng.pick([M.lawn, M.slab, M.paver, M.asphaltOld, M.lawnDark]),
      ),
      shape(-half, half, depthM - 0.3, depthM, M.stone, 210),
    ],
    houses: [
      {
        a: 0,
        b: deep / 2,
        halfA: half,
        halfB: deep / 2,
        eaveM,
        roof: pitched ? 'gable' : 'flat',
        ridgeAlongStreet: true,
        roofMaterial,
        wall,
        style: rng.chance(0.4) ? 1 : 2,
        pitch: 0.5,
      },
      {
        a: wing * (half - 3.5),
        b: deep + (depthM - deep) / 2 - 0.6,
        halfA: 3.4,
        halfB: (depthM - deep) / 2 - 1,
        eaveM: eaveM - rng.pick([0, 3, 6]),
        roof: 'flat',
        ridgeAlongStreet: false,
        roofMaterial: rng.pick([M.roofFlat, M.roofTar, M.roofGrey]),
        wall,
        style: 2,
      },
    ],
    trees: rng.chance(0.5)
      ? [{ a: -wing * rng.range(0, half - 3), b: deep + rng.range(4, 9), r: rng.range(1.8, 3.6), kind: 0 }]
      : [],
    cars: [{ a: -wing * 3, b: deep + 6, across: false, truck: false }],
    carChance: 0.5,
  };
}
