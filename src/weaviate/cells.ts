// Which cells of the map objects are known by.
import type { Catalogue } from '../search/index.js';
import { geohash, LONGEST } from './geohash.js';

/** The shortest name, 156 km. */
export const SHORTEST_CELL = 3;
/** 153 m: with a tile every 16 m some sixty tiles, about as many as vote on one place. */
const USUAL_CELL = 7;
/** Cells with more rows than this are too large to be fetched whole. */
const MOST_ROWS = 1000;
const SAMPLE = 1000;

/** The length of the cells whose rows are fetched together, of a catalogue: shorter where tiles lie close. */
export function cellLengthFor(catalogue: Catalogue): number {
  const rows = new Map<string, number>();
  const step = Math.max(1, Math.floor(catalogue.count / SAMPLE));
  for (let row = 0; row < catalogue.count; row++) {
    // All rows of the cells of a sample.
    const cell = geohash(catalogue.place(row), USUAL_CELL);
    if (row % step === 0 || rows.has(cell)) rows.set(cell, (rows.get(cell) ?? 0) + 1);
  }
  return Math.max(0, ...rows.values()) > MOST_ROWS ? LONGEST : USUAL_CELL;
}
