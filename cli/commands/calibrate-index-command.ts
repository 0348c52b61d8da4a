// skyfix index calibrate: makes probabilities true for a region, or measures how true they are.
import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import {
  type Answers,
  type AskedAnswers,
  askLocated,
  calibrate,
  calibrateBundle,
  checkCalibrated,
  confidenceCharts,
  MADE_UP,
  mergeAnswers,
  publishIndex,
  readAnswers,
  writeAnswers,
  writeCalibratedVersion,
} from '../../index/index.js';
import type { Calibration } from '../../src/calibration/index.js';
import { type ConfidenceFigures, DEFAULT_OUTSIDE_SHARE } from '../../src/confidence/index.js';
import { SkyfixError } from '../../src/errors/index.js';
import { lockFolder, writeFileAtomic } from '../../src/files/index.js';
import { readLocatedPanoramas } from '../../src/locate/index.js';
import { currentVersionDir, regionDir } from '../../src/versions/index.js';
import { engineOfEnvironment } from '../shared/engine.js';
import { panoramaFiles } from '../shared/panorama-files.js';
import { openProgress } from '../shared/progress.js';
import { bundleDirOf } from '../shared/shipped-bundles.js';
import { dataDirOf, sayWaiting, serverOf, tellWhatServes } from '../shared/what-serves.js';
import { number, positive, whole } from './build-options.js';
import { addPublishOptions, type PublishFlags } from './publish-options.js';

/** What says with which panoramas is calibrated; `index rebuild` has it too. */
export interface CalibrationFlags {
  readonly outside?: readonly string[];
  readonly split?: string;
  readonly listHeadings?: boolean;
  readonly madeUpEvery: number;
  readonly outsideShare: number;
  readonly report?: string;
  readonly svg?: string;
}

interface CalibrateFlags extends CalibrationFlags, PublishFlags {
  readonly panoramas: string;
  readonly region?: string;
  readonly withAnswers?: readonly string[];
  readonly saveAnswers?: string;
  readonly check?: boolean;
  readonly out?: string;
  readonly intoBundle?: string;
  readonly threads: number;
}

const shareBelowOne = (text: string): number => {
  const value = number(text);
  if (value < 0 || value > 0.9) throw new InvalidArgumentError('It must be from 0 to 0.9.');
  return value;
};

export function addCalibrationOptions(command: Command): Command {
  return command
    .option('--outside <path...>', 'panoramas that were not taken in the region: files or folders')
    .option('--split <name>', 'only rows of the list whose column "split" says so')
    .option('--list-headings', "take the list's column headingDeg instead of what the files say")
    .option(
      '--made-up-every <n>',
      `outsiders are also made up from every so many (${MADE_UP.join(', ')}); 0: none`,
      whole,
      8,
    )
    .option(
      '--outside-share <share>',
      'share of questions that is expected to come from outside of the region',
      shareBelowOne,
      DEFAULT_OUTSIDE_SHARE,
    )
    .option('--report <file.json>', 'write the figures and curves')
    .option('--svg <file.svg>', 'draw reliability, and risk against coverage');
}

export function calibrateCommand(): Command {
  const command = new Command('calibrate')
    .description(
      'Fit probabilities to located panoramas, and publish them as a version of the region with the same tiles.',
    )
    .argument('[dir]', 'index version folder instead of a region; then nothing is published')
    .requiredOption(
      '--panoramas <file.csv>',
      'list of panoramas: file,lon,lat and optionally headingDeg, split',
    )
    .option('--region <name>', 'region whose current version is calibrated')
    .option('--save-answers <file.json>', 'keep what was answered, for --with-answers')
    .option(
      '--with-answers <file.json...>',
      'fit to these answers too, of other regions and the same encoder',
    )
    .option('--check', 'only measure the calibration in force on these panoramas')
    .option('--out <dir>', 'write the calibrated version here instead of publishing it')
    .option('--into-bundle <dir|name>', 'write it into this bundle, for regions that have none; same encoder')
    .option('--threads <n>', 'threads of the networks', positive, availableParallelism());
  return addCalibrationOptions(addPublishOptions(command))
    .addHelpText(
      'after',
      '\nThe figures are of panoramas that the fit had not seen: cross-validated, or with --check as they are.',
    )
    .action(async (dir: string | undefined, flags: CalibrateFlags) => {
      const indexDir = await versionOf(dir, flags);
      const server = await serverOf(flags);
      const more = await Promise.all((flags.withAnswers ?? []).map(readAnswers));
      const asked = await askFromFlags(indexDir, flags.panoramas, flags, flags.threads);
      if (flags.saveAnswers !== undefined) await writeAnswers(flags.saveAnswers, asked);
      if (flags.check) {
        await tell(checkCalibrated(asked), asked, flags, `calibration of the ${asked.calibration.source}`);
        return;
      }
      const calibration = await fitFromFlags(mergeAnswers([asked, ...more]), flags);
      if (flags.intoBundle !== undefined) {
        const bundleDir = bundleDirOf(flags.intoBundle);
        await calibrateBundle(bundleDir, calibration);
        console.log(`${join(bundleDir, 'bundle.json')}: calibrated`);
        return;
      }
      if (flags.out !== undefined) {
        const { version } = await writeCalibratedVersion(indexDir, flags.out, calibration);
        console.log(`${flags.out}: ${version}`);
        return;
      }
      if (flags.region === undefined) return;
      await publishCalibrated(indexDir, flags.region, calibration, flags, server);
    });
}

async function versionOf(dir: string | undefined, flags: CalibrateFlags): Promise<string> {
  const { region, check, out, intoBundle, saveAnswers, report, svg } = flags;
  if ((dir === undefined) === (region === undefined)) {
    throw new SkyfixError('PARAMETER_INVALID', 'Give either --region or the folder of an index version.');
  }
  if (
    dir !== undefined &&
    ![check, out, intoBundle, saveAnswers, report, svg].some((given) => given !== undefined)
  ) {
    throw new SkyfixError(
      'PARAMETER_INVALID',
      'Say what to do with it: --out, --into-bundle, --save-answers, --check, --report or --svg.',
    );
  }
  return dir ?? currentVersionDir(dataDirOf(flags), region as string);
}

/** Asks the version for all of them, with progress; what cannot be asked for is told. */
export async function askFromFlags(
  indexDir: string,
  list: string,
  flags: CalibrationFlags,
  threads: number,
): Promise<AskedAnswers> {
  const inside = await readLocatedPanoramas(list, { split: flags.split, headings: flags.listHeadings });
  const outside = flags.outside ? await panoramaFiles(flags.outside) : [];
  let progress: ReturnType<typeof openProgress> | undefined;
  return askLocated({
    indexDir,
    inside,
    outside,
    madeUpEvery: flags.madeUpEvery,
    threads,
    engine: await engineOfEnvironment(),
    onProgress: (_done, total) => {
      progress ??= openProgress(total, 'panoramas');
      progress.step();
    },
    onSkipped: (file, reason) => console.error(`warning: ${file} is left out: ${reason}`),
  }).finally(() => progress?.stop());
}

/** Fits, and tells how good it is. */
export async function fitFromFlags(asked: Answers, flags: CalibrationFlags): Promise<Calibration> {
  const { calibration, figures } = calibrate(asked, { outsideShare: flags.outsideShare });
  await tell(figures, asked, flags, 'cross-validated');
  return calibration;
}

async function tell(
  figures: ConfidenceFigures,
  { counts }: Answers,
  { report, svg }: CalibrationFlags,
  what: string,
): Promise<void> {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const { ece, aurocRight, aurocInside, riskAt80, held, right } = figures;
  const { inside, outside, madeUp } = counts;
  console.log(`${inside} panoramas inside, ${outside} outside, ${madeUp} made up; ${what}:`);
  console.log(`  right within 25 m           ${percent(right)}`);
  console.log(`  calibration error (ECE)     ${ece.toFixed(3)}`);
  console.log(`  wrong at 80 % coverage      ${percent(riskAt80)}`);
  console.log(`  AUROC right against wrong   ${aurocRight.toFixed(3)}`);
  console.log(`  AUROC inside against out    ${aurocInside?.toFixed(3) ?? 'nothing outside'}`);
  console.log(`  circles of 68 % and 95 %    hold ${percent(held.p68)} and ${percent(held.p95)}`);
  if (report !== undefined) {
    await writeFileAtomic(report, `${JSON.stringify({ what, counts, ...figures }, null, 2)}\n`);
  }
  if (svg !== undefined)
    await writeFileAtomic(svg, confidenceCharts(figures, `${inside} panoramas, ${what}`));
}

async function publishCalibrated(
  indexDir: string,
  region: string,
  calibration: Calibration,
  flags: CalibrateFlags,
  server: Awaited<ReturnType<typeof serverOf>>,
): Promise<void> {
  const dataDir = dataDirOf(flags);
  const outDir = `${regionDir(dataDir, region)}.calibrate`;
  const lock = await lockFolder(regionDir(dataDir, region), { kind: 'rebuild' });
  try {
    await rm(outDir, { recursive: true, force: true });
    await writeCalibratedVersion(indexDir, outDir, calibration);
    const version = await publishIndex({
      indexDir: outDir,
      dataDir,
      region,
      keep: flags.keep,
      onWait: sayWaiting,
    });
    await rm(outDir, { recursive: true, force: true });
    await tellWhatServes(dataDir, region, version, server);
  } finally {
    await lock.release();
  }
}
