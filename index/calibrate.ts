// From an index version and panoramas whose place is known to a version that is calibrated: the same tiles, and calibration.json.
import { copyFile, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { checkManifest, loadBundle } from '../src/bundles/index.js';
import type { Calibration } from '../src/calibration/index.js';
import {
  type ConfidenceFigures,
  crossValidate,
  fitCalibration,
  measure,
  verify,
} from '../src/confidence/index.js';
import { asDiskError, SkyfixError } from '../src/errors/index.js';
import {
  makeFolder,
  sha256OfFile,
  syncFolder,
  temporaryNameFor,
  writeFileAtomic,
} from '../src/files/index.js';
import { SHARD_FOLDER } from '../src/search/index.js';
import {
  CALIBRATION_FILE,
  filesOfIndex,
  type IndexManifest,
  readIndexManifest,
  shardFilesOf,
} from '../src/versions/index.js';
import type { Answers, AskedAnswers } from './ask-located.js';
import { copyBundle, versionName } from './write-version.js';

export interface FittedCalibration {
  readonly calibration: Calibration;
  /** Of answers that were not fitted to: cross-validated. */
  readonly figures: ConfidenceFigures;
}

/** A calibration of what was answered, with its cross-validated figures in it. */
export function calibrate(
  asked: Answers,
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

/** How good a calibration is on answers that it was not fitted to. */
export function checkCalibration({ answers }: Answers, calibration: Calibration): ConfidenceFigures {
  return measure(answers.map((answer) => verify(answer, calibration)));
}

/** How good the calibration in force is on what was answered. */
export function checkCalibrated(asked: AskedAnswers): ConfidenceFigures {
  return checkCalibration(asked, asked.calibration.calibration);
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
    if (shardFilesOf(before).length > 0) await makeFolder(join(temporary, SHARD_FOLDER));
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

/** Puts a calibration into bundle.json; nothing else changes. Throws INDEX_BUNDLE_MISMATCH for another encoder's. */
export async function calibrateBundle(bundleDir: string, calibration: Calibration): Promise<void> {
  const { encoderSha256 } = await loadBundle(bundleDir);
  if (encoderSha256 !== calibration.encoderSha256) {
    throw new SkyfixError(
      'INDEX_BUNDLE_MISMATCH',
      `The calibration is of the encoder ${calibration.encoderSha256}, ${resolve(bundleDir)} holds ${encoderSha256}.`,
    );
  }
  const path = join(bundleDir, 'bundle.json');
  const manifest = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  const { training, metrics, files, confidence: _old, ...before } = manifest;
  const after = { ...before, confidence: calibration, training, metrics, files };
  checkManifest(after, path);
  await writeFileAtomic(path, `${JSON.stringify(after, null, 2)}\n`);
}
