// Asking an index version for panoramas whose place is known: what a calibration is fitted to, and measured on.
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { loadBundle, panoramaWidthOf } from '../src/bundles/index.js';
import type { LabelledAnswer } from '../src/confidence/index.js';
import { openNetworks } from '../src/describe/index.js';
import type { EngineChoice } from '../src/engines/index.js';
import { messageOf, SkyfixError } from '../src/errors/index.js';
import { BevTableCache, type LonLat } from '../src/geometry/index.js';
import { decodeImage, encodePng, resizeImage } from '../src/imaging/index.js';
import { calibrationOf, evidenceOfPhoto, type LocatedPanorama } from '../src/locate/index.js';
import type { LoadedRegion } from '../src/regions/index.js';
import { openIndexVersion } from '../src/versions/index.js';
import { MADE_UP, type MadeUp, madeUp } from './made-up-panoramas.js';

export interface OpenOptions {
  readonly threads?: number | undefined;
  readonly engine?: EngineChoice | undefined;
}

export interface AskOptions extends OpenOptions {
  /** An index version with its bundle. */
  readonly indexDir: string;
  readonly inside: readonly LocatedPanorama[];
  /** Files of panoramas that were taken outside of the region. */
  readonly outside?: readonly string[];
  /** Outsiders are also made up from every so many of those inside; 0: none are. */
  readonly madeUpEvery?: number | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** Told of each file that cannot be asked for; the others count. */
  readonly onSkipped?: ((file: string, reason: string) => void) | undefined;
}

/** What was asked for; each is one column of the counts. */
export type Origin = 'inside' | 'outside' | MadeUp;

export interface AskedAnswer extends LabelledAnswer {
  readonly origin: Origin;
  /** The panorama's file, also of one that was made up from it. */
  readonly file: string;
}

/** Answers of one encoder, of one region or of several. */
export interface Answers {
  readonly answers: readonly AskedAnswer[];
  readonly counts: { readonly inside: number; readonly outside: number; readonly madeUp: number };
  readonly encoderSha256: string;
}

/** What a version answered to panoramas whose place is known. */
export interface AskedAnswers extends Answers {
  /** In force in this version. */
  readonly calibration: ReturnType<typeof calibrationOf>;
}

/** Fewer say nothing. */
export const LEAST_INSIDE = 20;

/** Throws CALIBRATION_INVALID where fewer than LEAST_INSIDE inside can be asked for, and what opening a version throws. */
export async function askLocated(options: AskOptions): Promise<AskedAnswers> {
  return withVersion(options.indexDir, options, async (region) => {
    const answers = await askAll(region, options);
    return {
      answers,
      counts: countsOf(answers),
      encoderSha256: region.bundle.encoderSha256,
      calibration: calibrationOf(region),
    };
  });
}

/** An index version as a region, open while it is used. Throws what opening it throws. */
export async function withVersion<T>(
  indexDir: string,
  { threads = 1, engine }: OpenOptions,
  use: (region: LoadedRegion) => Promise<T>,
): Promise<T> {
  const version = await openIndexVersion(indexDir);
  try {
    const bundle = await loadBundle(version.bundleDir);
    const networks = await openNetworks(bundle, { threads, engine });
    try {
      const name = basename(indexDir);
      return await use({ name, bundle, networks, version, tables: new BevTableCache() });
    } finally {
      await networks.close();
    }
  } finally {
    await version.close();
  }
}

export function countsOf(answers: readonly AskedAnswer[]): Answers['counts'] {
  const count = (is: (origin: Origin) => boolean) => answers.filter(({ origin }) => is(origin)).length;
  const [inside, outside] = [count((origin) => origin === 'inside'), count((origin) => origin === 'outside')];
  return { inside, outside, madeUp: answers.length - inside - outside };
}

async function askAll(
  region: LoadedRegion,
  { inside, outside = [], madeUpEvery = 8, onProgress, onSkipped }: AskOptions,
): Promise<readonly AskedAnswer[]> {
  const made = madeUpEvery === 0 ? [] : inside.filter((_, k) => k % madeUpEvery === 0);
  const total = inside.length + outside.length + made.length * MADE_UP.length;
  const answers: AskedAnswer[] = [];
  let done = 0;
  const ask = async (
    file: string,
    origin: Origin,
    bytes: () => Promise<Uint8Array>,
    truth?: LonLat,
    headingDeg?: number,
  ) => {
    const skip = (why: string) =>
      onSkipped?.(origin === 'inside' || origin === 'outside' ? file : `${file} (${origin})`, why);
    try {
      const { unusable, ...photo } = await evidenceOfPhoto(region, await bytes(), { headingDeg });
      // Its verdict asks no probability.
      if (unusable) skip(unusable);
      else answers.push({ ...photo, truth, origin, file });
    } catch (error) {
      skip(messageOf(error));
    }
    onProgress?.(++done, total);
  };
  for (const { file, lon, lat, headingDeg } of inside) {
    await ask(file, 'inside', () => readFile(file), { lon, lat }, headingDeg);
  }
  if (answers.length < LEAST_INSIDE) {
    const text = `${answers.length} located panoramas could be asked for; a calibration needs ${LEAST_INSIDE}.`;
    throw new SkyfixError('CALIBRATION_INVALID', text);
  }
  for (const file of outside) await ask(file, 'outside', () => readFile(file));
  const widthPx = panoramaWidthOf(region.bundle.manifest.geometry);
  for (const [number, { file }] of made.entries()) {
    const image = await resizeImage(await decodeImage(await readFile(file)), widthPx, widthPx / 2);
    for (const kind of MADE_UP) {
      await ask(file, kind, async () => encodePng(madeUp(kind, image, number)), undefined, 0);
    }
  }
  return answers;
}
