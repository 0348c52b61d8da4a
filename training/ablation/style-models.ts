// The models that the matrices hold beside each other, all on the features of one frozen trunk: the grid with nothing
// trained but each channel's mean and deviation, heads that were fitted, and a trunk of random weights below them all.
import type { BundleGeometry } from 'skyfix/bundles';
import { cachedFeatures, storedImages, type TrunkFile } from '../features/index.js';
import { GRID_STRIDE_PX, type GridHead, openHead } from '../networks/index.js';
import { type Embed, evaluateArea, servedBy } from '../pipeline/index.js';
import type { StyleModelName } from '../report/index.js';
import {
  describeFeatures,
  type FeaturePairs,
  type FitOptions,
  fitHead,
  type TuneOptions,
  tuneHead,
} from '../stages/index.js';
import { centreStore, type FeatureStore, type ImageStore } from '../stores/index.js';
import type { StyleArea } from './style-areas.js';
import type { CellFigures, MatrixModel } from './style-cells.js';
import { type PlannedWorld, worldsOfFit } from './style-plan.js';

/** How a head comes of the pairs of some areas. */
export interface HeadModel extends StyleModelName {
  /** Changes with anything in the way that a head is made, or asked. */
  readonly version: string;
  /** Its descriptors are so large that the grid is searched with the first seed alone. */
  readonly isLarge?: boolean;
  /** It takes minutes: of styles left out alone. */
  readonly isSlow?: boolean;
  /** It is fitted to pairs as other cameras and sensors would have seen them, too. */
  readonly withChanged?: boolean;
  /** `cells`: along a side of a window. */
  readonly head: (
    areas: readonly FeaturePairs[],
    cells: number,
    seed: number,
  ) => GridHead | Promise<GridHead>;
}

/** Of the fitted head: numbers a cell, then dimensions of the descriptor. */
const FITTED = { channels: 32, dimensions: 512, regularisation: 0.03 } as const;

/** Of the head that is tuned after its fit, as the preset `general` has it: its descriptor is the window itself. */
export const TUNED: {
  readonly fit: Omit<FitOptions, 'cells'>;
  readonly tune: Omit<TuneOptions, 'seed'>;
} = {
  fit: { channels: 32, regularisation: 0.03, falloff: 0.5 },
  tune: {
    steps: 300,
    batch: 32,
    learningRate: 0.0005,
    scale: 14.3,
    labelSmoothing: 0.05,
    narrowShare: 0.6,
    hold: 1,
    samePlaceM: 20, // tiles of 40 m show each other's places from half of that on
  },
};

export const HEAD_MODELS: readonly HeadModel[] = [
  {
    name: 'training-free',
    title: 'training-free grid',
    version: '2',
    isLarge: true,
    head: (areas, cells) => fitHead(areas, { cells, regularisation: 0 }),
  },
  {
    name: 'fitted',
    title: 'fitted head',
    version: `1 ${JSON.stringify(FITTED)}`,
    head: fittedHead,
  },
  {
    name: 'fitted-changed',
    title: 'fitted head, other cameras and sensors too',
    version: `1 ${JSON.stringify(FITTED)}`,
    withChanged: true,
    head: fittedHead,
  },
  {
    name: 'tuned',
    title: 'fitted and tuned head',
    version: `3 ${JSON.stringify(TUNED)}`,
    isSlow: true,
    head: tunedHead,
  },
];

function fittedHead(areas: readonly FeaturePairs[], cells: number): GridHead {
  const dimensions = Math.min(FITTED.dimensions, cells * cells * FITTED.channels);
  return fitHead(areas, { ...FITTED, cells, dimensions });
}

async function tunedHead(areas: readonly FeaturePairs[], cells: number, seed: number): Promise<GridHead> {
  const head = openHead(fitHead(areas, { ...TUNED.fit, cells }));
  try {
    await tuneHead(head, areas, { ...TUNED.tune, seed }, { key: 'styles' });
    return head.head();
  } finally {
    head.dispose();
  }
}

/** A head as a model of the matrix, over the areas by the names of their worlds. */
export function matrixModel(
  { name, version, isLarge = false, isSlow = false, withChanged = false, head }: HeadModel,
  worlds: readonly PlannedWorld[],
  areas: ReadonlyMap<string, StyleArea>,
  geometry: BundleGeometry,
): MatrixModel {
  return {
    name,
    version,
    takes: ({ protocol }) => !isSlow || protocol === 'leave-one-out',
    fit: async (fit) => {
      const seen = worldsOfFit(worlds, fit).map(({ name: own }) =>
        pairsOf(own, areaOf(areas, own), withChanged),
      );
      const fitted = await head(seen, cellsOf(geometry), fit.seed);
      const withGrid = fit.protocol === 'leave-one-out' && (!isLarge || fit.seed === 1);
      return (style) => figuresOf(fitted, areaOf(areas, `${style}-test`), geometry, withGrid);
    },
  };
}

/** Along a side of a window. */
const cellsOf = ({ inputSizePx }: BundleGeometry): number => inputSizePx / GRID_STRIDE_PX;

function areaOf(areas: ReadonlyMap<string, StyleArea>, world: string): StyleArea {
  const found = areas.get(world);
  if (!found) throw new RangeError(`There is no area of ${world}.`);
  return found;
}

function pairsOf(
  name: string,
  { views, tiles, changed, turned, area }: StyleArea,
  withChanged = false,
): FeaturePairs {
  const own = { views, tiles, tileOf: area.tileOf };
  const more = withChanged && changed ? [{ ...changed, tileOf: area.tileOf.map((_, row) => row) }] : [];
  return { name, copies: [own, ...more], ...(turned && { turned }), locations: area.locations };
}

/** Random trunks by seed. */
export interface Untrained {
  readonly trunk: (seed: number) => Promise<TrunkFile>;
  readonly cacheDir: string;
  readonly threads: number;
}

export const UNTRAINED: StyleModelName = { name: 'untrained', title: 'random trunk', isBound: true };

/** The lower bound: a trunk of random weights, standardised on the test world itself; paired, of styles left out. */
export function untrainedModel(
  areas: ReadonlyMap<string, StyleArea>,
  geometry: BundleGeometry,
  { trunk, cacheDir, threads }: Untrained,
): MatrixModel {
  return {
    name: UNTRAINED.name,
    version: '1',
    takes: ({ protocol }) => protocol === 'leave-one-out',
    fit: async ({ seed }) => {
      const file = await trunk(seed);
      const featuresOf = (images: ImageStore) =>
        cachedFeatures(storedImages(centreStore(images, geometry.inputSizePx)), file, { cacheDir, threads });
      return async (style) => {
        const { area } = areaOf(areas, `${style}-test`);
        const [views, tiles] = [await featuresOf(area.bevs), await featuresOf(area.gallery)];
        try {
          const own = { area, views, tiles };
          const head = fitHead([pairsOf(style, own)], { cells: cellsOf(geometry), regularisation: 0 });
          return await figuresOf(head, own, geometry, false);
        } finally {
          for (const store of [views, tiles]) store.close();
        }
      };
    },
  };
}

/** A head's figures on a test world, on the grid too if that is asked for. */
async function figuresOf(
  head: GridHead,
  { area, views, tiles, grid }: StyleArea,
  geometry: BundleGeometry,
  withGrid: boolean,
): Promise<CellFigures> {
  const stores = new Map<ImageStore, FeatureStore>([
    [area.bevs, views],
    [area.gallery, tiles],
  ]);
  const { grid: tileGrid, ...paired } = area;
  if (tileGrid && grid) stores.set(tileGrid.images, grid);
  const embed: Embed = async (images, square, rows) => {
    const store = stores.get(images);
    if (!store) throw new RangeError('There are no features of these images.');
    const corner = square && { row: square.topPx / GRID_STRIDE_PX, column: square.leftPx / GRID_STRIDE_PX };
    return describeFeatures(head, store, { ...(corner && { corner }), ...(rows && { rows }) });
  };
  const tested = withGrid && tileGrid && grid ? area : paired;
  const { result } = await evaluateArea(
    area.name,
    'trained',
    embed,
    area.bevs,
    tested,
    servedBy(head, geometry),
  );
  return { paired: result.paired, ...(result.grid && { grid: result.grid }) };
}
