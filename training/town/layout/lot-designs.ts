// What a lot of each district holds: house or block, garden, driveway, shed, hedge, pool.

import type { Rng } from 'skyfix/random';
import { M } from '../scene/materials.js';
import type { District } from './streets.js';

/** A rectangle of a lot in its own metres: a along the street from the middle, b away from the street. */
export interface Shape {
  readonly a0: number;
  readonly a1: number;
  readonly b0: number;
  readonly b1: number;
  readonly material: number;
  readonly heightCm: number;
}

/** A building of a lot, in the lot's metres. */
export interface House {
  readonly a: number;
  readonly b: number;
  readonly halfA: number;
  readonly halfB: number;
  readonly eaveM: number;
  readonly roof: 'flat' | 'gable' | 'hip';
  readonly ridgeAlongStreet: boolean;
  readonly roofMaterial: number;
  readonly wall: readonly [number, number, number];
  readonly style: number;
}

/** Everything a lot holds. */
export interface LotDesign {
  readonly widthM: number;
  readonly depthM: number;
  readonly ground: number;
  readonly shapes: readonly Shape[];
  readonly houses: readonly House[];
  readonly trees: readonly {
    readonly a: number;
    readonly b: number;
    readonly r: number;
    readonly kind: number;
  }[];
  readonly cars: readonly {
    readonly a: number;
    readonly b: number;
    readonly across: boolean;
    readonly truck: boolean;
  }[];
}

const WALLS: Record<District, readonly (readonly [number, number, number])[]> = {
  'old-town': [
    [214, 184, 140],
    [196, 150, 118],
    [222, 206, 176],
    [176, 196, 190],
    [206, 168, 150],
    [232, 214, 160],
  ],
  suburb: [
    [228, 222, 208],
    [214, 198, 170],
    [178, 100, 78],
    [236, 232, 226],
    [196, 204, 200],
  ],
  terraces: [
    [176, 96, 76],
    [166, 112, 90],
    [206, 188, 160],
    [188, 176, 160],
  ],
  blocks: [
    [196, 194, 188],
    [172, 182, 188],
    [214, 204, 186],
    [182, 160, 140],
  ],
  industry: [
    [180, 184, 186],
    [150, 164, 172],
    [196, 188, 172],
    [120, 132, 140],
  ],
};

const ROOFS: Record<District, readonly number[]> = {
  'old-town': [M.roofRed, M.roofBrown, M.roofOrange, M.roofRed],
  suburb: [M.roofRed, M.roofSlate, M.roofBrown, M.roofOrange, M.roofGrey],
  terraces: [M.roofSlate, M.roofRed, M.roofBrown],
  blocks: [M.roofGravel, M.roofGrey, M.roofTar, M.roofGreen, M.roofWhite],
  industry: [M.roofWhite, M.roofGrey, M.roofBlue, M.roofGravel, M.roofTar],
};

/** A lot in the manner of a district. */
export function designLot(district: District, rng: Rng): LotDesign {
  if (district === 'old-town') return oldTownLot(rng);
  if (district === 'blocks') return apartmentLot(rng);
  if (district === 'industry') return hallLot(rng);
  return gardenLot(district, rng);
}

const shape = (a0: number, a1: number, b0: number, b1: number, material: number, heightCm = 0): Shape => ({
  a0,
  a1,
  b0,
  b1,
  material,
  heightCm,
});

function oldTownLot(rng: Rng): LotDesign {
  const widthM = rng.range(8, 14);
  const houseDepth = rng.range(9, 13);
  const depthM = houseDepth + rng.range(6, 14);
  const half = widthM / 2;
  return {
    widthM,
    depthM,
    ground: rng.pick([M.cobble, M.gravel, M.slabWarm, M.yard, M.lawn]),
    shapes: [shape(-half, half, depthM - 0.5, depthM, M.stone, 180)],
    houses: [
      {
        a: 0,
        b: houseDepth / 2,
        halfA: half,
        halfB: houseDepth / 2,
        eaveM: rng.pick([6.4, 9.2, 9.2, 12]),
        roof: 'gable',
        ridgeAlongStreet: rng.chance(0.6),
        roofMaterial: rng.pick(ROOFS['old-town']),
        wall: rng.pick(WALLS['old-town']),
        style: 1,
      },
    ],
    trees: rng.chance(0.4) ? [{ a: rng.range(-3, 3), b: depthM - 3, r: rng.range(1.8, 3), kind: 0 }] : [],
    cars: [],
  };
}

function apartmentLot(rng: Rng): LotDesign {
  const widthM = rng.range(30, 48);
  const half = widthM / 2;
  const depthM = rng.range(32, 40);
  const front = rng.range(5, 15);
  const halfB = rng.range(5.5, 7);
  const storeys = rng.int(3, 7);
  const parkingFront = front > 9;
  const shapes = [
    shape(-half, half, 0, depthM, M.lawn),
    shape(-half + 3, -half + 5, 0, depthM, rng.pick([M.slab, M.path, M.slabDark])),
    shape(rng.range(-6, 2), rng.range(3, 6), 0, front, M.slab),
    shape(-half, half, front - 2, front - 0.5, M.slabDark),
    shape(rng.range(-half, 0), rng.range(0, half), front + halfB * 2 + 4, front + halfB * 2 + 6, M.path),
    shape(
      rng.range(-half, 0),
      rng.range(2, 8),
      depthM - 6,
      depthM - 2,
      rng.pick([M.sand, M.lawnDry, M.tartan, M.lawnDark]),
    ),
    shape(-half, half, 0, 0.6, M.hedge, 90),
    shape(-2, 6, 0, 1, M.slab),
  ];
  const cars: LotDesign['cars'][number][] = [];
  if (parkingFront) {
    shapes.push(shape(-half + 7, half - 1, 0, 7, M.asphaltOld));
    for (let a = -half + 8; a < half - 2; a += 2.6) {
      shapes.push(shape(a - 1.42, a - 1.2, 1, 6, M.markWhite));
      cars.push({ a, b: 3.6, across: true, truck: false });
    }
  }
  return {
    widthM,
    depthM,
    ground: M.lawn,
    shapes,
    cars,
    houses: [
      {
        a: 0,
        b: front + halfB,
        halfA: half - rng.range(2, 5),
        halfB,
        eaveM: storeys * 2.9 + 0.6,
        roof: 'flat',
        ridgeAlongStreet: true,
        roofMaterial: rng.pick(ROOFS.blocks),
        wall: rng.pick(WALLS.blocks),
        style: 2,
      },
    ],
    trees: Array.from({ length: rng.int(3, 8) }, () => ({
      a: rng.range(-half, half),
      b: rng.range(2, depthM - 2),
      r: rng.range(2, 4.2),
      kind: rng.chance(0.2) ? 1 : 0,
    })),
  };
}

function hallLot(rng: Rng): LotDesign {
  const widthM = rng.range(32, 56);
  const half = widthM / 2;
  const depthM = rng.range(34, 42);
  const front = rng.range(6, 14);
  const ground = rng.pick([M.concrete, M.asphaltOld, M.yard, M.asphalt]);
  const shapes = [
    shape(-half, half, 0, 1.2, rng.pick([M.lawn, M.lawnDry, M.gravel])),
    shape(-half + 4, -half + 10, 0, 3, ground),
    shape(half - 9, half - 4, 0, 3, ground),
    shape(
      rng.range(-half, 0),
      rng.range(0, half),
      4,
      rng.range(6, 9),
      rng.pick([M.busPad, M.patchDark, M.patchLight, M.brick]),
    ),
    shape(-half, -half + 0.3, 0, depthM, M.fence, 180),
  ];
  // A yard is paved in pieces, as its tenants came and went.
  for (let k = rng.int(4, 8); k > 0; k--) {
    const a = rng.range(-half + 1, half - 8);
    const b = rng.range(1.2, front);
    const material = rng.pick([
      M.asphaltNew,
      M.asphaltOld,
      M.gravel,
      M.brick,
      M.slab,
      M.patchLight,
      M.lawnDry,
    ]);
    shapes.push(shape(a, a + rng.range(4, 14), b, b + rng.range(3, 9), material));
  }
  for (let k = 0; k < rng.int(0, 5); k++) {
    const a = rng.range(-half + 3, half - 9);
    const b = rng.chance(0.7) ? depthM - rng.range(3, 6) : rng.range(2, 4);
    shapes.push(shape(a, a + 6, b, b + 2.4, rng.pick([M.container, M.containerRed, M.box]), 260));
  }
  for (let a = -half + 12; a < half - 10; a += 2.6) shapes.push(shape(a, a + 0.2, 1.2, 6, M.markWhite));
  return {
    widthM,
    depthM,
    ground,
    shapes,
    houses: [
      {
        a: rng.range(-2, 2),
        b: front + 9,
        halfA: half - rng.range(4, 8),
        halfB: 9,
        eaveM: rng.range(6, 10),
        roof: rng.chance(0.7) ? 'flat' : 'gable',
        ridgeAlongStreet: true,
        roofMaterial: rng.pick(ROOFS.industry),
        wall: rng.pick(WALLS.industry),
        style: 3,
      },
    ],
    trees: [],
    cars: [
      { a: -half + 14.6, b: 3.6, across: true, truck: false },
      { a: rng.range(-6, 6), b: 3.6, across: true, truck: false },
      { a: half - 6, b: depthM - 10, across: true, truck: true },
    ],
  };
}

function gardenLot(district: District, rng: Rng): LotDesign {
  const row = district === 'terraces';
  const widthM = row ? rng.range(7, 9.5) : rng.range(15, 24);
  const half = widthM / 2;
  const depthM = row ? rng.range(26, 34) : rng.range(26, 36);
  const front = row ? rng.range(2.5, 6) : rng.range(4, 9);
  const halfA = row ? half : rng.range(4.5, Math.min(6.5, half - 3));
  const halfB = rng.range(4.2, 5.5);
  const houseA = row ? 0 : rng.range(-1, 1) * (half - halfA - 1.2) * 0.9;
  const drive = houseA > 0 ? -half + 1.9 : half - 1.9;
  const paving = rng.pick([M.gravel, M.brick, M.slab, M.asphaltOld, M.slabDark, M.concrete]);
  const frontGround = rng.pick(
    row ? [M.slabDark, M.gravel, M.lawn, M.brick, M.soil] : [M.lawn, M.lawn, M.lawnDark, M.gravel, M.lawnDry],
  );
  const back = front + halfB * 2;
  const shapes = [
    shape(-half, half, 0, front, frontGround),
    row
      ? shape(rng.range(-3, 1), rng.range(1.4, 2.6), 0, front, paving)
      : shape(drive - 1.6, drive + 1.6, 0, back + rng.range(-5, 2), paving),
    shape(houseA - 0.6, houseA + 0.6, 0, front, rng.pick([M.slab, M.stone, M.brick])),
    shape(
      houseA - halfA,
      houseA + halfA * rng.range(0, 1),
      back,
      back + rng.range(2, 4.5),
      rng.pick([M.deck, M.slabWarm, M.slab, M.brick]),
    ),
  ];
  const beds = rng.int(1, 4);
  for (let k = 0; k < beds; k++) {
    const a = rng.range(-half + 0.5, half - 3);
    const b = rng.chance(0.4) ? rng.range(0.5, front - 1) : rng.range(back + 4, depthM - 3);
    shapes.push(
      shape(
        a,
        a + rng.range(1.2, 4),
        b,
        b + rng.range(0.8, 2.5),
        rng.pick([M.soil, M.flowers, M.flowers, M.gravel]),
      ),
    );
  }
  if (!row && rng.chance(0.25)) {
    const a = rng.range(-half + 2, 0);
    const b = back + 6;
    shapes.push(shape(a - 0.8, a + 7.8, b - 0.8, b + 4.3, M.slabWarm), shape(a, a + 7, b, b + 3.5, M.pool));
  }
  const shed = rng.range(-half + 1, half - 4);
  if (rng.chance(0.5))
    shapes.push(
      shape(
        shed,
        shed + 2.8,
        depthM - 3.4,
        depthM - 0.8,
        rng.pick([M.roofTar, M.roofBrown, M.roofGrey]),
        230,
      ),
    );
  const border = rng.pick([M.hedge, M.hedge, M.fence, M.stone]);
  const tall = border === M.hedge ? 140 : 110;
  const thick = border === M.hedge ? 0.7 : 0.3;
  shapes.push(
    shape(-half, -half + thick, back, depthM, border, tall),
    shape(-half, half, depthM - thick, depthM, border, tall),
  );
  if (rng.chance(0.55)) {
    shapes.push(shape(-half, row ? -1 : Math.min(drive, houseA) - 1.8, 0, thick, border, tall - 50));
    shapes.push(
      shape(
        row ? 2 : houseA + 0.8,
        row ? half : drive > houseA ? drive - 1.8 : half,
        0,
        thick,
        border,
        tall - 50,
      ),
    );
  }
  return {
    widthM,
    depthM,
    ground: rng.pick([M.lawn, M.lawnDark, M.lawn, M.lawnDry]),
    shapes,
    houses: [
      {
        a: houseA,
        b: front + halfB,
        halfA,
        halfB,
        eaveM: rng.pick([3.2, 5.8, 5.8]),
        roof: row ? 'gable' : rng.pick(['gable', 'hip', 'gable', 'flat'] as const),
        ridgeAlongStreet: row || rng.chance(0.6),
        roofMaterial: rng.pick(ROOFS[district]),
        wall: rng.pick(WALLS[district]),
        style: 0,
      },
    ],
    trees: Array.from({ length: rng.int(0, row ? 2 : 4) }, () => ({
      a: rng.range(-half + 1, half - 1),
      b: rng.chance(0.35) ? rng.range(1, front) : rng.range(back + 3, depthM - 1),
      r: rng.range(1.2, row ? 2.4 : 3.6),
      kind: rng.chance(0.25) ? 1 : 0,
    })),
    cars: row ? [] : [{ a: drive, b: front + 1, across: true, truck: false }],
  };
}
