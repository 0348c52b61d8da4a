// Draws carriageways, pavements, parking bays and the canal's bridges.

import { makeRng, type Rng } from 'skyfix/random';
import { M } from '../scene/materials.js';
import type { Scene } from '../scene/scene.js';
import { forBand, forDisc, pointAlong } from '../scene/stamp.js';
import { drawMarkings, isCarriageway } from './road-markings.js';
import { BAY_M, sections, sideBay, styleOf } from './street-style.js';
import type { Junction, Street, StreetNetwork } from './streets.js';
import { plantTree } from './trees.js';

function drawPavements(scene: Scene, street: Street): void {
  const style = styleOf(street);
  const { halfM, pavementM } = street;
  const usual = makeRng(Math.floor(street.hash * 2 ** 31), 12).pick(style.pavements);
  const leftPavement = sections(street, 13, usual, style.pavements, 0.4);
  const rightPavement = sections(street, 14, usual, style.pavements, 0.4);
  const reach = halfM + (style.bays === 'none' ? 0 : BAY_M) + (style.verge ? 1.5 : 0) + pavementM;
  forBand(scene, street.line, reach, true, (cell, left, along) => {
    const q = Math.abs(left);
    const bay = sideBay(style, left) ? BAY_M : 0;
    const verge = style.verge ? 1.5 : 0;
    if (q > halfM + bay + verge + pavementM) return;
    const inside = along > street.startM && along < street.lengthM - street.endM;
    let value: number;
    if (q < halfM + bay + 0.3 && q >= halfM + bay) value = M.kerb;
    else if (q < halfM + bay && inside) value = along % 5.6 < 0.2 ? M.markWhite : M.parking;
    else if (q < halfM + bay + verge && inside) value = M.lawn;
    else value = left > 0 ? leftPavement(along) : rightPavement(along);
    scene.material[cell] = value;
  });
}

function drawCarriageway(scene: Scene, street: Street): void {
  const { surface, rebuilt } = styleOf(street);
  const materialAt = sections(street, 15, surface, rebuilt, 0.4);
  forBand(scene, street.line, street.halfM, true, (cell, _left, along) => {
    scene.material[cell] = materialAt(along);
  });
}

function drawJunction(scene: Scene, junction: Junction, rng: Rng): void {
  if (junction.roundabout) {
    const island = rng.range(4.5, 6.5);
    const inner = rng.pick([M.lawn, M.flowers, M.slab, M.stone]);
    forDisc(scene, junction, 18, (cell, r) => {
      const value = scene.material[cell] ?? 0;
      const street = isCarriageway(value) || value === M.markWhite;
      if (r > 14 && street) return;
      if (r > 16.5) return;
      scene.material[cell] =
        r > 14
          ? M.slab
          : r > 13.7
            ? M.kerb
            : r > island + 1.5
              ? M.asphaltNew
              : r > island
                ? M.cobble
                : r > island - 0.4
                  ? M.kerb
                  : inner;
    });
    return;
  }
  if (junction.degree >= 3 && rng.chance(0.28)) {
    const table = rng.pick([M.brick, M.cobble, M.busPad, M.asphaltNew, M.patchLight]);
    forDisc(scene, junction, junction.radiusM + 3.2, (cell) => {
      if (isCarriageway(scene.material[cell] ?? 0)) scene.material[cell] = table;
    });
  }
  if (junction.degree === 1) {
    forDisc(scene, junction, junction.radiusM + 5.5, (cell, r) => {
      if (r < junction.radiusM + 4) scene.material[cell] = M.asphaltOld;
      else if (!isCarriageway(scene.material[cell] ?? 0)) scene.material[cell] = M.slab;
    });
  }
}

/** Draws the canal, then every street over it. */
export function drawStreets(scene: Scene, network: StreetNetwork, seed: number): void {
  forBand(scene, network.canal, 14, true, (cell, left) => {
    const q = Math.abs(left);
    scene.material[cell] =
      q < 6 ? M.water : q < 6.6 ? M.stone : q > 9.5 && q < 11.5 && left > 0 ? M.path : M.lawnDark;
  });
  const order = ['lane', 'residential', 'street', 'avenue'] as const;
  for (const kind of order) {
    for (const street of network.streets) if (street.kind === kind) drawPavements(scene, street);
  }
  for (const kind of order) {
    for (const street of network.streets) if (street.kind === kind) drawCarriageway(scene, street);
  }
  for (const street of network.streets) drawMarkings(scene, street);
  const rng = makeRng(seed, 5);
  for (const junction of network.junctions) drawJunction(scene, junction, rng);
  for (const street of network.streets) addStreetCars(scene, street);
}

/** Rows of trees on the pavements of about two streets in five; their canopies hide part of the road from above. */
export function plantStreetTrees(scene: Scene, network: StreetNetwork, seed: number): void {
  const rng = makeRng(seed, 11);
  for (const street of network.streets) {
    if (street.kind === 'lane' || !rng.chance(street.kind === 'avenue' ? 0.6 : 0.3)) continue;
    const style = styleOf(street);
    const spacing = rng.range(12, 22);
    const radiusM = rng.range(2.2, 3.6);
    for (const side of rng.pick([[1], [-1], [1, -1], [1, -1]])) {
      const offset = side * (street.halfM + (sideBay(style, side) ? BAY_M : 0) + 1.05);
      for (let along = street.startM + 5; along < street.lengthM - street.endM - 4; along += spacing) {
        if (rng.chance(0.2)) continue;
        const at = pointAlong(street.line, along + rng.range(-1, 1));
        const x = at.x - Math.sin(at.angle) * offset;
        const y = at.y + Math.cos(at.angle) * offset;
        plantTree(scene, { x, y }, rng, 0, radiusM * rng.range(0.85, 1.15));
      }
    }
  }
}

function addStreetCars(scene: Scene, street: Street): void {
  const style = styleOf(street);
  for (let along = street.startM + 4; along < street.lengthM - street.endM - 4; along += 5.6) {
    const at = pointAlong(street.line, along);
    for (const side of [1, -1]) {
      if (!sideBay(style, side)) continue;
      const off = side * (street.halfM + BAY_M / 2);
      scene.carSpots.push({
        x: at.x - Math.sin(at.angle) * off,
        y: at.y + Math.cos(at.angle) * off,
        angle: at.angle,
        probability: 0.25,
        truck: false,
      });
    }
    const lane = side2(along) * street.halfM * 0.48;
    scene.carSpots.push({
      x: at.x + Math.sin(at.angle) * lane,
      y: at.y - Math.cos(at.angle) * lane,
      angle: lane > 0 ? at.angle : at.angle + Math.PI,
      probability: street.kind === 'avenue' ? 0.12 : street.kind === 'lane' ? 0 : 0.04,
      truck: along % 50 < 6,
    });
  }
}

function side2(along: number): number {
  return Math.floor(along / 5.6) % 2 === 0 ? 1 : -1;
}
