// The images of a town that training and evaluation need, from the cache or made now.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { BundleGeometry } from 'skyfix/models';
import { type ImageSet, joinImages, selectImages } from '../data/image-set.js';
import {
  type GridTiles,
  placesNear,
  readTown,
  rowsOf,
  type Split,
  type Town,
  townBevs,
  townGrid,
  townPanoramas,
  townTiles,
} from '../data/town-dataset.js';
import type { Tell } from '../runs/progress.js';
import { DEFAULT_TOWN, makeTown, SPLITS } from '../town/index.js';
import type { Area } from './comparison.js';
import {
  CACHE_DIR,
  ENCODER_TOWN_SEEDS,
  GEOMETRY,
  NEAR_M,
  OTHER_TOWN_PLACES,
  OTHER_TOWN_SEED,
  STRIDE_M,
  TILE_GEOMETRY,
  TILE_MARGIN_M,
  WORK_DIR,
} from './recipe.js';

/** What one area gives to a comparison; row k of bevs and tiles is places[k]. */
export interface AreaData {
  readonly town: Town;
  readonly rows: readonly number[];
  readonly bevs: ImageSet;
  /** With TILE_MARGIN_M more ground on every side. */
  readonly tiles: ImageSet;
  /** near[k]: numbers of the places that are look-alikes of place k because they are close. */
  readonly near: readonly (readonly number[])[];
}

/** The town of this seed; made where it is not there yet. */
export async function demoTown(seed: number, tell: Tell): Promise<Town> {
  const dir = join(WORK_DIR, `town-${seed}`);
  if (!existsSync(join(dir, 'town.json'))) {
    const places = seed === OTHER_TOWN_SEED ? OTHER_TOWN_PLACES : DEFAULT_TOWN.places;
    await makeTown({ ...DEFAULT_TOWN, seed, places, out: dir }, (stage, done, total) =>
      tell(`town ${seed}: ${stage}`)(done, total),
    );
  }
  return readTown(dir);
}

/** BEVs and tiles of the places of some splits; `geometry` says how much ground the BEVs show. */
export async function areaData(
  town: Town,
  splits: readonly Split[],
  tell: Tell,
  geometry: BundleGeometry = TILE_GEOMETRY,
): Promise<AreaData> {
  const rows = splits.flatMap((split) => rowsOf(town, split));
  const bevs = await townBevs(town, geometry, CACHE_DIR, tell('BEVs'));
  const tiles = await townTiles(town, TILE_GEOMETRY, TILE_MARGIN_M, CACHE_DIR, tell('tiles'));
  return {
    town,
    rows,
    bevs: selectImages(bevs, rows),
    tiles: selectImages(tiles, rows),
    near: placesNear(town, rows, NEAR_M.low, NEAR_M.high),
  };
}

/** The raw panoramas of the same places. */
export async function areaPanoramas(area: Pick<AreaData, 'town' | 'rows'>, tell: Tell): Promise<ImageSet> {
  const all = await townPanoramas(area.town, GEOMETRY.inputSizePx, CACHE_DIR, tell('panoramas'));
  return selectImages(all, area.rows);
}

/** The grid of tiles over some splits. */
export async function areaGrid(town: Town, splits: readonly Split[], tell: Tell): Promise<GridTiles> {
  return townGrid(town, splits, TILE_GEOMETRY, STRIDE_M, CACHE_DIR, tell('grid'));
}

/** An area as comparisons need it: its places, BEVs as they are served, tiles and grid. */
export async function comparisonArea(
  name: string,
  town: Town,
  splits: readonly Split[],
  tell: Tell,
): Promise<Area> {
  const data = await areaData(town, splits, tell, GEOMETRY);
  return { name, ...data, grid: await areaGrid(town, splits, tell), searchStepPx: GEOMETRY.searchStepPx };
}

/** Where every run is compared: the test area of the own town, and all of the town that is only looked at. */
export async function comparisonAreas(town: Town, tell: Tell): Promise<{ unseen: Area; other: Area }> {
  const otherTown = await demoTown(OTHER_TOWN_SEED, tell);
  return {
    unseen: await comparisonArea('unseen area', town, ['test'], tell),
    other: await comparisonArea('town of another seed', otherTown, SPLITS, tell),
  };
}

/** The encoder's data: the training area of the own town, and all of the towns for the encoder alone. */
export async function encoderData(train: AreaData, tell: Tell): Promise<Omit<AreaData, 'rows'>> {
  let { town, bevs, tiles, near } = train;
  for (const seed of ENCODER_TOWN_SEEDS) {
    const more = await areaData(await demoTown(seed, tell), SPLITS, tell);
    town = { ...town, digest: `${town.digest} ${more.town.digest}` };
    near = [...near, ...more.near.map((list) => list.map((k) => k + bevs.count))];
    bevs = joinImages(bevs, more.bevs);
    tiles = joinImages(tiles, more.tiles);
  }
  return { town, bevs, tiles, near };
}

/** The raw panoramas of encoderData's places, in its order. */
export async function encoderPanoramas(train: AreaData, tell: Tell): Promise<ImageSet> {
  let all = await areaPanoramas(train, tell);
  for (const seed of ENCODER_TOWN_SEEDS) {
    const town = await demoTown(seed, tell);
    const rows = SPLITS.flatMap((split) => rowsOf(town, split));
    all = joinImages(all, await areaPanoramas({ town, rows }, tell));
  }
  return all;
}
