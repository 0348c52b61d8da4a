// Places in cells, so that neighbours are found without looking at all of them.
import { distanceM, type LonLat } from 'skyfix/geometry';

/** A little less than the length of a degree of latitude anywhere, metres. */
const DEGREE_M = 110_500;

/** Places in cells of a given size, so that only neighbours are looked at. */
export class PlaceGrid {
  readonly #cellDeg: number;
  readonly #places: readonly (LonLat | undefined)[];
  /** Row of cells by latitude, and in it cells by longitude; a row's cells are as wide on the ground as they are high. */
  readonly #rows = new Map<number, Map<number, number[]>>();

  constructor(places: readonly (LonLat | undefined)[], cellM: number) {
    this.#cellDeg = cellM / DEGREE_M;
    this.#places = places;
    places.forEach((place, k) => {
      if (!place) return;
      const row = Math.floor(place.lat / this.#cellDeg);
      const cells = this.#rows.get(row) ?? new Map<number, number[]>();
      this.#rows.set(row, cells);
      const cell = Math.floor(place.lon / this.#widthDeg(row));
      const list = cells.get(cell) ?? [];
      cells.set(cell, list);
      list.push(k);
    });
  }

  /**
   * Numbers of the places at most radiusM away, ascending, the place itself included. Cells beyond 180 degrees are
   * not joined.
   */
  within(centre: LonLat, radiusM: number): number[] {
    const found: number[] = [];
    const reachDeg = radiusM / DEGREE_M;
    const firstRow = Math.floor((centre.lat - reachDeg) / this.#cellDeg);
    const lastRow = Math.floor((centre.lat + reachDeg) / this.#cellDeg);
    for (let row = firstRow; row <= lastRow; row++) {
      const cells = this.#rows.get(row);
      if (!cells) continue;
      const widthDeg = this.#widthDeg(row);
      const reach = reachDeg * (widthDeg / this.#cellDeg);
      const last = Math.floor((centre.lon + reach) / widthDeg);
      for (let cell = Math.floor((centre.lon - reach) / widthDeg); cell <= last; cell++) {
        for (const k of cells.get(cell) ?? []) {
          const place = this.#places[k];
          if (place && distanceM(centre, place) <= radiusM) found.push(k);
        }
      }
    }
    return found.sort((a, b) => a - b);
  }

  /** Degrees of longitude that are at least a cell wide all over the row. */
  #widthDeg(row: number): number {
    const furthest = Math.max(Math.abs(row), Math.abs(row + 1)) * this.#cellDeg;
    return this.#cellDeg / Math.max(0.01, Math.cos((Math.min(90, furthest + 0.1) * Math.PI) / 180));
  }
}
