// The areas that the shipped bundles are calibrated on and measured on: their towns, an index of each, and what that answers.
// What is there already is not made again.
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { loadBundle } from 'skyfix/bundles';
import { engineOfEnvironment, openStageProgress } from 'skyfix/cli';
import { type Answers, askLocated, buildIndex, readAnswers, writeAnswers } from 'skyfix/index';
import { type LocatedPanorama, readLocatedPanoramas } from 'skyfix/locate';
import { readIndexManifest } from 'skyfix/versions';
import type { Split } from '../common/index.js';
import { DEFAULT_TOWN, makeTown } from '../town/index.js';
import { FULL_DIR } from './quick.js';

interface Town {
  readonly seed: number;
  readonly places: number;
}

/** The town that small-town was trained in, and one that no bundle has seen. */
const HOME: Town = { seed: 7, places: 1500 };
const ELSEWHERE: Town = { seed: 9107, places: 500 };

export interface DemoArea {
  readonly name: string;
  readonly town: Town;
  readonly mosaic: 'mosaic.tif' | 'mosaic-test.tif';
  /** The part of the town that it is; all of it where absent. */
  readonly split?: Split;
  /** Only every so many of its places. */
  readonly every?: number;
  /** Places that lie outside of it. */
  readonly outside: readonly Outsiders[];
}

/** Places of a town, or of a part of it. */
export interface Outsiders {
  readonly town: Town;
  readonly split?: Split;
  /** Every so many of them, from the one with this number on. */
  readonly every: number;
  readonly from?: number;
}

export const VALIDATION: DemoArea = {
  name: 'validation',
  town: HOME,
  mosaic: 'mosaic.tif',
  split: 'validation',
  outside: [{ town: HOME, split: 'train', every: 5 }],
};
export const OTHER_TOWN: DemoArea = {
  name: 'other-town',
  town: ELSEWHERE,
  mosaic: 'mosaic.tif',
  every: 2,
  outside: [],
};
/** Nothing is fitted to them: the other town's other half. */
export const STRANGERS: Outsiders = { town: ELSEWHERE, every: 2, from: 1 };
/** Neither trained on nor fitted to. */
export const TEST: DemoArea = {
  name: 'test',
  town: HOME,
  mosaic: 'mosaic-test.tif',
  split: 'test',
  outside: [{ town: HOME, split: 'validation', every: 1 }, STRANGERS],
};

/** As in the figures of recall. */
const STRIDE_M = 16;
const every = <T>(items: readonly T[], step: number) => items.filter((_, k) => k % step === 0);

async function townOf({ seed, places }: Town): Promise<string> {
  const out = join(FULL_DIR, `town-${seed}`);
  if (!(await stat(join(out, 'town.json')).catch(() => undefined))) {
    const progress = openStageProgress();
    await makeTown({ ...DEFAULT_TOWN, seed, places, out }, progress.update).finally(progress.stop);
  }
  return out;
}

/** Its panoramas with their places. */
export async function placesOf({
  town,
  split,
  every: step = 1,
  from = 0,
}: Pick<DemoArea, 'town' | 'split' | 'every'> & Pick<Outsiders, 'from'>): Promise<LocatedPanorama[]> {
  const places = await readLocatedPanoramas(join(await townOf(town), 'places.csv'), { split });
  return every(places.slice(from), step);
}

/** Of answers those to panoramas of this town. */
export function isOfTown({ file }: { readonly file: string }, { town }: Pick<Outsiders, 'town'>): boolean {
  return file.includes(join(FULL_DIR, `town-${town.seed}`));
}

const folderOf = (bundleDir: string, name: string) =>
  join(FULL_DIR, 'calibration', bundleDir.split(/[\\/]/).filter(Boolean).at(-1) ?? '', name);

/** A tile every STRIDE_M metres of the area, described by this bundle; of another version no answers are kept, either. */
export async function indexOf(area: DemoArea, bundleDir: string): Promise<string> {
  const folder = folderOf(bundleDir, area.name);
  const outDir = join(folder, 'index');
  const { encoderSha256, manifest } = await loadBundle(bundleDir);
  const { bundle } = (await readIndexManifest(outDir).catch(() => undefined)) ?? {};
  if (bundle?.encoderSha256 === encoderSha256 && bundle.version === manifest.version) return outDir;
  const town = await townOf(area.town);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const progress = openStageProgress();
  try {
    await buildIndex({
      bundleDir,
      outDir,
      imagery: join(town, area.mosaic),
      areaGeoJson: area.split && join(town, `area-${area.split}.geojson`),
      tileSizeM: manifest.geometry.tileSizeM,
      strideM: STRIDE_M,
      basemap: 'off',
      engine: await engineOfEnvironment(),
      onProgress: (done, total, stage) => progress.update(`${area.name}: ${stage}`, done, total),
    });
  } finally {
    progress.stop();
  }
  return outDir;
}

/** What the area's index answers to its places, to those outside, and to made-up ones where `madeUpEvery` is not 0. */
export async function answersOf(area: DemoArea, bundleDir: string, madeUpEvery: number): Promise<Answers> {
  const path = join(folderOf(bundleDir, area.name), `answers-${madeUpEvery}.json`);
  const { encoderSha256 } = await loadBundle(bundleDir);
  const indexDir = await indexOf(area, bundleDir);
  const kept = await readAnswers(path).catch(() => undefined);
  if (kept?.encoderSha256 === encoderSha256) return kept;
  const others: LocatedPanorama[] = [];
  for (const outsiders of area.outside) others.push(...(await placesOf(outsiders)));
  const progress = openStageProgress();
  try {
    const asked = await askLocated({
      indexDir,
      inside: await placesOf(area),
      outside: others.map(({ file }) => file),
      madeUpEvery,
      engine: await engineOfEnvironment(),
      onProgress: (done, total) => progress.update(`${area.name}: panoramas`, done, total),
      onSkipped: (file, reason) => process.stderr.write(`${file} is refused: ${reason}\n`),
    });
    await writeAnswers(path, asked);
    return asked;
  } finally {
    progress.stop();
  }
}
