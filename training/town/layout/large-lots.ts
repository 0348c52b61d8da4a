// Lots of large buildings: blocks of flats, halls.
import type { Rng } from 'skyfix/random';
import { M } from '../scene/materials.js';
import { type LotDesign, ROOFS, shape, WALLS } from './lot-parts.js';

export function apartmentLot(rng: Rng): LotDesign {
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

export function hallLot(rng: Rng): LotDesign {
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
