// The images of a town that training and evaluation need, from the cache or made now.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type ImageSet, joinImages, selectImages } from '../data/image-set.js';
import {
  type GridTiles,
  type Progress,
  readTown,
  rowsOf,
  type Split,
  type Town,
  townBevs,
  townGrid,
  townPanoramas,
  townTiles,
} from '../data/town-dataset.js';
import { DEFAULT_TOWN, makeTown } from '../town/index.js';
import type { Area } from './comparison.js';
import {
  CACHE_DIR,
  EXTRA_TOWN_SEED,
  GEOMETRY,
  OTHER_TOWN_PLACES,
  OTHER_TOWN_SEED,
  STRIDE_M,
  TILE_MARGIN_M,
  TOWN_SEED,
  WORK_DIR,
} from './recipe.js';

/** A progress reporter for a named piece of work. */
export type Tell = (what: string) => Progress;

/** What one area gives to a comparison; row k of bevs and tiles is places[k]. */
export interface AreaData {
  readonly town: Town;
  readonly rows: readonly number[];
  readonly bevs: ImageSet;
  /** With TILE_MARGIN_M more ground on every side. */
  readonly tiles: ImageSet;
}

/** The town that trains and tests, the one for the encoder alone, and the one that is only asked. */
const TOWNS = {
  own: { seed: TOWN_SEED, places: DEFAULT_TOWN.places },
  extra: { seed: EXTRA_TOWN_SEED, places: DEFAULT_TOWN.places },
  other: { seed: OTHER_TOWN_SEED, places: OTHER_TOWN_PLACES },
} as const;

/** One of the towns; made where it is not there yet. */
export async function demoTown(which: keyof typeof TOWNS, tell: Tell): Promise<Town> {
  const { seed, places } = TOWNS[which];
  const dir = join(WORK_DIR, `town-${seed}`);
  if (!existsSync(join(dir, 'town.json'))) {
    await makeTown({ ...DEFAULT_TOWN, seed, places, out: dir }, (step, done, total) =>
      tell(`town ${seed}: ${step}`)(done, total),
    );
  }
  return readTown(dir);
}

/** BEVs and tiles of the places of some splits. */
export async function areaData(town: Town, splits: readonly Split[], tell: Tell): Promise<AreaData> {
  const rows = splits.flatMap((split) => rowsOf(town, split));
  const bevs = await townBevs(town, GEOMETRY, CACHE_DIR, tell('BEVs'));
  const tiles = await townTiles(town, GEOMETRY, TILE_MARGIN_M, CACHE_DIR, tell('tiles'));
  return { town, rows, bevs: selectImages(bevs, rows), tiles: selectImages(tiles, rows) };
}

/** The raw panoramas of the same places. */
export async function areaPanoramas(area: Pick<AreaData, 'town' | 'rows'>, tell: Tell): Promise<ImageSet> {
  const all = await townPanoramas(area.town, GEOMETRY.inputSizePx, CACHE_DIR, tell('panoramas'));
  return selectImages(all, area.rows);
}

/** The grid of tiles over some splits. */
export async function areaGrid(town: Town, splits: readonly Split[], tell: Tell): Promise<GridTiles> {
  return townGrid(town, splits, GEOMETRY, STRIDE_M, CACHE_DIR, tell('grid'));
}

/** An area as comparisons need it: its places, BEVs, tiles and grid. */
export async function comparisonArea(
  name: string,
  town: Town,
  splits: readonly Split[],
  tell: Tell,
): Promise<Area> {
  const data = await areaData(town, splits, tell);
  return { name, ...data, grid: await areaGrid(town, splits, tell) };
}

/** The encoder's data: the training area of the own town, and all of the extra town. */
export async function encoderData(train: AreaData, tell: Tell): Promise<Omit<AreaData, 'rows'>> {
  const extra = await areaData(await demoTown('extra', tell), ['train', 'validation', 'test'], tell);
  return {
    town: { ...train.town, digest: `${train.town.digest} ${extra.town.digest}` },
    bevs: joinImages(train.bevs, extra.bevs),
    tiles: joinImages(train.tiles, extra.tiles),
  };
}

/** The raw panoramas of encoderData's places, in its order. */
export async function encoderPanoramas(train: AreaData, tell: Tell): Promise<ImageSet> {
  const extra = await demoTown('extra', tell);
  const rows = (['train', 'validation', 'test'] as const).flatMap((split) => rowsOf(extra, split));
  return joinImages(await areaPanoramas(train, tell), await areaPanoramas({ town: extra, rows }, tell));
}
