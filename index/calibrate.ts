// From an index version and panoramas whose place is known to a version that is calibrated: the same tiles, and calibration.json.
import { copyFile, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { loadBundle, panoramaWidthOf } from '../src/bundles/index.js';
import type { Calibration } from '../src/calibration/index.js';
import {
  type ConfidenceFigures,
  crossValidate,
  fitCalibration,
  type LabelledAnswer,
  measure,
  verify,
} from '../src/confidence/index.js';
import { openNetworks } from '../src/describe/index.js';
import type { EngineChoice } from '../src/engines/index.js';
import { asDiskError, messageOf, SkyfixError } from '../src/errors/index.js';
import {
  makeFolder,
  sha256OfFile,
  syncFolder,
  temporaryNameFor,
  writeFileAtomic,
} from '../src/files/index.js';
import { BevTableCache, type LonLat } from '../src/geometry/index.js';
import { decodeImage, encodePng, resizeImage } from '../src/imaging/index.js';
import { calibrationOf, evidenceOfPhoto, type LocatedPanorama } from '../src/locate/index.js';
import type { LoadedRegion } from '../src/regions/index.js';
import {
  CALIBRATION_FILE,
  filesOfIndex,
  type IndexManifest,
  openIndexVersion,
  readIndexManifest,
} from '../src/versions/index.js';
import { MADE_UP, madeUp } from './made-up-panoramas.js';
import { copyBundle, versionName } from './write-version.js';

export interface AskOptions {
  /** An index version with its bundle. */
  readonly indexDir: string;
  readonly inside: readonly LocatedPanorama[];
  /** Files of panoramas that were taken outside of the region. */
  readonly outside?: readonly string[];
  /** Outsiders are also made up from every so many of those inside; 0: none are. */
  readonly madeUpEvery?: number | undefined;
  readonly threads?: number | undefined;
  readonly engine?: EngineChoice | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** Told of each file that cannot be asked for; the others count. */
  readonly onSkipped?: ((file: string, reason: string) => void) | undefined;
}

/** What the version answered to panoramas whose place is known. */
export interface AskedAnswers {
  readonly answers: readonly LabelledAnswer[];
  readonly counts: { readonly inside: number; readonly outside: number; readonly madeUp: number };
  readonly encoderSha256: string;
  /** In force in this version. */
  readonly calibration: ReturnType<typeof calibrationOf>;
}

/** Fewer say nothing. */
export const LEAST_INSIDE = 20;

/** Throws CALIBRATION_INVALID where fewer than LEAST_INSIDE inside can be asked for, and what opening a version throws. */
export async function askLocated(options: AskOptions): Promise<AskedAnswers> {
  const {
    indexDir,
    inside,
    outside = [],
    madeUpEvery = 8,
    threads = 1,
    engine,
    onProgress,
    onSkipped,
  } = options;
  const version = await openIndexVersion(indexDir);
  try {
    const bundle = await loadBundle(version.bundleDir);
    const networks = await openNetworks(bundle, { threads, engine });
    try {
      const region: LoadedRegion = {
        name: basename(indexDir),
        bundle,
        networks,
        version,
        tables: new BevTableCache(),
      };
      const { encoderSha256 } = bundle;
      const widthPx = panoramaWidthOf(bundle.manifest.geometry);
      const made = madeUpEvery === 0 ? [] : inside.filter((_, k) => k % madeUpEvery === 0);
      const total = inside.length + outside.length + made.length * MADE_UP.length;
      const answers: LabelledAnswer[] = [];
      let done = 0;
      const ask = async (
        file: string,
        bytes: () => Promise<Uint8Array>,
        truth?: LonLat,
        headingDeg?: number,
      ) => {
        try {
          answers.push({ ...(await evidenceOfPhoto(region, await bytes(), { headingDeg })), truth });
          return 1;
        } catch (error) {
          onSkipped?.(file, messageOf(error));
          return 0;
        } finally {
          onProgress?.(++done, total);
        }
      };
      const counts = { inside: 0, outside: 0, madeUp: 0 };
      for (const { file, lon, lat, headingDeg } of inside) {
        counts.inside += await ask(file, () => readFile(file), { lon, lat }, headingDeg);
      }
      if (counts.inside < LEAST_INSIDE) {
        const text = `${counts.inside} located panoramas could be asked for; a calibration needs ${LEAST_INSIDE}.`;
        throw new SkyfixError('CALIBRATION_INVALID', text);
      }
      for (const file of outside) counts.outside += await ask(file, () => readFile(file));
      for (const [number, { file }] of made.entries()) {
        const image = await resizeImage(await decodeImage(await readFile(file)), widthPx, widthPx / 2);
        for (const kind of MADE_UP) {
          const bytes = async () => encodePng(madeUp(kind, image, number));
          counts.madeUp += await ask(`${file} (${kind})`, bytes, undefined, 0);
        }
      }
      return { answers, counts, encoderSha256, calibration: calibrationOf(region) };
    } finally {
      await networks.close();
    }
  } finally {
    await version.close();
  }
}

export interface FittedCalibration {
  readonly calibration: Calibration;
  /** Of answers that were not fitted to: cross-validated. */
  readonly figures: ConfidenceFigures;
}

/** A calibration of what was answered, with its cross-validated figures in it. */
export function calibrate(
  asked: AskedAnswers,
  options: { readonly createdAt?: string | undefined; readonly outsideShare?: number | undefined } = {},
): FittedCalibration {
  const { createdAt = new Date().toISOString(), outsideShare } = options;
  const { answers, counts, encoderSha256 } = asked;
  const fit = { createdAt, outsideShare, encoderSha256 };
  const figures = measure(crossValidate(answers, fit));
  const { ece, aurocRight, aurocInside, riskAt80, held } = figures;
  const facts = { ...counts, ece, aurocRight, aurocInside, riskAt80, held };
  return { calibration: { ...fitCalibration(answers, fit), facts }, figures };
}

/** How good the calibration in force is on what was answered. */
export function checkCalibrated({ answers, calibration }: AskedAnswers): ConfidenceFigures {
  return measure(answers.map((answer) => verify(answer, calibration.calibration)));
}

/**
 * Writes a version of the same tiles with this calibration, under a name of its own; `outDir` appears in one step and must not
 * exist. Throws PARAMETER_INVALID, DISK_FULL, INDEX_*.
 */
export async function writeCalibratedVersion(
  indexDir: string,
  outDir: string,
  calibration: Calibration,
): Promise<IndexManifest> {
  const target = resolve(outDir);
  if (await stat(target).catch(() => undefined)) {
    throw new SkyfixError('PARAMETER_INVALID', `${target} exists already; choose another folder.`);
  }
  const before = await readIndexManifest(indexDir);
  const temporary = temporaryNameFor(target);
  try {
    await makeFolder(temporary);
    for (const name of filesOfIndex(before)) {
      if (name !== CALIBRATION_FILE) await copyFile(join(indexDir, name), join(temporary, name));
    }
    await copyBundle(await loadBundle(join(indexDir, 'bundle')), join(temporary, 'bundle'));
    const path = join(temporary, CALIBRATION_FILE);
    await writeFileAtomic(path, `${JSON.stringify(calibration, null, 2)}\n`);
    const files = {
      ...before.files,
      [CALIBRATION_FILE]: { sha256: await sha256OfFile(path), bytes: (await stat(path)).size },
    };
    const { createdAt } = calibration;
    const version = versionName(createdAt, files);
    const manifest = { ...before, version, createdAt, files };
    await writeFileAtomic(join(temporary, 'index.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    await rename(temporary, target);
    await syncFolder(dirname(target));
    return manifest;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw asDiskError(error, target);
  }
}
