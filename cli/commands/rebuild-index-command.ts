// skyfix index rebuild: the whole way from a new bundle to a served version in one command.
import { rm } from 'node:fs/promises';
import { Command } from 'commander';
import { publishIndex, writeCalibratedVersion } from '../../index/index.js';
import { lockFolder, makeFolder } from '../../src/files/index.js';
import {
  CALIBRATION_FILE,
  currentVersionDir,
  readIndexManifest,
  regionDir,
} from '../../src/versions/index.js';
import { bundleDirOrGeneral } from '../shared/shipped-bundles.js';
import { dataDirOf, sayWaiting, serverOf, tellWhatServes } from '../shared/what-serves.js';
import { addBuildOptions, type BuildFlags, buildFromFlags, summaryOf } from './build-options.js';
import {
  addCalibrationOptions,
  askFromFlags,
  type CalibrationFlags,
  fitFromFlags,
} from './calibrate-index-command.js';
import { addPublishOptions, type PublishFlags } from './publish-options.js';

interface RebuildFlags extends BuildFlags, PublishFlags, CalibrationFlags {
  region: string;
  calibrate?: string;
}

export function rebuildCommand(): Command {
  const command = new Command('rebuild')
    .description(
      'After retraining: build an index with the new bundle, publish it as a region, and have a running server take it up.',
    )
    .requiredOption('--region <name>', 'region to publish to (a-z, 0-9, hyphens)')
    .option(
      '--calibrate <file.csv>',
      'fit probabilities to these located panoramas, file,lon,lat (see "skyfix index calibrate --help")',
    );
  return addCalibrationOptions(addBuildOptions(addPublishOptions(command)))
    .addHelpText('after', '\nStarted again after a kill, it goes on where it was.')
    .action(async (flags: RebuildFlags) => {
      const { region, keep } = flags;
      const dataDir = dataDirOf(flags);
      // Beside the region, so that a second start finds what a killed one left.
      const outDir = `${regionDir(dataDir, region)}.rebuild`;
      // Before hours of building: whoever has no key, or a wrong address, hears of it now.
      const server = await serverOf(flags);
      bundleDirOrGeneral(flags.bundle);
      await makeFolder(regionDir(dataDir, region));
      // Two of them would build into one folder.
      const lock = await lockFolder(regionDir(dataDir, region), { kind: 'rebuild' });
      try {
        await rm(outDir, { recursive: true, force: true });
        console.log(`built ${summaryOf(await buildFromFlags(flags, outDir))}`);
        const indexDir = await calibratedFrom(outDir, flags);
        const version = await publishIndex({ indexDir, dataDir, region, keep, onWait: sayWaiting });
        for (const dir of [outDir, indexDir]) await rm(dir, { recursive: true, force: true });
        await tellWhatServes(dataDir, region, version, server);
      } finally {
        await lock.release();
      }
    });
}

/** The version to publish: the one that was built, or beside it the same with a calibration. */
async function calibratedFrom(builtDir: string, flags: RebuildFlags): Promise<string> {
  if (flags.calibrate === undefined) {
    if (await isCalibrated(flags)) {
      console.error('Warning: the version before was calibrated; without --calibrate this one is not.');
    }
    return builtDir;
  }
  const calibratedDir = `${builtDir}.calibrated`;
  await rm(calibratedDir, { recursive: true, force: true });
  const asked = await askFromFlags(builtDir, flags.calibrate, flags, flags.threads);
  await writeCalibratedVersion(builtDir, calibratedDir, await fitFromFlags(asked, flags));
  return calibratedDir;
}

/** Of a region that is not there yet, or whose version cannot be read: false. */
async function isCalibrated(flags: RebuildFlags): Promise<boolean> {
  try {
    const { files } = await readIndexManifest(await currentVersionDir(dataDirOf(flags), flags.region));
    return CALIBRATION_FILE in files;
  } catch {
    return false;
  }
}
