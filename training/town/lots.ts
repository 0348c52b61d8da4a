// Lots along the streets: house or block, garden, driveway, shed, hedge, pool. Row houses repeat one design.
import { FREE_MATERIALS, M } from './materials.js';
import { makeRng, type Rng } from './rng.js';
import type { Scene } from './scene.js';
import { forRectangle, type Point, pointAlong } from './stamp.js';
import type { District, Street, StreetNetwork } from './streets.js';
import { plantTree } from './trees.js';

/** A rectangle of a lot in its own metres: a along the street from the middle, b away from the street. */
interface Shape {
  readonly a0: number;
  readonly a1: number;
  readonly b0: number;
  readonly b1: number;
  readonly material: number;
  readonly heightCm: number;
}

interface House {
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

interface LotDesign {
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

function designLot(district: District, rng: Rng): LotDesign {
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

/** Builds on both sides of every street, wherever the ground is still free. */
export function drawLots(scene: Scene, network: StreetNetwork, seed: number, lookAlikes: boolean): void {
  const rng = makeRng(seed, 7);
  // A few designs of a kind that come back all over the town.
  const stock = makeRng(seed, 8);
  const repeated = Array.from({ length: 6 }, () => designLot('terraces', stock));
  for (const street of network.streets) {
    for (const side of [1, -1]) {
      let along = street.startM + 3;
      let design = designLot(street.district, rng);
      let left = 0;
      while (along < street.lengthM - street.endM - 3) {
        if (left <= 0) {
          const terraces = street.district === 'terraces';
          design =
            terraces && lookAlikes && rng.chance(0.6) ? rng.pick(repeated) : designLot(street.district, rng);
          left = terraces ? (lookAlikes ? rng.int(3, 6) : 1) : 1;
        }
        left--;
        if (along + design.widthM > street.lengthM - street.endM) {
          along += 5;
          left = 0;
          continue;
        }
        const built = drawLot(scene, street, along + design.widthM / 2, side, design, rng);
        along += built
          ? design.widthM +
            (street.district === 'old-town' || street.district === 'terraces' ? 0 : rng.range(0, 1.5))
          : 4;
      }
    }
  }
}

function drawLot(
  scene: Scene,
  street: Street,
  along: number,
  side: number,
  design: LotDesign,
  rng: Rng,
): boolean {
  const at = pointAlong(street.line, along);
  const nx = -Math.sin(at.angle) * side;
  const ny = Math.cos(at.angle) * side;
  // Walk outwards until the pavement ends.
  let out = street.halfM + 0.5;
  const cellAt = (x: number, y: number): number => {
    const ix = Math.floor(x * 4);
    const iy = Math.floor(y * 4);
    return ix < 0 || iy < 0 || ix >= scene.n || iy >= scene.n ? -1 : iy * scene.n + ix;
  };
  for (; out < 14; out += 0.25) {
    const cell = cellAt(at.x + nx * out, at.y + ny * out);
    if (cell < 0) return false;
    if ((scene.material[cell] ?? 255) <= FREE_MATERIALS) break;
  }
  if (out >= 14) return false;
  // Frame: u along the lot's a axis, so that v (counter-clockwise from u) points away from the street.
  const angle = at.angle + (side > 0 ? 0 : Math.PI);
  const ux = Math.cos(angle);
  const uy = Math.sin(angle);
  const toWorld = (a: number, b: number): Point => ({
    x: at.x + nx * (out + b) + ux * a,
    y: at.y + ny * (out + b) + uy * a,
  });
  const middle = toWorld(0, design.depthM / 2);
  const cells: number[] = [];
  let all = 0;
  let frontFree = 0;
  let front = 0;
  const as: number[] = [];
  const bs: number[] = [];
  const frontDepth = (design.houses[0]?.b ?? 10) + (design.houses[0]?.halfB ?? 5);
  forRectangle(scene, middle, angle, design.widthM / 2, design.depthM / 2, (cell, u, v) => {
    all++;
    const b = v + design.depthM / 2;
    if (b < frontDepth) front++;
    if ((scene.material[cell] ?? 255) > FREE_MATERIALS) return;
    if (b < frontDepth) frontFree++;
    cells.push(cell);
    as.push(u);
    bs.push(b);
  });
  if (all === 0 || cells.length < 0.4 * all || frontFree < 0.88 * front) return false;
  const { material, height } = scene;
  for (let k = 0; k < cells.length; k++) {
    const a = as[k] as number;
    const b = bs[k] as number;
    const cell = cells[k] as number;
    let value = design.ground;
    let heightCm = 0;
    for (const s of design.shapes) {
      if (a < s.a0 || a > s.a1 || b < s.b0 || b > s.b1) continue;
      value = s.material;
      heightCm = s.heightCm;
    }
    material[cell] = value;
    height[cell] = heightCm;
  }
  const own = new Set(cells);
  for (const house of design.houses) drawHouse(scene, toWorld(house.a, house.b), angle, house, own, rng);
  for (const tree of design.trees) {
    const p = toWorld(tree.a, tree.b);
    const cell = cellAt(p.x, p.y);
    if (own.has(cell)) plantTree(scene, p, rng, tree.kind, tree.r);
  }
  for (const car of design.cars) {
    const p = toWorld(car.a, car.b);
    scene.carSpots.push({
      ...p,
      angle: angle + (car.across ? Math.PI / 2 : 0),
      probability: 0.5,
      truck: car.truck,
    });
  }
  return true;
}

function drawHouse(
  scene: Scene,
  at: Point,
  lotAngle: number,
  house: House,
  own: ReadonlySet<number>,
  rng: Rng,
): void {
  let missing = 0;
  forRectangle(scene, at, lotAngle, house.halfA, house.halfB, (cell) => {
    if (!own.has(cell)) missing++;
  });
  const cellsOfHouse = house.halfA * house.halfB * 64;
  if (missing > 0.04 * cellsOfHouse || scene.buildings.length >= 65_000) return;
  const along = house.ridgeAlongStreet;
  const angle = along ? lotAngle : lotAngle + Math.PI / 2;
  const halfU = along ? house.halfA : house.halfB;
  const halfV = along ? house.halfB : house.halfA;
  const id = scene.buildings.push({
    x: at.x,
    y: at.y,
    angle,
    halfU,
    halfV,
    eaveM: house.eaveM,
    wall: house.wall,
    style: house.style,
    hash: rng.next(),
  });
  const pitch = house.style === 3 ? 0.18 : rng.range(0.6, 0.95);
  const extraU = rng.range(-halfU * 0.6, halfU * 0.6);
  const extraV = (rng.chance(0.5) ? 1 : -1) * halfV * 0.5;
  const extra = rng.pick(['none', 'chimney', 'solar', 'chimney', 'window'] as const);
  forRectangle(scene, at, angle, halfU, halfV, (cell, u, v) => {
    if (!own.has(cell)) return;
    const inV = halfV - Math.abs(v);
    const inU = halfU - Math.abs(u);
    let top = house.eaveM;
    let value = house.roofMaterial;
    if (house.roof === 'gable') top += pitch * inV;
    else if (house.roof === 'hip') top += pitch * Math.min(inV, inU);
    else if (Math.min(inU, inV) < 0.4) {
      top += 0.4;
      value = M.box;
    }
    if (house.roof === 'flat') {
      if (house.style >= 2 && Math.abs(u - extraU) < 1.6 && Math.abs(v - extraV * 0.6) < 1.2) {
        top += 1.6;
        value = M.box;
      } else if (house.style === 3 && (u + 100) % 8 < 1.2 && Math.abs(v) < halfV * 0.7) value = M.glass;
    } else if (extra === 'chimney' && Math.abs(u - extraU) < 0.4 && Math.abs(v - extraV * 0.3) < 0.4) {
      top += 1.2;
      value = M.brick;
    } else if (extra === 'solar' && Math.abs(u - extraU * 0.5) < 2 && Math.abs(v - extraV) < 1.2)
      value = M.solar;
    else if (extra === 'window' && Math.abs((u + 50) % 3.2) < 0.9 && Math.abs(v - extraV) < 0.6)
      value = M.glass;
    scene.height[cell] = Math.round(top * 100);
    scene.material[cell] = value;
    scene.building[cell] = id;
  });
}
