// skyfix index assemble: parts that were built on any machines, joined to one version.
import { Command } from 'commander';
import { assembleIndex } from '../../index/index.js';
import { bundleDirOf } from '../shared/shipped-bundles.js';
import {
  addVersionOptions,
  summaryOf,
  type VersionFlags,
  versionOptionsOf,
  withProgress,
} from './build-options.js';

interface AssembleFlags extends VersionFlags {
  readonly out: string;
  readonly bundle?: string;
  readonly imagery?: string;
  readonly tiles?: string;
  readonly area?: string;
}

export function assembleCommand(): Command {
  const command = new Command('assemble')
    .description('Join the parts that "skyfix index build --part" made, in any order, to one index version.')
    .argument('<part...>', 'folders of all parts')
    .requiredOption('-o, --out <dir>', 'folder to make')
    .option('--bundle <dir|name>', 'where the bundle is here (default: where the parts found it)')
    .option('--imagery <source>', 'where the imagery is here; the same bytes')
    .option('--tiles <file.csv>', 'where the list of images is here; the same bytes')
    .option('--area <file.geojson>', 'where the area is here; the same polygons');
  return addVersionOptions(command)
    .addHelpText(
      'after',
      '\nThe version is the same to the bit as that of a build on one machine of the same kind.',
    )
    .action(async (parts: string[], flags: AssembleFlags) => {
      const started = performance.now();
      const { out, bundle, imagery, tiles, area } = flags;
      const manifest = await withProgress((telling) =>
        assembleIndex({
          parts,
          outDir: out,
          bundleDir: bundle === undefined ? undefined : bundleDirOf(bundle),
          imagery,
          tilesCsv: tiles,
          areaGeoJson: area,
          ...versionOptionsOf(flags, `${out}.contact-sheet.png`),
          ...telling,
        }),
      );
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(`${out}: ${summaryOf(manifest)}, assembled of ${parts.length} parts in ${seconds} s`);
    });
}
