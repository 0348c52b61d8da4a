// The procedural town as a data set: its places, and tiles cut from its mosaic around them.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Split } from '../../common/index.js';
import { CAMERA_HEIGHT_M, TILE_M } from '../../town/index.js';
import { tilesOf, unusable } from '../listing/lists.js';
import { lineOf } from '../listing/problems.js';
import type { CrossViewPair, Listing } from '../listing/types.js';
import { readTown } from './town-places.js';

/**
 * Reads places.csv of a folder that "skyfix-train town" made; places and headings are the true ones. Throws
 * DATASET_INVALID where a row cannot be used or the mosaic is missing.
 */
export async function listTown(root: string, splits: readonly Split[]): Promise<Listing> {
  const mosaic = join(root, 'mosaic.tif');
  if (!(await stat(mosaic).catch(() => undefined))) throw unusable(mosaic, 'there is no such file');
  const town = await readTown(root);
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
      tiles: [{ relation: 'positive', tile: { id, image, centre, sizeM: TILE_M, listedAt } }],
    };
  });
  const wanted = pairs.filter(({ split }) => splits.includes(split));
  return {
    name: 'procedural town',
    pairs: wanted,
    unpairedPanoramas: [],
    gallery: tilesOf(wanted),
    ground: { cameraHeightM: CAMERA_HEIGHT_M },
    publishedPairs: {},
    problems: [],
    tolerated: [],
  };
}
