// Places lots along the streets and draws them. Row houses repeat one design.

import { makeRng, type Rng } from 'skyfix/random';
import { FREE_MATERIALS, M } from '../scene/materials.js';
import type { Scene } from '../scene/scene.js';
import { forRectangle, type Point, pointAlong } from '../scene/stamp.js';
import { designLot } from './lot-designs.js';
import type { House, LotDesign } from './lot-parts.js';
import type { District, Street, StreetNetwork } from './streets.js';
import { plantTree } from './trees.js';

/** Where houses stand wall to wall. */
const CLOSED: ReadonlySet<District> = new Set(['old-town', 'terraces', 'rows', 'courts']);

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
          left = terraces ? (lookAlikes ? rng.int(3, 6) : 1) : (design.repeats ?? 1);
        }
        left--;
        if (design.empty) {
          along += design.widthM;
          continue;
        }
        if (along + design.widthM > street.lengthM - street.endM) {
          along += 5;
          left = 0;
          continue;
        }
        const built = drawLot(scene, street, along + design.widthM / 2, side, design, rng);
        along += built ? design.widthM + (CLOSED.has(street.district) ? 0 : rng.range(0, 1.5)) : 4;
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
      probability: design.carChance ?? 0.35,
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
  const pitch = house.pitch ?? (house.style === 3 ? 0.18 : rng.range(0.6, 0.95));
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
