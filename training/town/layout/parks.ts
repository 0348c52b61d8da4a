// Blocks that are not built on: parks with ponds and paths, sports fields, car parks, squares.

import { makeRng, type Rng } from 'skyfix/random';
import { FREE_MATERIALS, M } from '../scene/materials.js';
import type { Scene } from '../scene/scene.js';
import { forBand, forDisc, forRectangle, type Point } from '../scene/stamp.js';
import type { Block, District, StreetNetwork } from './streets.js';
import { plantTree } from './trees.js';

function isFree(scene: Scene, cell: number): boolean {
  return (scene.material[cell] ?? 255) <= FREE_MATERIALS;
}

/** Ground of the districts that are not green. */
const BASE: Partial<Record<District, number>> = {
  'old-town': M.courtyard,
  industry: M.concrete,
  courts: M.courtyard,
};

/** The material of the ground before anything stands on it, by district. */
export function drawBaseGround(scene: Scene, network: StreetNetwork): void {
  scene.material.fill(M.meadow);
  for (const block of network.blocks) {
    const base = BASE[block.district] ?? M.meadow;
    forRectangle(scene, block.centre, 0, 62, 62, (cell) => {
      scene.material[cell] = base;
    });
  }
}

/** Turns about one block in eight into something open; the ground keeps clear of the streets around it. */
export function drawOpenBlocks(scene: Scene, network: StreetNetwork, seed: number): void {
  const rng = makeRng(seed, 6);
  for (const block of network.blocks) {
    const draw = rng.next();
    const open = block.district === 'industry' ? 0.08 : 0.15;
    if (draw > open) continue;
    const kind = rng.pick(['park', 'park', 'park', 'sports', 'carpark', 'square'] as const);
    if (kind === 'park') drawPark(scene, block, rng);
    else if (kind === 'sports') drawSports(scene, block, rng);
    else if (kind === 'carpark') drawCarPark(scene, block, rng);
    else drawSquare(scene, block, rng);
  }
}

/** Gives the ground that nobody built on some life: beds, allotments, dry patches, trees. */
export function drawLeftovers(scene: Scene, network: StreetNetwork, seed: number): void {
  const rng = makeRng(seed, 10);
  for (const block of network.blocks) {
    const paved = BASE[block.district] !== undefined;
    const surfaces = paved
      ? [M.gravel, M.lawn, M.slab, M.lawnDark, M.patchLight, M.asphaltOld]
      : [M.lawn, M.lawnDark, M.lawnDry, M.soil, M.gravel, M.lawnDark];
    const angle = rng.range(0, Math.PI);
    for (let k = rng.int(6, 16); k > 0; k--) {
      const value = rng.pick(surfaces);
      const put = (cell: number): void => {
        if (isFree(scene, cell)) scene.material[cell] = value;
      };
      const at = around(block.centre, rng, 46);
      if (rng.chance(0.5)) forDisc(scene, at, rng.range(2, 7), put);
      else forRectangle(scene, at, angle, rng.range(2, 9), rng.range(1.5, 6), put);
    }
    for (let k = rng.int(paved ? 2 : 6, paved ? 8 : 20); k > 0; k--) {
      plantTree(scene, around(block.centre, rng, 48), rng, rng.chance(0.2) ? 1 : 0, rng.range(1.6, 4.5));
    }
  }
}

function fillBlock(scene: Scene, block: Block, value: number): void {
  const [a, b, c, d] = block.corners;
  const inside = (x: number, y: number): boolean => {
    let sign = 0;
    for (const [p, q] of [
      [a, b],
      [b, c],
      [c, d],
      [d, a],
    ] as const) {
      const cross = (q.x - p.x) * (y - p.y) - (q.y - p.y) * (x - p.x);
      if (cross !== 0 && sign !== 0 && Math.sign(cross) !== sign) return false;
      if (cross !== 0) sign = Math.sign(cross);
    }
    return true;
  };
  const half = Math.max(
    ...block.corners.map((p) => Math.max(Math.abs(p.x - block.centre.x), Math.abs(p.y - block.centre.y))),
  );
  forRectangle(scene, block.centre, 0, half, half, (cell, u, v) => {
    if (isFree(scene, cell) && inside(block.centre.x + u, block.centre.y + v)) scene.material[cell] = value;
  });
}

const SOFT: ReadonlySet<number> = new Set([M.lawn, M.lawnDark, M.lawnDry]);

function drawPark(scene: Scene, block: Block, rng: Rng): void {
  fillBlock(scene, block, rng.pick([M.lawn, M.lawnDark, M.lawn]));
  const soft = (cell: number): boolean => SOFT.has(scene.material[cell] ?? 255);
  const put = (value: number) => (cell: number) => {
    if (soft(cell)) scene.material[cell] = value;
  };
  for (let k = 0; k < 3; k++) {
    forDisc(scene, around(block.centre, rng, 30), rng.range(4, 12), put(rng.pick([M.lawnDry, M.lawnDark])));
  }
  if (rng.chance(0.6)) {
    const pond = around(block.centre, rng, 12);
    const rim = put(M.sand);
    const r = rng.range(7, 13);
    forDisc(scene, pond, r + 1, rim);
    forDisc(scene, pond, r, (cell) => {
      if (scene.material[cell] === M.sand) scene.material[cell] = M.water;
    });
  }
  const hub = around(block.centre, rng, 10);
  const surface = rng.pick([M.path, M.gravel, M.slabWarm]);
  for (const corner of block.corners) {
    const mid = {
      x: (hub.x + corner.x) / 2 + rng.range(-8, 8),
      y: (hub.y + corner.y) / 2 + rng.range(-8, 8),
    };
    forBand(scene, [hub, mid, corner], rng.range(1, 1.7), true, put(surface));
  }
  if (rng.chance(0.4)) {
    forRectangle(
      scene,
      around(block.centre, rng, 20),
      rng.range(0, 3),
      rng.range(4, 8),
      rng.range(3, 6),
      put(M.sand),
    );
  }
  for (let k = 0; k < 6; k++)
    forDisc(scene, around(block.centre, rng, 32), rng.range(1, 2.2), put(M.flowers));
  const trees = rng.int(14, 30);
  for (let k = 0; k < trees; k++) {
    const at = around(block.centre, rng, 40);
    plantTree(scene, at, rng, rng.chance(0.2) ? 1 : 0, rng.range(2.5, 5));
  }
}

function drawSports(scene: Scene, block: Block, rng: Rng): void {
  fillBlock(scene, block, M.lawnDark);
  const p = block.corners[0];
  const q = block.corners[1];
  const angle = Math.atan2(q.y - p.y, q.x - p.x) + (rng.chance(0.5) ? Math.PI / 2 : 0);
  const court = rng.chance(0.4);
  const halfU = court ? 16 : 30;
  const halfV = court ? 9 : 19;
  forRectangle(scene, block.centre, angle, halfU + 5, halfV + 5, (cell, u, v) => {
    if (!SOFT.has(scene.material[cell] ?? 255)) return;
    const edge = Math.abs(u) > halfU || Math.abs(v) > halfV;
    const line =
      Math.abs(Math.abs(u) - halfU) < 0.2 ||
      Math.abs(Math.abs(v) - halfV) < 0.2 ||
      Math.abs(u) < 0.15 ||
      Math.abs(Math.hypot(u, v) - halfV * 0.32) < 0.17 ||
      (Math.abs(Math.abs(u) - halfU * 0.72) < 0.15 && Math.abs(v) < halfV * 0.55);
    const stripe = Math.floor((u + 100) / 5) % 2 === 0;
    scene.material[cell] =
      line && !(Math.abs(u) > halfU + 0.3 || Math.abs(v) > halfV + 0.3)
        ? M.markWhite
        : edge
          ? M.tartan
          : court
            ? stripe
              ? M.playBlue
              : M.tartan
            : stripe
              ? M.turf
              : M.turfDark;
  });
  for (let k = 0; k < 10; k++) plantTree(scene, around(block.centre, rng, 44), rng, 0, rng.range(2, 3.5));
}

function drawCarPark(scene: Scene, block: Block, rng: Rng): void {
  const surface = rng.pick([M.asphalt, M.asphaltOld, M.parking]);
  fillBlock(scene, block, surface);
  const p = block.corners[0];
  const q = block.corners[1];
  const angle = Math.atan2(q.y - p.y, q.x - p.x);
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  forRectangle(scene, block.centre, angle, 45, 45, (cell, u, v) => {
    if (scene.material[cell] !== surface) return;
    const w = (v + 90) % 17;
    if (w < 10 && ((u + 90) % 2.5 < 0.2 || Math.abs(w - 5) < 0.15)) scene.material[cell] = M.markWhite;
  });
  for (let v = -90 + 17 * 3; v < 36; v += 17) {
    for (let u = -90 + 2.5 * 23 + 1.25; u < 33; u += 2.5) {
      for (const row of [2.5, 7.5]) {
        const vv = v + row;
        const at = { x: block.centre.x + u * cos - vv * sin, y: block.centre.y + u * sin + vv * cos };
        scene.carSpots.push({ ...at, angle: angle + Math.PI / 2, probability: 0.3, truck: false });
      }
    }
  }
  for (let k = 0; k < 5; k++) {
    const at = around(block.centre, rng, 34);
    forDisc(scene, at, 1.6, (cell) => {
      if (scene.material[cell] === surface) scene.material[cell] = M.lawnDark;
    });
    plantTree(scene, at, rng, 0, rng.range(2, 3));
  }
}

function drawSquare(scene: Scene, block: Block, rng: Rng): void {
  const a = rng.pick([M.slab, M.slabWarm, M.cobble]);
  const b = rng.pick([M.slabDark, M.brick, M.stone]);
  fillBlock(scene, block, a);
  const angle = rng.range(0, 1.5);
  const size = rng.range(4, 9);
  forRectangle(scene, block.centre, angle, 50, 50, (cell, u, v) => {
    if (scene.material[cell] !== a) return;
    if ((u + 200) % size < 0.5 || (v + 200) % size < 0.5) scene.material[cell] = b;
  });
  forDisc(scene, block.centre, 6, (cell, r) => {
    scene.material[cell] = r < 4.6 ? M.water : M.stone;
    if (r >= 4.6) scene.height[cell] = 50;
  });
  for (let k = 0; k < 10; k++) plantTree(scene, around(block.centre, rng, 28), rng, 0, rng.range(2, 3.5));
}

function around(centre: Point, rng: Rng, spread: number): Point {
  return { x: centre.x + rng.range(-spread, spread), y: centre.y + rng.range(-spread, spread) };
}
