// The features of pairs, as the head's fit and training read them: a batch of windows at a time, so that no area has to fit
// into memory.
import type { LonLat } from 'skyfix/geometry';
import type { FeatureStore } from '../../stores/index.js';
import type { WindowTurn } from './sectors.js';

/** Row k of the views shows the ground of tile tileOf[k]. */
export interface PairCopy {
  /** Maps of at least the window's cells; the middle ones are used. */
  readonly views: FeatureStore;
  readonly tiles: FeatureStore;
  readonly tileOf: readonly number[];
}

/** The views of a copy's pairs, each turned about its camera. */
export interface TurnedViews {
  readonly views: FeatureStore;
  /** How each row's lies against its ground. */
  readonly turns: readonly WindowTurn[];
}

/** Views of pairs once more: nearly as they are, and under false headings. */
export interface TurnedFeatures {
  readonly near: TurnedViews;
  readonly false: readonly TurnedViews[];
}

/** The stores of all turned copies; none where there are none. */
export const turnedStores = (turned?: TurnedFeatures): readonly FeatureStore[] =>
  turned ? [turned.near, ...turned.false].map(({ views }) => views) : [];

/** The pairs of one area. */
export interface FeaturePairs {
  readonly name: string;
  /** The same pairs as they are, turned, or as other cameras and sensors saw them; all with the same rows. */
  readonly copies: readonly [PairCopy, ...PairCopy[]];
  /** Of the views of the first copy. */
  readonly turned?: TurnedFeatures;
  /** Of each row, where it is known. */
  readonly locations: readonly (LonLat | undefined)[];
}

/** Windows [count, cells, cells, channels] and the seen share of their cells. */
export interface Windows {
  readonly count: number;
  readonly cells: number;
  readonly channels: number;
  readonly features: Float32Array;
  readonly seen: Float32Array;
}

/** Left upper cell of a window in a map. */
export interface CellCorner {
  readonly row: number;
  readonly column: number;
}

/** The middle window of a store's maps. Throws RangeError where it has none. */
export function middleCorner({ cells: all }: Pick<FeatureStore, 'cells'>, cells: number): CellCorner {
  const margin = (all - cells) / 2;
  if (margin < 0 || !Number.isInteger(margin)) {
    throw new RangeError(`A map of ${all} cells has no ${cells} cells in its middle.`);
  }
  return { row: margin, column: margin };
}

/** Windows of some rows of a store at a corner; the middle one unless told. */
export function readWindows(
  store: FeatureStore,
  rows: readonly number[],
  cells: number,
  corner = middleCorner(store, cells),
): Windows {
  const { channels, cells: all } = store;
  const window = cells * cells;
  const features = new Float32Array(rows.length * window * channels);
  const seen = new Float32Array(rows.length * window);
  if (all === cells) {
    rows.forEach((row, k) => {
      store.read(row, features, seen, k);
    });
    return { count: rows.length, cells, channels, features, seen };
  }
  const { row: top, column: left } = corner;
  if (top < 0 || left < 0 || Math.max(top, left) + cells > all) {
    throw new RangeError(`A window of ${cells} cells at ${top}, ${left} leaves a map of ${all}.`);
  }
  const map = new Float32Array(all * all * channels);
  const mapSeen = new Float32Array(all * all);
  rows.forEach((row, k) => {
    store.read(row, map, mapSeen);
    for (let y = 0; y < cells; y++) {
      const from = (top + y) * all + left;
      const to = k * window + y * cells;
      features.set(map.subarray(from * channels, (from + cells) * channels), to * channels);
      seen.set(mapSeen.subarray(from, from + cells), to);
    }
  });
  return { count: rows.length, cells, channels, features, seen };
}

/** Pairs that are read at once: some tens of megabytes. */
const BATCH = 64;

/** Calls `visit` with the windows of one batch of a copy's pairs after the other. */
export function eachPairBatch(
  { views, tiles, tileOf }: PairCopy,
  cells: number,
  visit: (views: Windows, tiles: Windows) => void,
): void {
  for (let start = 0; start < tileOf.length; start += BATCH) {
    const own = tileOf.slice(start, start + BATCH);
    const rows = own.map((_, k) => start + k);
    visit(readWindows(views, rows, cells), readWindows(tiles, own, cells));
  }
}
