// What a lot of each district holds: house or block, garden, driveway, shed, hedge, pool.
import type { Rng } from 'skyfix/random';
import { M } from '../scene/materials.js';
import { apartmentLot, hallLot } from './large-lots.js';
import { type LotDesign, ROOFS, shape, WALLS } from './lot-parts.js';
import { aridLot, farmLot } from './rural-lots.js';
import type { District, TownDistrict } from './streets.js';
import { courtLot, detachedLot, hamletLot, rowLot } from './world-lots.js';

/** A lot in the manner of a district. */
export function designLot(district: District, rng: Rng): LotDesign {
  if (district === 'old-town') return oldTownLot(rng);
  if (district === 'blocks') return apartmentLot(rng);
  if (district === 'industry') return hallLot(rng);
  if (district === 'detached') return detachedLot(rng);
  if (district === 'hamlet') return hamletLot(rng);
  if (district === 'rows') return rowLot(rng);
  if (district === 'courts') return courtLot(rng);
  if (district === 'farmland') return farmLot(rng);
  if (district === 'arid') return aridLot(rng);
  return gardenLot(district, rng);
}

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

function gardenLot(district: TownDistrict, rng: Rng): LotDesign {
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
