// The images of a town that training and evaluation need, from the cache or made now.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type ImageSet, selectImages } from '../data/image-set.js';
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

/** The town that trains and tests (seed TOWN_SEED), or the other one; made where it is not there yet. */
export async function demoTown(which: 'own' | 'other', tell: Tell): Promise<Town> {
  const seed = which === 'own' ? TOWN_SEED : OTHER_TOWN_SEED;
  const dir = join(WORK_DIR, `town-${seed}`);
  if (!existsSync(join(dir, 'town.json'))) {
    const places = which === 'own' ? DEFAULT_TOWN.places : OTHER_TOWN_PLACES;
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
