// Draws carriageways, pavements, markings, patches, manholes, crossings, parking bays and the canal's bridges.

import { makeRng, type Rng } from 'skyfix/random';
import { M } from '../scene/materials.js';
import type { Scene } from '../scene/scene.js';
import { forBand, forDisc, forRectangle, type Point, pointAlong } from '../scene/stamp.js';
import type { Junction, Street, StreetNetwork } from './streets.js';
import { plantTree } from './trees.js';

/** How a street looks; derived from its hash so that every pass agrees. */
interface StreetLook {
  /** What the carriageway is mostly made of, and what its rebuilt sections may be made of. */
  readonly surface: number;
  readonly rebuilt: readonly number[];
  readonly pavements: readonly number[];
  readonly dash: number;
  readonly centre: boolean;
  readonly bays: 'none' | 'left' | 'right' | 'both';
  readonly bikes: boolean;
  readonly median: boolean;
  readonly verge: boolean;
}

function lookOf(street: Street): StreetLook {
  const rng = makeRng(Math.floor(street.hash * 2 ** 31), 3);
  const old = street.district === 'old-town';
  const surface = old
    ? rng.pick([M.cobble, M.cobble, M.asphalt, M.brick])
    : street.kind === 'lane'
      ? rng.pick([M.asphaltOld, M.brick, M.gravel, M.concrete])
      : street.district === 'industry'
        ? rng.pick([M.asphalt, M.asphaltOld, M.busPad])
        : rng.pick([M.asphalt, M.asphalt, M.asphaltOld, M.asphaltNew]);
  const wide = street.kind === 'avenue' || street.kind === 'street';
  return {
    surface: street.kind === 'avenue' ? rng.pick([M.asphalt, M.asphaltNew]) : surface,
    rebuilt: old
      ? [M.cobble, M.asphalt, M.brick, M.asphaltOld, M.cobble]
      : [
          M.asphalt,
          M.asphaltOld,
          M.asphaltNew,
          M.asphaltNew,
          street.kind === 'avenue' ? M.asphaltOld : M.brick,
        ],
    pavements: old
      ? [M.slabWarm, M.cobble, M.slab, M.slabDark]
      : [M.slab, M.slabDark, M.slab, M.brick, M.asphaltOld, M.slabWarm],
    dash: rng.pick([3, 4, 6]),
    centre:
      wide || (surface !== M.cobble && surface !== M.brick && street.kind !== 'lane' && rng.chance(0.35)),
    bays:
      street.kind === 'lane' || street.kind === 'avenue'
        ? 'none'
        : rng.pick(['none', 'left', 'right', 'both']),
    bikes: wide && rng.chance(0.55),
    median: street.kind === 'avenue' && rng.chance(0.6),
    verge: !old && street.kind !== 'lane' && rng.chance(0.35),
  };
}

/** Streets are rebuilt piece by piece: the material at a length along the street, `stay` the share that keeps the usual one. */
function sections(
  street: Street,
  stream: number,
  usual: number,
  others: readonly number[],
  stay: number,
): (alongM: number) => number {
  const rng = makeRng(Math.floor(street.hash * 2 ** 31), stream);
  const parts: { readonly endM: number; readonly value: number }[] = [];
  for (let endM = 0; endM < street.lengthM; ) {
    endM += rng.range(7, 26);
    parts.push({ endM, value: rng.chance(stay) ? usual : rng.pick(others) });
  }
  return (alongM) => parts.find((part) => alongM < part.endM)?.value ?? usual;
}

/** Strip beside the carriageway: 2.25 m parking bays on one or both sides. */
const BAY_M = 2.25;

function sideBay(look: StreetLook, left: number): boolean {
  return look.bays === 'both' || (left > 0 ? look.bays === 'left' : look.bays === 'right');
}

function drawPavements(scene: Scene, street: Street): void {
  const look = lookOf(street);
  const { halfM, pavementM } = street;
  const usual = makeRng(Math.floor(street.hash * 2 ** 31), 12).pick(look.pavements);
  const leftPavement = sections(street, 13, usual, look.pavements, 0.4);
  const rightPavement = sections(street, 14, usual, look.pavements, 0.4);
  const reach = halfM + (look.bays === 'none' ? 0 : BAY_M) + (look.verge ? 1.5 : 0) + pavementM;
  forBand(scene, street.line, reach, true, (cell, left, along) => {
    const q = Math.abs(left);
    const bay = sideBay(look, left) ? BAY_M : 0;
    const verge = look.verge ? 1.5 : 0;
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
  const { surface, rebuilt } = lookOf(street);
  const materialAt = sections(street, 15, surface, rebuilt, 0.4);
  forBand(scene, street.line, street.halfM, true, (cell, _left, along) => {
    scene.material[cell] = materialAt(along);
  });
}

function drawMarkings(scene: Scene, street: Street): void {
  const look = lookOf(street);
  const rng = makeRng(Math.floor(street.hash * 2 ** 31), 4);
  const { halfM, lengthM, startM, endM } = street;
  const zebraStart = rng.chance(street.kind === 'avenue' ? 0.75 : street.kind === 'lane' ? 0 : 0.35);
  const zebraEnd = rng.chance(street.kind === 'avenue' ? 0.75 : street.kind === 'lane' ? 0 : 0.35);
  const middleZebra = rng.chance(0.12) ? lengthM * rng.range(0.35, 0.65) : -99;
  const bumps = street.kind === 'residential' && rng.chance(0.3) ? [lengthM * rng.range(0.3, 0.7)] : [];
  const busAt = street.kind === 'avenue' || rng.chance(0.12) ? lengthM * rng.range(0.3, 0.7) : -99;
  const busSide = rng.chance(0.5) ? 1 : -1;
  const arrows = street.kind === 'avenue' || street.kind === 'street';
  forBand(scene, street.line, halfM, false, (cell, left, along) => {
    const fromStart = along - startM;
    const fromEnd = lengthM - endM - along;
    if (fromStart < 0 || fromEnd < 0) return;
    const q = Math.abs(left);
    const put = (value: number): void => {
      scene.material[cell] = value;
    };
    if (look.bikes && q > halfM - 1.6 && q < halfM - 0.15) put(M.bikeRed);
    if (look.bikes && q > halfM - 1.85 && q < halfM - 1.6 && along % 2 < 1.2) put(M.markWhite);
    if (
      busAt > 0 &&
      Math.abs(along - busAt) < 8 &&
      left * busSide > halfM - 3 &&
      left * busSide < halfM - 0.2
    ) {
      put(M.busPad);
      const zig = Math.abs(((along - busAt + 8) % 4) - 2) * 0.9;
      if (Math.abs(left * busSide - (halfM - 2.4) - zig) < 0.22) put(M.markYellow);
    }
    if (look.median && q < 1.1 && fromStart > 6 && fromEnd > 6) put(q > 0.8 ? M.kerb : M.lawnDark);
    else if (look.centre && !look.median && q < 0.16 && along % (2 * look.dash) < look.dash) put(M.markWhite);
    if (street.kind === 'avenue' && Math.abs(q - halfM * 0.52) < 0.15 && along % 9 < 4) put(M.markWhite);
    if ((street.kind === 'avenue' || street.kind === 'street') && q > halfM - 0.3 && q < halfM - 0.05) {
      put(M.markWhite);
    }
    const stripes = (left + 50) % 1 < 0.52;
    if (zebraStart && fromStart < 3.2 && stripes) put(M.markWhite);
    if (zebraEnd && fromEnd < 3.2 && stripes) put(M.markWhite);
    if (Math.abs(along - middleZebra) < 1.7 && stripes) put(M.markWhite);
    if (look.centre && left > 0.2 && fromStart > 4.2 && fromStart < 4.75) put(M.markWhite);
    if (look.centre && left < -0.2 && fromEnd > 4.2 && fromEnd < 4.75) put(M.markWhite);
    if (arrows) {
      const lane = halfM * 0.45;
      const toward = left < 0 ? fromEnd : fromStart;
      const off = Math.abs(q - lane);
      if (toward > 8 && toward < 13 && (off < 0.14 || (toward < 10 && off < (toward - 8) * 0.4)))
        put(M.markWhite);
    }
    for (const bump of bumps) {
      if (Math.abs(along - bump) < 2) put(Math.abs(along - bump) > 1.6 ? M.markWhite : M.brick);
    }
  });
  // repairs, trenches, manholes
  const repairs = Math.round((lengthM / 11) * rng.range(0.4, 1.6));
  for (let k = 0; k < repairs; k++) {
    const at = pointAlong(street.line, rng.range(2, lengthM - 2));
    const off = rng.range(-halfM, halfM) * 0.9;
    const centre = { x: at.x - Math.sin(at.angle) * off, y: at.y + Math.cos(at.angle) * off };
    const trench = rng.chance(0.25);
    const value = rng.chance(0.6) ? M.patchDark : M.patchLight;
    const halfU = trench ? rng.range(5, 16) : rng.range(0.5, 3.2);
    const halfV = trench ? 0.4 : rng.range(0.4, 1.5);
    const turn = trench && rng.chance(0.4) ? Math.PI / 2 : 0;
    paintRoadOnly(scene, centre, at.angle + turn, turn ? Math.min(halfU, halfM) : halfU, halfV, value);
  }
  const holes = Math.round(lengthM / 22);
  for (let k = 0; k < holes; k++) {
    const at = pointAlong(street.line, rng.range(3, lengthM - 3));
    const off = rng.range(-halfM, halfM) * 0.8;
    forDisc(
      scene,
      { x: at.x - Math.sin(at.angle) * off, y: at.y + Math.cos(at.angle) * off },
      0.45,
      (cell) => {
        scene.material[cell] = M.manhole;
      },
    );
  }
}

function isCarriageway(value: number): boolean {
  return (value >= M.asphalt && value <= M.brick) || value === M.busPad || value === M.parking;
}

function paintRoadOnly(
  scene: Scene,
  centre: Point,
  angle: number,
  u: number,
  v: number,
  value: number,
): void {
  forRectangle(scene, centre, angle, u, v, (cell) => {
    if (isCarriageway(scene.material[cell] ?? 0)) scene.material[cell] = value;
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
    const look = lookOf(street);
    const spacing = rng.range(12, 22);
    const radiusM = rng.range(2.2, 3.6);
    for (const side of rng.pick([[1], [-1], [1, -1], [1, -1]])) {
      const offset = side * (street.halfM + (sideBay(look, side) ? BAY_M : 0) + 1.05);
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
  const look = lookOf(street);
  for (let along = street.startM + 4; along < street.lengthM - street.endM - 4; along += 5.6) {
    const at = pointAlong(street.line, along);
    for (const side of [1, -1]) {
      if (!sideBay(look, side)) continue;
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
