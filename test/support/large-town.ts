// The region in miniature with so many tiles that a cluster is asked for the nearest ones: a few places that panoramas of noise
// find, and fillers that look like nothing.
import { dirname } from 'node:path';
import { offsetLonLat } from '../../src/geometry/index.js';
import { seededRandom } from '../../src/random/index.js';
import {
  CENTRE,
  descriptorByHand,
  noisePanorama,
  publishTiles,
  tinyTile,
  versionBundleDir,
  writeTinyBundle,
} from './tiny-region.js';

/** With so little room for descriptors the tiles of a large town are compared in its cluster and not in the server. */
export const SMALL_CACHE_BYTES = 2 ** 20;
/** More rows than that room lets be compared at a time. */
const FILLERS = 1030;
const FILLERS_A_ROW = 32;

export interface LargeTownOptions {
  readonly region: string;
  /** Seeds of the panoramas that are found. */
  readonly seeds: readonly number[];
  readonly indexVersion?: string;
  /** How far the places lie east of where they lie otherwise, so that versions can be told apart. */
  readonly eastM?: number;
}

/** Writes a version and makes it current, to be searched in memory. Returns its folder. */
export async function publishLargeTown(dataDir: string, options: LargeTownOptions): Promise<string> {
  const { region, seeds, indexVersion, eastM = 0 } = options;
  const bundleDir = versionBundleDir(dataDir, region, indexVersion);
  const encoderSha256 = await writeTinyBundle(bundleDir);
  const random = seededRandom(1);
  const filler = (like: Float32Array) => {
    const values = like.map(() => random() - 0.5);
    const length = Math.hypot(...values);
    return values.map((value) => value / length);
  };
  const own = seeds.map((seed) => descriptorByHand(noisePanorama(seed)));
  const fillers = Array.from({ length: FILLERS }, () => filler(own[0] as Float32Array));
  const tiles = Array.from({ length: FILLERS }, (_, k) => {
    // To the north of the places.
    const place = offsetLonLat(CENTRE, 16 * (k % FILLERS_A_ROW), 300 + 16 * Math.floor(k / FILLERS_A_ROW));
    return { tile: `filler-${k}`, ...place, sizeM: 16, source: 'test' };
  });
  await publishTiles(dataDir, region, {
    ...(indexVersion && { indexVersion }),
    tiles: [...seeds.map((seed) => tinyTile(seed, eastM)), ...tiles],
    descriptors: Float32Array.from([...own, ...fillers].flatMap((values) => [...values])),
    bundle: { name: 'tiny', version: '1', encoderSha256 },
  });
  return dirname(bundleDir);
}
