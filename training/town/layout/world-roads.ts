// Draws a world's streets by its country's rules: verge, pavement, carriageway worn by wheels, lines, cars, trees.
import { hash3, makeRng, type Rng } from 'skyfix/random';
import { M } from '../scene/materials.js';
import type { Scene } from '../scene/scene.js';
import { forBand, forDisc, forRectangle, pointAlong } from '../scene/stamp.js';
import { type BuiltStreet, buildStreet } from './built-street.js';
import type { RoadRules } from './road-rules.js';
import { sections } from './street-style.js';
import type { Street, StreetNetwork } from './streets.js';
import { plantTree } from './trees.js';
import { drawLines } from './world-lines.js';

const ORDER = ['lane', 'residential', 'street', 'avenue'] as const;

/** Draws all streets, the widest on top. */
export function drawWorldStreets(scene: Scene, network: StreetNetwork, rules: RoadRules, seed: number): void {
  const built = ORDER.flatMap((kind) =>
    network.streets
      .filter((street) => street.kind === kind)
      .map((street) => ({ street, how: buildStreet(street, rules) })),
  );
  for (const { street, how } of built) drawSides(scene, street, how);
  for (const { street, how } of built) drawCarriageway(scene, street, how);
  const rng = makeRng(seed, 5);
  for (const { street, how } of built) {
    drawLines(scene, street, how);
    drawRepairs(scene, street, how, rng);
    addCars(scene, street, how);
  }
}

function drawSides(scene: Scene, street: Street, how: BuiltStreet): void {
  const { halfM } = street;
  const { shoulderM, vergeM, pavementM, rule } = how;
  const kerbM = rule.kerb ? 0.3 : 0;
  const reach = halfM + shoulderM + kerbM + vergeM + pavementM;
  forBand(scene, street.line, reach, true, (cell, left) => {
    // Loose edges are not ruled with a ruler.
    const q = Math.abs(left) - halfM - (rule.kerb ? 0 : 0.5 * (hash3(cell, 11, 2) - 0.5));
    if (q < shoulderM) scene.material[cell] = how.shoulder;
    else if (q < shoulderM + kerbM) scene.material[cell] = M.kerb;
    else if (q < shoulderM + kerbM + vergeM) scene.material[cell] = how.verge;
    else scene.material[cell] = how.pavement;
  });
}

function drawCarriageway(scene: Scene, street: Street, how: BuiltStreet): void {
  const { halfM } = street;
  const { rule, surface } = how;
  const materialAt = sections(street, 15, surface, rule.rebuiltSurfaces, 1 - rule.rebuilt);
  const loose = surface === M.dirtRoad || surface === M.gravelRoad;
  const worn = 0.5 + street.hash;
  const lanes = halfM > 5.5 ? 4 : 2;
  const laneM = (2 * halfM) / lanes;
  forBand(scene, street.line, halfM, true, (cell, left, along) => {
    scene.material[cell] = materialAt(along);
    const inLane = (((left + halfM) / laneM) % 1) - 0.5;
    const wheel = Math.abs(Math.abs(inLane) * laneM - 0.8);
    const track = Math.max(0, 1 - wheel / 0.45);
    const oil = Math.max(0, 1 - Math.abs(inLane * laneM) / 0.5);
    const edge = Math.max(0, 1 - (halfM - Math.abs(left)) / 0.7);
    let shade = 1 + worn * (loose ? 0.14 * track - 0.06 * edge : 0.055 * track - 0.07 * oil - 0.1 * edge);
    if (how.ruts && Math.abs(Math.abs(left) - 0.85) > 0.5 + 0.3 * (hash3(cell, 5, 5) - 0.5)) {
      scene.material[cell] = Math.abs(left) < 0.6 || Math.abs(left) > 1.5 ? M.lawnDry : surface;
      shade = 1;
    }
    scene.shade[cell] = Math.round(128 * shade);
  });
}

/** Cracks filled with tar, patches, manholes. */
function drawRepairs(scene: Scene, street: Street, how: BuiltStreet, rng: Rng): void {
  const { halfM, lengthM, line } = street;
  if (how.surface === M.dirtRoad || how.surface === M.gravelRoad) return;
  const ground = new Set([how.surface, ...how.rule.rebuiltSurfaces]);
  const dim = (cell: number, shade: number): void => {
    if (ground.has(scene.material[cell] as number))
      scene.shade[cell] = Math.round((scene.shade[cell] as number) * shade);
  };
  const age = rng.range(0, 1.6);
  for (let k = Math.round((lengthM / 9) * age); k > 0; k--) {
    const at = pointAlong(line, rng.range(1, lengthM - 1));
    const across = rng.chance(0.7);
    const angle = at.angle + (across ? Math.PI / 2 + rng.range(-0.2, 0.2) : rng.range(-0.05, 0.05));
    const off = across ? 0 : rng.range(-halfM, halfM) * 0.8;
    const centre = { x: at.x - Math.sin(at.angle) * off, y: at.y + Math.cos(at.angle) * off };
    forRectangle(scene, centre, angle, across ? halfM : rng.range(3, 12), 0.13, (cell) => dim(cell, 0.72));
  }
  for (let k = Math.round((lengthM / 24) * age); k > 0; k--) {
    const at = pointAlong(line, rng.range(2, lengthM - 2));
    const off = rng.range(-halfM, halfM) * 0.8;
    const centre = { x: at.x - Math.sin(at.angle) * off, y: at.y + Math.cos(at.angle) * off };
    const tone = rng.chance(0.6) ? rng.range(0.68, 0.88) : rng.range(1.08, 1.2);
    forRectangle(scene, centre, at.angle, rng.range(0.6, 5), rng.range(0.5, 1.5), (cell) => dim(cell, tone));
  }
  if (!how.rule.kerb) return;
  for (let k = Math.round(lengthM / 30); k > 0; k--) {
    const at = pointAlong(line, rng.range(3, lengthM - 3));
    const off = rng.range(-halfM, halfM) * 0.7;
    forDisc(
      scene,
      { x: at.x - Math.sin(at.angle) * off, y: at.y + Math.cos(at.angle) * off },
      0.4,
      (cell) => {
        scene.material[cell] = M.manhole;
      },
    );
  }
}

function addCars(scene: Scene, street: Street, how: BuiltStreet): void {
  const { rule } = how;
  for (let along = street.startM + 3; along < street.lengthM - street.endM - 3; along += 5.7) {
    const at = pointAlong(street.line, along);
    const put = (off: number, probability: number, truck: boolean): void => {
      if (probability <= 0) return;
      const angle = off > 0 ? at.angle : at.angle + Math.PI;
      scene.carSpots.push({
        x: at.x - Math.sin(at.angle) * off,
        y: at.y + Math.cos(at.angle) * off,
        angle,
        probability,
        truck,
      });
    };
    for (const side of [1, -1])
      put(side * (street.halfM - 1.05), rule.parked, hash3(Math.floor(along), side, 4) < 0.04);
    const lane = Math.floor(along / 5.7) % 2 === 0 ? 1 : -1;
    put(lane * street.halfM * 0.45, rule.traffic, along % 50 < 6);
  }
}

/** Rows of trees beside the carriageway. */
export function plantWorldStreetTrees(
  scene: Scene,
  network: StreetNetwork,
  rules: RoadRules,
  seed: number,
): void {
  const rng = makeRng(seed, 11);
  for (const street of network.streets) {
    const how = buildStreet(street, rules);
    if (!rng.chance(how.rule.trees)) continue;
    const spacing = rng.range(8, 20);
    const radiusM = rng.range(...how.rule.treeRadiusM);
    for (const side of rng.pick([[1], [-1], [1, -1], [1, -1]])) {
      const offset = side * (street.halfM + how.shoulderM + 0.4 + Math.max(0.7, how.vergeM / 2));
      for (let along = street.startM + 4; along < street.lengthM - street.endM - 4; along += spacing) {
        if (rng.chance(0.25)) continue;
        const at = pointAlong(street.line, along + rng.range(-2, 2));
        const place = { x: at.x - Math.sin(at.angle) * offset, y: at.y + Math.cos(at.angle) * offset };
        plantTree(scene, place, rng, rng.chance(0.08) ? 1 : 0, radiusM * rng.range(0.7, 1.2));
      }
    }
  }
}
