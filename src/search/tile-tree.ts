// Which tile centres lie in a circle or a box: a k-d tree (kdbush's, walked here) of which whole branches are taken or left.
import KDBush from 'kdbush';
import { type Bounds, distanceM, insideBbox, type LonLat, wrapLonDeg } from '../geometry/index.js';
import { BranchBits, type RowRun } from './branch-bits.js';
import { RoughDistance } from './rough-distance.js';
import { RowSet } from './row-set.js';

/** Points that are looked at one by one where a border runs through them. */
const NODE_SIZE = 16;
/** Above and below the length of a degree of latitude anywhere (110,574 to 111,694 m). */
const MOST_METRES_PER_DEGREE = 111_700;
const LEAST_METRES_PER_DEGREE = 110_500;
const RADIANS = Math.PI / 180;
/** Rounding of degrees: about 0.1 mm. */
const HAIR_DEG = 1e-9;

/** Where the points of a box lie, which never crosses the antimeridian: all inside, all outside, or on the border. */
type Judge = (west: number, south: number, east: number, north: number) => 'inside' | 'outside' | 'border';

export class TileTree {
  readonly #lons: Float64Array;
  readonly #lats: Float64Array;
  readonly #tree: KDBush;
  readonly #branches: BranchBits;
  readonly #all: readonly [west: number, south: number, east: number, north: number];

  /** Of the points' own coordinates, degrees; `data` as `data` of such a tree gives it, to be spared the sorting. */
  constructor(lons: Float64Array, lats: Float64Array, data?: ArrayBufferLike) {
    this.#lons = lons;
    this.#lats = lats;
    this.#tree = data ? KDBush.from(data) : sorted(lons, lats);
    this.#all = boxOf(this.#tree.coords);
    this.#branches = new BranchBits(this.#tree.ids);
  }

  /** All of it but the points, on shared memory. */
  get data(): ArrayBufferLike {
    return this.#tree.data;
  }

  /** Rows of the points at most `radiusM` from `centre`. */
  rowsInRadius(centre: LonLat, radiusM: number): RowSet {
    const rough = new RoughDistance(centre);
    const sideOf = rough.within(radiusM);
    const around = degreeBox(aroundCircle(centre, radiusM));
    const judge: Judge = (west, south, east, north) => {
      if (around(west, south, east, north) === 'outside') return 'outside';
      // From the middle to a corner, straight in degrees: no point of the box is farther than that way is long.
      const lowestLat = south <= 0 && north >= 0 ? 0 : Math.min(Math.abs(south), Math.abs(north));
      const acrossDeg = ((east - west) / 2) * Math.cos(lowestLat * RADIANS);
      const upDeg = (north - south) / 2;
      const mostM = MOST_METRES_PER_DEGREE * Math.sqrt(upDeg * upDeg + acrossDeg * acrossDeg);
      if (mostM > radiusM) return 'border';
      const { leastM, mostM: farthestM } = rough.to((west + east) / 2, (south + north) / 2);
      if (farthestM + mostM <= radiusM) return 'inside';
      return leastM - mostM > radiusM ? 'outside' : 'border';
    };
    const keep = (lon: number, lat: number): boolean => {
      const side = sideOf(lon, lat);
      return side === 0 ? distanceM({ lon, lat }, centre) <= radiusM : side > 0;
    };
    return this.#rows(judge, keep);
  }

  /** Rows of the points in the box, its border included; it may cross the antimeridian. */
  rowsInBbox(bounds: Bounds): RowSet {
    return this.#rows(degreeBox(bounds), (lon, lat) => insideBbox({ lon, lat }, bounds));
  }

  /** Rows of the boxes inside, and of those on the border the rows whose place passes `keep`. */
  #rows(judge: Judge, keep: (lon: number, lat: number) => boolean): RowSet {
    const { ids, coords } = this.#tree;
    // Of whole branches, and of the points along the border; places in `ids`.
    const inside: RowRun[] = [];
    const outside: RowRun[] = [];
    const more: number[] = [];
    const less: number[] = [];
    const take = (i: number): void => {
      const row = ids[i] as number;
      const kept = keep(this.#lons[row] as number, this.#lats[row] as number);
      (kept ? more : less).push(i);
    };
    const visit = (
      left: number,
      right: number,
      axis: 0 | 1,
      w: number,
      s: number,
      e: number,
      n: number,
    ): void => {
      const verdict = judge(w, s, e, n);
      if (verdict !== 'border') {
        (verdict === 'inside' ? inside : outside).push({ from: left, to: right + 1 });
        return;
      }
      if (right - left <= NODE_SIZE) {
        for (let i = left; i <= right; i++) take(i);
        return;
      }
      const middle = (left + right) >> 1;
      const split = coords[2 * middle + axis] as number;
      // The point that splits a branch lies in neither half.
      take(middle);
      if (axis === 0) {
        visit(left, middle - 1, 1, w, s, split, n);
        visit(middle + 1, right, 1, split, s, e, n);
      } else {
        visit(left, middle - 1, 0, w, s, e, split);
        visit(middle + 1, right, 0, w, split, e, n);
      }
    };
    if (ids.length > 0) visit(0, ids.length - 1, 0, ...this.#all);
    return RowSet.ofRuns(ids, inside, more, outside, less, this.#branches);
  }
}

/** A box of degrees that holds the circle. */
function aroundCircle({ lon, lat }: LonLat, radiusM: number): Bounds {
  const reachDeg = (1.01 * radiusM) / LEAST_METRES_PER_DEGREE + HAIR_DEG;
  const highestLat = Math.min(90, Math.abs(lat) + reachDeg);
  // Wide enough at the circle's highest latitude; around a pole every longitude is.
  const reachLonDeg = reachDeg / Math.max(1e-9, Math.cos(highestLat * RADIANS));
  return reachLonDeg >= 180
    ? [-180, lat - reachDeg, 180, lat + reachDeg]
    : [lon - reachLonDeg, lat - reachDeg, lon + reachLonDeg, lat + reachDeg];
}

/** A box as tests on the tree's longitudes, which are in [-180, 180). */
function degreeBox([west, south, east, north]: Bounds): Judge {
  const round = east - west >= 360;
  const from = round ? -180 : wrapLonDeg(west);
  const to = round ? 180 : wrapLonDeg(east);
  // 180 is the meridian -180 here: a box that ends at it is one that crosses it.
  const crosses = from > to;
  const meets = (w: number, e: number) =>
    crosses ? e >= from - HAIR_DEG || w <= to + HAIR_DEG : e >= from - HAIR_DEG && w <= to + HAIR_DEG;
  const within = (w: number, e: number) =>
    crosses ? w >= from + HAIR_DEG || e <= to - HAIR_DEG : w >= from + HAIR_DEG && e <= to - HAIR_DEG;
  return (w, s, e, n) => {
    if (s > north + HAIR_DEG || n < south - HAIR_DEG || !meets(w, e)) return 'outside';
    return s >= south && n <= north && (round || within(w, e)) ? 'inside' : 'border';
  };
}

/** Of the data of a tree of so many points: kdbush's head, its ids in the least bits, coordinates in float64. */
export function treeBytes(count: number): number {
  const ids = count * (count < 65_536 ? 2 : 4);
  return 8 + ids + ((8 - (ids % 8)) % 8) + 16 * count;
}

function sorted(lons: Float64Array, lats: Float64Array): KDBush {
  const tree = new KDBush(lons.length, NODE_SIZE, Float64Array, SharedArrayBuffer);
  // lon in [-180, 180), so that a box needs to look at one turn of the Earth only
  for (let row = 0; row < lons.length; row++) tree.add(wrapLonDeg(lons[row] as number), lats[row] as number);
  return tree.finish();
}

function boxOf(coords: ArrayLike<number>): readonly [number, number, number, number] {
  let [west, south, east, north] = [180, 90, -180, -90];
  for (let i = 0; i < coords.length; i += 2) {
    const lon = coords[i] as number;
    const lat = coords[i + 1] as number;
    if (lon < west) west = lon;
    if (lat < south) south = lat;
    if (lon > east) east = lon;
    if (lat > north) north = lat;
  }
  return [west, south, east, north];
}
