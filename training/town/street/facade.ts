// What upright surfaces look like from the street: façades with windows and doors, cars, people, hedges.

import { hash3 } from 'skyfix/random';
import { M, MATERIALS } from '../scene/materials.js';
import type { Scene } from '../scene/scene.js';

/**
 * Colour of an upright surface at a height above the ground: façades have windows, doors and shop fronts. What is no
 * building has the colour of its material in `uprights`, [materials * 3], or the town's autumn without it.
 */
export function wallColour(
  scene: Scene,
  cell: number,
  x: number,
  y: number,
  heightM: number,
  ambient: number,
  direct: number,
  sunX: number,
  sunY: number,
  rgb: Float64Array,
  uprights?: Float32Array,
): void {
  const house = scene.buildings[(scene.building[cell] as number) - 1];
  if (house === undefined) {
    const value = scene.material[cell] as number;
    const entry = MATERIALS[value];
    const colour =
      uprights?.subarray(value * 3, value * 3 + 3) ?? (entry === undefined ? [128, 128, 128] : entry.autumn);
    let shade = ambient * 0.9 + direct * 0.35;
    const car = value >= M.carWhite && value <= M.carGlass;
    if (car && heightM > 0.85) {
      rgb[0] = 42;
      rgb[1] = 50;
      rgb[2] = 58;
      return;
    }
    if (car && heightM < 0.3) shade *= 0.3;
    if (value === M.person) {
      const tint = hash3(cell, 1, 1);
      rgb[0] = (heightM > 1.45 ? 190 : 60 + 140 * tint) * shade;
      rgb[1] = (heightM > 1.45 ? 150 : 60 + 110 * hash3(cell, 2, 1)) * shade;
      rgb[2] = (heightM > 1.45 ? 128 : 70 + 120 * hash3(cell, 3, 1)) * shade;
      return;
    }
    if (value === M.hedge || value === M.trunk)
      shade *= 0.75 + 0.4 * hash3(Math.floor(x * 9), Math.floor(y * 9), Math.floor(heightM * 9));
    if (value === M.fence && Math.floor((x + y) * 6) % 2 === 0) shade *= 0.82;
    rgb[0] = (colour[0] as number) * shade;
    rgb[1] = (colour[1] as number) * shade;
    rgb[2] = (colour[2] as number) * shade;
    return;
  }
  const cos = Math.cos(house.angle);
  const sin = Math.sin(house.angle);
  const u = (x - house.x) * cos + (y - house.y) * sin;
  const v = -(x - house.x) * sin + (y - house.y) * cos;
  const gableEnd = Math.abs(u) - house.halfU > Math.abs(v) - house.halfV;
  const s = gableEnd ? v + house.halfV : u + house.halfU;
  const wide = 2 * (gableEnd ? house.halfV : house.halfU);
  const nx = gableEnd ? Math.sign(u) * cos : -Math.sign(v) * sin;
  const ny = gableEnd ? Math.sign(u) * sin : Math.sign(v) * cos;
  const facing = Math.max(0, nx * sunX + ny * sunY);
  let shade = ambient * 0.95 + direct * facing;
  const storey = house.style === 3 ? 4 : 2.9;
  const bays = Math.max(1, Math.round(wide / (house.style === 3 ? 6 : house.style === 2 ? 3.4 : 2.6)));
  const bay = Math.floor((s / wide) * bays);
  const inBay = (s / wide) * bays - bay;
  const floor = Math.floor(heightM / storey);
  const inFloor = heightM / storey - floor;
  let [r, g, b] = house.wall as readonly number[] as [number, number, number];
  const side = gableEnd ? 7 : v > 0 ? 3 : 5;
  const roll = hash3(bay, floor, Math.floor(house.hash * 1e6) + side);
  const doorBay = Math.floor(house.hash * bays);
  if (heightM > house.eaveM - 0.18 && heightM < house.eaveM + 0.05) shade *= 0.72;
  else if (heightM < 0.45) shade *= 0.78;
  else if (heightM < house.eaveM) {
    const shop = house.style === 1 && floor === 0 && !gableEnd;
    const window = shop
      ? inBay > 0.1 && inBay < 0.9 && inFloor > 0.18 && inFloor < 0.78
      : house.style === 3
        ? inFloor > 0.62 && inFloor < 0.85 && inBay > 0.1 && inBay < 0.9 && roll > 0.3
        : inBay > 0.27 && inBay < 0.73 && inFloor > 0.32 && inFloor < 0.8 && (!gableEnd || roll > 0.45);
    const frame =
      !shop &&
      house.style !== 3 &&
      !window &&
      inBay > 0.22 &&
      inBay < 0.78 &&
      inFloor > 0.27 &&
      inFloor < 0.85 &&
      (!gableEnd || roll > 0.45);
    if (
      floor === 0 &&
      bay === doorBay &&
      inBay > 0.25 &&
      inBay < 0.75 &&
      heightM < (house.style === 3 ? 3.6 : 2.2)
    ) {
      r = house.style === 3 ? 150 : 70 + 90 * house.hash;
      g = house.style === 3 ? 154 : 54 + 50 * (1 - house.hash);
      b = house.style === 3 ? 160 : 44 + 60 * ((house.hash * 7) % 1);
    } else if (window) {
      r = 62 + 60 * roll;
      g = 76 + 58 * roll;
      b = 90 + 56 * roll;
      if (house.style === 2 && roll > 0.75 && inFloor < 0.5) r = g = b = 205;
    } else if (frame) r = g = b = 226;
  }
  if (house.style === 3 && heightM > 0.45) shade *= Math.floor(s * 2.5) % 2 === 0 ? 0.96 : 1.02;
  shade *= 0.97 + 0.06 * hash3(Math.floor(s * 4), Math.floor(heightM * 4), side);
  rgb[0] = r * shade;
  rgb[1] = g * shade;
  rgb[2] = b * shade;
}
