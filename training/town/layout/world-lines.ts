// Lines on a world's carriageways, as its country paints them.
import { hash3, makeRng } from 'skyfix/random';
import { M } from '../scene/materials.js';
import type { Scene } from '../scene/scene.js';
import { forBand } from '../scene/stamp.js';
import type { BuiltStreet } from './built-street.js';
import type { Street } from './streets.js';

const LOOSE: ReadonlySet<number> = new Set([M.dirtRoad, M.gravelRoad]);

/** Centre and edge lines, stop lines, crossings, cycle lanes; nothing on loose ground and on junctions. */
export function drawLines(scene: Scene, street: Street, how: BuiltStreet): void {
  if (LOOSE.has(how.surface)) return;
  const rng = makeRng(Math.floor(street.hash * 2 ** 31), 4);
  const { halfM, lengthM, startM, endM } = street;
  const { rule } = how;
  const centre = rng.pick(rule.centre);
  const edges = rng.chance(rule.edges);
  // 10 ft lines with 30 ft gaps, or the 3 + 6 and 4 + 8 m of other countries.
  const [dashM, periodM] = rng.pick([
    [3.05, 12.2],
    [3, 9],
    [4, 12],
    [2, 8],
  ] as const);
  const zebraStart = rng.chance(rule.zebras);
  const zebraEnd = rng.chance(rule.zebras);
  const stop = centre !== 'none' && rule.kerb;
  const red = rng.chance(rule.redCycleLanes);
  const fade = rng.range(0, 0.16);
  const lanes = halfM > 5.5;
  forBand(scene, street.line, halfM, false, (cell, left, along) => {
    const fromStart = along - startM;
    const fromEnd = lengthM - endM - along;
    if (fromStart < 0 || fromEnd < 0) return;
    const put = (value: number): void => {
      if (hash3(cell, 21, 4) < fade) return;
      scene.material[cell] = value;
      scene.shade[cell] = 128;
    };
    const q = Math.abs(left);
    const dash = along % periodM < dashM;
    if (red && q > halfM - 1.5 && q < halfM - 0.2) put(M.bikeRed);
    if (centre === 'yellow-double' && q < 0.28) put(M.markYellow);
    else if (centre === 'yellow-dashed' && dash && q < 0.16) put(M.markYellow);
    else if (centre === 'white-dashed' && dash && q < 0.16) put(M.markWhite);
    else if (centre === 'white-solid' && q < 0.16) put(M.markWhite);
    if (lanes && Math.abs(q - halfM / 2) < 0.13 && dash) put(M.markWhite);
    if (edges && q > halfM - 0.6 && q < halfM - 0.28) put(M.markWhite);
    const stripes = (left + 50) % 1.1 < 0.55;
    if (((zebraStart && fromStart < 3) || (zebraEnd && fromEnd < 3)) && stripes) put(M.markWhite);
    if (
      stop &&
      ((left > 0.2 && fromStart > 3.6 && fromStart < 4.1) || (left < -0.2 && fromEnd > 3.6 && fromEnd < 4.1))
    ) {
      put(M.markWhite);
    }
  });
}
