// What is painted on a carriageway and patched into it.
import { makeRng } from 'skyfix/random';
import { M } from '../scene/materials.js';
import type { Scene } from '../scene/scene.js';
import { forBand, forDisc, forRectangle, type Point, pointAlong } from '../scene/stamp.js';
import { styleOf } from './street-style.js';
import type { Street } from './streets.js';

/** Lines, crossings, bus pads, patches and manholes. */
export function drawMarkings(scene: Scene, street: Street): void {
  const style = styleOf(street);
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
    if (style.bikes && q > halfM - 1.6 && q < halfM - 0.15) put(M.bikeRed);
    if (style.bikes && q > halfM - 1.85 && q < halfM - 1.6 && along % 2 < 1.2) put(M.markWhite);
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
    if (style.median && q < 1.1 && fromStart > 6 && fromEnd > 6) put(q > 0.8 ? M.kerb : M.lawnDark);
    else if (style.centre && !style.median && q < 0.16 && along % (2 * style.dash) < style.dash)
      put(M.markWhite);
    if (street.kind === 'avenue' && Math.abs(q - halfM * 0.52) < 0.15 && along % 9 < 4) put(M.markWhite);
    if ((street.kind === 'avenue' || street.kind === 'street') && q > halfM - 0.3 && q < halfM - 0.05) {
      put(M.markWhite);
    }
    const stripes = (left + 50) % 1 < 0.52;
    if (zebraStart && fromStart < 3.2 && stripes) put(M.markWhite);
    if (zebraEnd && fromEnd < 3.2 && stripes) put(M.markWhite);
    if (Math.abs(along - middleZebra) < 1.7 && stripes) put(M.markWhite);
    if (style.centre && left > 0.2 && fromStart > 4.2 && fromStart < 4.75) put(M.markWhite);
    if (style.centre && left < -0.2 && fromEnd > 4.2 && fromEnd < 4.75) put(M.markWhite);
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

/** Whether a cell is driven on. */
export function isCarriageway(value: number): boolean {
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
