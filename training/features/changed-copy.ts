// Pairs as other cameras and sensors would have seen them: what makes a head robust against what a query may have wrong.
import type { BundleGeometry } from 'skyfix/bundles';
import { makeRng } from 'skyfix/random';
import type { CrossViewDataset, CrossViewPair } from '../datasets/index.js';
import { changedBevs, type PrepareOptions } from '../images/index.js';
import { changedImages, type FeatureImages, storedImages } from './feature-images.js';
import { randomSensor, throughSensor, withNadirHole } from './overhead-sensor.js';

/** How wrong a query may be: shares of the height, degrees, metres. */
const HEIGHT_ERROR = 0.3;
const HEADING_ERROR_DEG = 10;
const TILT_DEG = 3;
const HOLE_M = 3;

/** Streams of the seed: a million for each copy. */
const CHANGE_STREAM = 70_000_000;

export interface UnchangedPairs {
  readonly dataset: CrossViewDataset;
  readonly pairs: readonly CrossViewPair[];
  /** The tile of each pair. */
  readonly tiles: FeatureImages;
  readonly geometry: BundleGeometry;
}

/**
 * A copy (numbered from 1) of pairs: BEVs at another camera height, heading and tilt, half of them with a hole below the camera;
 * tiles through an overhead sensor of their own.
 */
export async function changedCopy(
  { dataset, pairs, tiles, geometry }: UnchangedPairs,
  { seed, copy }: { readonly seed: number; readonly copy: number },
  options: PrepareOptions,
): Promise<{ readonly bevs: FeatureImages; readonly tiles: FeatureImages }> {
  const drawn = (row: number) => drawChange(seed, copy, row);
  const bevs = await changedBevs(dataset, pairs, geometry, drawn, options);
  const key = `change ${seed} ${copy}`;
  const pxPerM = geometry.inputSizePx / geometry.tileSizeM;
  return {
    bevs: changedImages(storedImages(bevs), key, (image, row) => {
      const { holeM } = drawn(row);
      return holeM > 0 ? withNadirHole(image, holeM * pxPerM) : image;
    }),
    tiles: changedImages(tiles, key, (image, row) => throughSensor(image, drawn(row).sensor)),
  };
}

/** What is wrong with copy `copy` of pair `row`. */
function drawChange(seed: number, copy: number, row: number) {
  const rng = makeRng(seed, CHANGE_STREAM + copy * 1_000_000 + row);
  const spread = (most: number) => rng.range(-most, most);
  return {
    heightFactor: 1 + spread(HEIGHT_ERROR),
    error: { headingDeg: spread(HEADING_ERROR_DEG), pitchDeg: spread(TILT_DEG), rollDeg: spread(TILT_DEG) },
    holeM: rng.chance(0.5) ? rng.range(0, HOLE_M) : 0,
    sensor: randomSensor(rng),
  };
}
