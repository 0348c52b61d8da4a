// Which tile centres lie in a circle or a box: a k-d tree (kdbush's, walked here) of which whole branches are taken or left.
import KDBush from 'kdbush';
import { type Bounds, distanceM, insideBbox, type LonLat, wrapLonDeg } from '../geometry/index.js';
import { RowCollector } from './row-collector.js';

/** Points that are looked at one by one where a border runs through them. */
const NODE_SIZE = 16;
/** Above the length of a degree of latitude or longitude anywhere (111,694 m at the poles). */
const METRES_PER_DEGREE = 111_700;

/** A box of points: west, south, east, north; it never crosses the antimeridian. */
type Box = [west: number, south: number, east: number, north: number];
/** Whether a box lies inside, outside, or on the border. */
type Verdict = 'inside' | 'outside' | 'border';

export class TileTree {
  readonly #lons: Float64Array;
  readonly #lats: Float64Array;
  readonly #tree: KDBush;
  readonly #all: Box;

  /** Of the points' own coordinates, degrees; `data` as `data` of such a tree gives it, to be spared the sorting. */
  constructor(lons: Float64Array, lats: Float64Array, data?: ArrayBufferLike) {
    this.#lons = lons;
    this.#lats = lats;
    this.#tree = data ? KDBush.from(data) : sorted(lons, lats);
    this.#all = boxOf(this.#tree.coords);
  }

  /** All of it but the points. */
  get data(): ArrayBufferLike {
    return this.#tree.data;
  }

  /** Sorted rows of the points at most `radiusM` from `centre`. */
  rowsInRadius(centre: LonLat, radiusM: number): Uint32Array {
    const slackM = slackOf(centre, radiusM);
    const judge = ([west, south, east, north]: Box): Verdict => {
      const middle = { lon: (west + east) / 2, lat: (south + north) / 2 };
      // From the middle along the meridian and then along the parallel: as far as any point of the box can be.
      const lowestLat = south <= 0 && north >= 0 ? 0 : Math.min(Math.abs(south), Math.abs(north));
      const acrossDeg = ((east - west) / 2) * Math.cos((lowestLat * Math.PI) / 180);
      const mostM = METRES_PER_DEGREE * ((north - south) / 2 + acrossDeg) + slackM;
      const apartM = distanceM(middle, centre);
      if (apartM + mostM <= radiusM) return 'inside';
      return apartM - mostM > radiusM ? 'outside' : 'border';
    };
    return this.#rows(judge, (row) => distanceM(this.#place(row), centre) <= radiusM);
  }

  /** Sorted rows of the points in the box, its border included; it may cross the antimeridian. */
  rowsInBbox(bounds: Bounds): Uint32Array {
    const [west, south, east, north] = bounds;
    const round = east - west >= 360;
    const [from, to] = round ? [-180, 180] : [wrapLonDeg(west), wrapLonDeg(east)];
    // 180 is the meridian -180 here: a box that ends at it is one that crosses it.
    const spans =
      from <= to
        ? [[from, to]]
        : [
            [from, 180],
            [-180, to],
          ];
    const judge = ([w, s, e, n]: Box): Verdict => {
      if (s > north + HAIR_DEG || n < south - HAIR_DEG) return 'outside';
      if (!spans.some(([a = -180, b = 180]) => e >= a - HAIR_DEG && w <= b + HAIR_DEG)) return 'outside';
      if (s < south || n > north) return 'border';
      return round || spans.some(([a = -180, b = 180]) => w >= a + HAIR_DEG && e <= b - HAIR_DEG)
        ? 'inside'
        : 'border';
    };
    return this.#rows(judge, (row) => insideBbox(this.#place(row), bounds));
  }

  #place(row: number): LonLat {
    return { lon: this.#lons[row] as number, lat: this.#lats[row] as number };
  }

  /** Rows of the boxes inside, and of those on the border the rows that pass `keep`. */
  #rows(judge: (box: Box) => Verdict, keep: (row: number) => boolean): Uint32Array {
    const { ids, coords } = this.#tree;
    const found = new RowCollector(ids.length);
    const take = (i: number): void => {
      const row = ids[i] as number;
      if (keep(row)) found.add(row);
    };
    const visit = (left: number, right: number, axis: 0 | 1, box: Box): void => {
      const verdict = judge(box);
      if (verdict === 'outside') return;
      if (verdict === 'inside') {
        found.addAll(ids, left, right + 1);
        return;
      }
      if (right - left <= NODE_SIZE) {
        for (let i = left; i <= right; i++) take(i);
        return;
      }
      const middle = (left + right) >> 1;
      const split = coords[2 * middle + axis] as number;
      const below: Box = [...box];
      const above: Box = [...box];
      below[axis + 2] = split;
      above[axis] = split;
      const next = axis === 0 ? 1 : 0;
      // The point that splits a branch lies in neither half.
      take(middle);
      visit(left, middle - 1, next, below);
      visit(middle + 1, right, next, above);
    };
    if (ids.length > 0) visit(0, ids.length - 1, 0, this.#all);
    return found.sorted();
  }
}

/** Rounding of degrees: about 0.1 mm. */
const HAIR_DEG = 1e-9;

/**
 * How far distances may break the triangle inequality, metres: they change their formula about 100 km and near the
 * poles; elsewhere it is the formula's own error.
 */
function slackOf(centre: LonLat, radiusM: number): number {
  const highestLat = Math.abs(centre.lat) + radiusM / METRES_PER_DEGREE;
  return (Math.abs(radiusM - 100_000) < 3000 || highestLat > 80 ? 0.006 : 2e-4) * radiusM + 0.01;
}

function sorted(lons: Float64Array, lats: Float64Array): KDBush {
  const tree = new KDBush(lons.length, NODE_SIZE);
  // lon in [-180, 180), so that a box needs to look at one turn of the Earth only
  for (let row = 0; row < lons.length; row++) tree.add(wrapLonDeg(lons[row] as number), lats[row] as number);
  return tree.finish();
}

function boxOf(coords: ArrayLike<number>): Box {
  const box: Box = [180, 90, -180, -90];
  for (let i = 0; i < coords.length; i += 2) {
    const lon = coords[i] as number;
    const lat = coords[i + 1] as number;
    if (lon < box[0]) box[0] = lon;
    if (lat < box[1]) box[1] = lat;
    if (lon > box[2]) box[2] = lon;
    if (lat > box[3]) box[3] = lat;
  }
  return box;
}
