// What a head is fitted to: the features of all labelled pairs of each data set, as they are, mirrored and turned, and as other
// cameras and sensors would have seen them.
import { makeRng } from 'skyfix/random';
import type { HeadConfig } from '../config/index.js';
import type { CrossViewPair } from '../datasets/index.js';
import {
  cachedFeatures,
  changedImages,
  type FeatureImages,
  randomSensor,
  storedImages,
  type TrunkFile,
  throughSensor,
  turnedImages,
  withNadirHole,
} from '../features/index.js';
import { changedBevs } from '../images/index.js';
import { GRID_STRIDE_PX } from '../networks/index.js';
import type { FeaturePairs, PairCopy } from '../stages/index.js';
import { centreStore, selectStore } from '../stores/index.js';
import type { RunContext } from './run-context.js';
import { prepareOptions, type TrainingPart } from './run-data.js';

/** How wrong a query may be, as changed copies are: shares of the height, degrees, metres. */
const HEIGHT_ERROR = 0.3;
const HEADING_ERROR_DEG = 10;
const TILT_DEG = 3;
const HOLE_M = 3;

/** Streams of the run's seed: a million for each copy. */
const CHANGE_STREAM = 70_000_000;

/** The features of the labelled pairs of every part, made now or cached. */
export async function headPairs(
  context: Pick<RunContext, 'config' | 'progress'>,
  parts: readonly TrainingPart[],
  trunk: TrunkFile,
  head: HeadConfig,
): Promise<FeaturePairs[]> {
  const areas: FeaturePairs[] = [];
  for (const part of parts) areas.push(await pairsOf(context, part, trunk, head));
  return areas;
}

async function pairsOf(
  { config, progress }: Pick<RunContext, 'config' | 'progress'>,
  { dataset, data }: TrainingPart,
  trunk: TrunkFile,
  { turned, changed }: HeadConfig,
): Promise<FeaturePairs> {
  const { geometry, runtime, seed, data: places } = config;
  const cells = geometry.inputSizePx / GRID_STRIDE_PX;
  const rows = data.labels.labelled;
  const tileOf = rows.map((_, k) => k);
  const views = storedImages(selectStore(data.bevs, rows));
  const gallery = centreStore(data.gallery, geometry.inputSizePx);
  const tiles = storedImages(
    selectStore(
      gallery,
      rows.map((row) => data.labels.tileOf(row)),
    ),
  );
  const features = (what: string, images: FeatureImages) =>
    cachedFeatures(images, trunk, {
      cacheDir: places.cacheDir,
      cells,
      threads: runtime.threads,
      onProgress: progress.work(`features of ${what}`),
    });
  const copyOf = async (what: string, view: FeatureImages, tile: FeatureImages): Promise<PairCopy> => ({
    views: await features(`BEVs${what}`, view),
    tiles: await features(`tiles${what}`, tile),
    tileOf,
  });
  const own = await copyOf('', views, tiles);
  const more: PairCopy[] = [];
  for (let k = 1; k <= turned; k++) {
    more.push(await copyOf(`, turned ${k}`, turnedImages(views, k), turnedImages(tiles, k)));
  }
  const pairOf = new Map(dataset.pairs.map((pair) => [pair.id, pair]));
  const pairs = rows.map((row) => pairOf.get(data.ids[row] ?? '') as CrossViewPair);
  for (let k = 1; k <= changed; k++) {
    const drawn = (row: number) => drawChange(seed, k, row);
    const bevs = await changedBevs(dataset, pairs, geometry, drawn, prepareOptions(config, progress.work));
    const key = `change ${seed} ${k}`;
    const pxPerM = geometry.inputSizePx / geometry.tileSizeM;
    const holed = changedImages(storedImages(bevs), key, (image, row) => {
      const { holeM } = drawn(row);
      return holeM > 0 ? withNadirHole(image, holeM * pxPerM) : image;
    });
    const sensed = changedImages(tiles, key, (image, row) => throughSensor(image, drawn(row).sensor));
    more.push(await copyOf(`, changed ${k}`, holed, sensed));
  }
  return { name: data.name, copies: [own, ...more], locations: pairs.map(({ location }) => location) };
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
