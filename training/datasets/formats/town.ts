// The procedural town as a data set: its places, and tiles cut from its mosaic around them.
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Split } from '../../common/index.js';
import { CAMERA_HEIGHT_M, TILE_M } from '../../town/index.js';
import { tilesOf, unusable } from '../listing/lists.js';
import { lineOf } from '../listing/problems.js';
import type { CrossViewPair, Listing } from '../listing/types.js';
import { readTown } from './town-places.js';

/** Mean camera height of a world, which differs from world to world; undefined for a town. */
async function heightOfWorld(root: string): Promise<number | undefined> {
  const path = join(root, 'town.json');
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  let town: { readonly cameraHeightM?: unknown; readonly world?: unknown };
  try {
    town = JSON.parse(text);
  } catch {
    throw unusable(path, 'it is not JSON');
  }
  if (town.world === undefined) return undefined;
  const height = town.cameraHeightM;
  if (typeof height === 'number' && height > 0) return height;
  throw unusable(path, `"cameraHeightM" is ${JSON.stringify(height)}, not a height in metres`);
}

/**
 * Reads places.csv of a folder that "skyfix-train town" or "skyfix-train world" made; places and headings are the true ones.
 * Throws
 * DATASET_INVALID where a row cannot be used or the mosaic is missing.
 */
export async function listTown(root: string, splits: readonly Split[]): Promise<Listing> {
  const mosaic = join(root, 'mosaic.tif');
  if (!(await stat(mosaic).catch(() => undefined))) throw unusable(mosaic, 'there is no such file');
  const town = await readTown(root);
  const worldHeightM = await heightOfWorld(root);
  const pairs = town.places.map(({ id, file, split, headingDeg, lon, lat, district }, row): CrossViewPair => {
    const centre = { lon, lat };
    const listedAt = lineOf(join(root, 'places.csv'), row + 2);
    const image = { kind: 'mosaic', path: mosaic, centre, sizeM: TILE_M } as const;
    return {
      id,
      path: file,
      split,
      location: centre,
      headingDeg,
      listedAt,
      ...(district !== undefined && { district }),
      ...(worldHeightM !== undefined && { cameraHeightM: worldHeightM }),
      tiles: [{ relation: 'positive', tile: { id, image, centre, sizeM: TILE_M, listedAt } }],
    };
  });
  const wanted = pairs.filter(({ split }) => splits.includes(split));
  return {
    name: 'procedural town',
    pairs: wanted,
    unpairedPanoramas: [],
    gallery: tilesOf(wanted),
    ground: { cameraHeightM: worldHeightM ?? CAMERA_HEIGHT_M },
    publishedPairs: {},
    problems: [],
    tolerated: [],
  };
}
