// Whether ground of an area lies near a place.
import { insideBbox, type LonLat, localOffsetM } from '../src/geometry/index.js';
import type { Area } from './area.js';
import { grownBounds } from './imagery/index.js';

/** Whether some of the area is at most `radiusM` from the place: it lies in it, or an edge is so near. */
export function isNearArea(area: Area, place: LonLat, radiusM: number): boolean {
  if (!insideBbox(place, grownBounds(area.bounds, radiusM))) return false;
  if (area.contains(place)) return true;
  return area.polygons.some((rings) =>
    rings.some((ring) => {
      let before: readonly [number, number] | undefined;
      for (const [lon, lat] of ring) {
        const { eastM, northM } = localOffsetM(place, { lon, lat });
        if (before && distanceToEdge(before, [eastM, northM]) <= radiusM) return true;
        before = [eastM, northM];
      }
      return false;
    }),
  );
}

/** From the origin to the segment a..b. */
function distanceToEdge([ax, ay]: readonly [number, number], [bx, by]: readonly [number, number]): number {
  const [dx, dy] = [bx - ax, by - ay];
  const square = dx * dx + dy * dy;
  const along = square === 0 ? 0 : Math.min(1, Math.max(0, -(ax * dx + ay * dy) / square));
  return Math.hypot(ax + along * dx, ay + along * dy);
}
