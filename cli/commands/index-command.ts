// skyfix index: build, assemble, verify, publish, rebuild, update, roll back and list index versions; the default region.
import { Command, InvalidArgumentError } from 'commander';
import {
  buildPart,
  type ListedVersion,
  listIndex,
  publishIndex,
  rollbackIndex,
  verifyIndex,
} from '../../index/index.js';
import { clusterOf, loadConfig } from '../../src/config/index.js';
import { readDefaultRegion, setDefaultRegion } from '../../src/versions/index.js';
import { openStageProgress } from '../shared/progress.js';
import { bundleDirOf } from '../shared/shipped-bundles.js';
import {
  addServerOptions,
  dataDirOf,
  type ServerFlags,
  sayWaiting,
  serverOf,
  tellWhatServes,
} from '../shared/what-serves.js';
import { assembleCommand } from './assemble-index-command.js';
import {
  addBuildOptions,
  type BuildFlags,
  buildFromFlags,
  number,
  positive,
  summaryOf,
  tileOptionsOf,
  whole,
  withProgress,
} from './build-options.js';
import { calibrateCommand } from './calibrate-index-command.js';
import { catalogueCommand } from './catalogue-index-command.js';
import { addPublishOptions, type PublishFlags } from './publish-options.js';
import { rebuildCommand } from './rebuild-index-command.js';
import { updateCommand } from './update-index-command.js';
import { addWeaviateOptions, type WeaviateFlags, weaviateOf } from './weaviate-options.js';

const share = (text: string): number => {
  const value = number(text);
  if (value < 0 || value > 1) throw new InvalidArgumentError('It must be from 0 to 1.');
  return value;
};

export function indexCommand(): Command {
  return new Command('index')
    .description(
      'Build, assemble, verify, publish, rebuild, update, calibrate, roll back and list index versions.',
    )
    .addCommand(buildCommand())
    .addCommand(assembleCommand())
    .addCommand(verifyCommand())
    .addCommand(publishCommand())
    .addCommand(rebuildCommand())
    .addCommand(updateCommand())
    .addCommand(calibrateCommand())
    .addCommand(catalogueCommand())
    .addCommand(rollbackCommand())
    .addCommand(listCommand())
    .addCommand(defaultCommand());
}

interface BuildCommandFlags extends BuildFlags {
  out: string;
  part?: { readonly part: number; readonly of: number };
}

/** "3/16" */
const partOf = (text: string) => {
  const [part = Number.NaN, of = Number.NaN] = /^\d+\/\d+$/.test(text) ? text.split('/').map(Number) : [];
  if (part >= 1 && part <= of) return { part, of };
  throw new InvalidArgumentError('It must be K/N, the K-th of N parts, from 1/N to N/N.');
};

function buildCommand(): Command {
  const command = new Command('build')
    .description(
      'Cut or read tiles, embed them and build an index version. Started again after a kill, it goes on.',
    )
    .requiredOption('-o, --out <dir>', 'folder to make; with --part, the folder that the part is put into')
    .option(
      '--part <k/n>',
      'embed only the K-th of N parts, into a folder like part-03-of-16; "skyfix index assemble" joins them',
      partOf,
    );
  return addBuildOptions(command).action(async (flags: BuildCommandFlags) => {
    const started = performance.now();
    const seconds = () => (performance.now() - started) / 1000;
    if (flags.part) {
      const { dir, manifest, made } = await partFromFlags(flags, flags.part);
      const { made: count, order } = manifest;
      const rate = ((order.to - order.from) / seconds()).toFixed(1);
      console.log(
        `${dir}: ${count} tiles, ${made ? `made in ${seconds().toFixed(1)} s, ${rate} a second` : 'there already'}`,
      );
      return;
    }
    const manifest = await buildFromFlags(flags, flags.out, `${flags.out}.contact-sheet.png`);
    console.log(`${flags.out}: ${summaryOf(manifest)}, built in ${seconds().toFixed(1)} s`);
  });
}

function partFromFlags(flags: BuildCommandFlags, part: { readonly part: number; readonly of: number }) {
  return withProgress(async (telling) =>
    buildPart({ outDir: flags.out, ...part, ...(await tileOptionsOf(flags)), ...telling }),
  );
}

function verifyCommand(): Command {
  return new Command('verify')
    .description('Check checksums, bundle and counts of an index version, and measure its recall.')
    .argument('<dir>', 'index version folder')
    .option('--min-recall <share>', 'lowest recall@1 and @10 against exact search', share, 0.95)
    .option('--queries <n>', 'queries to measure with (default: 200, fewer for large indexes)', positive)
    .option('--seed <n>', 'seed of the queries', whole, 1)
    .action(async (dir: string, flags: { minRecall: number; queries?: number; seed: number }) => {
      const progress = openStageProgress();
      const { manifest, recall } = await verifyIndex(dir, {
        ...flags,
        onProgress: (done, total) => progress.update('recall', done, total),
      }).finally(progress.stop);
      console.log(`${dir}: ${summaryOf({ ...manifest, recall })}; checksums and bundle are right`);
    });
}

interface PublishCommandFlags extends PublishFlags, WeaviateFlags {
  readonly region: string;
  readonly bundle?: string;
  readonly minRecall?: number;
}

function publishCommand(): Command {
  const command = new Command('publish')
    .description('Copy an index version into the data folder, make it current, and have a server take it up.')
    .argument('<dir>', 'index version folder')
    .requiredOption('--region <name>', 'region to publish to (a-z, 0-9, hyphens)');
  return addWeaviateOptions(addPublishOptions(command))
    .option(
      '--bundle <dir|name>',
      'take this bundle instead of the one in the folder; must hold the same encoder',
    )
    .option('--min-recall <share>', 'lowest recall@1 and @10 in its manifest, 0 to 1 (default: 0.95)', share)
    .action(async (indexDir: string, flags: PublishCommandFlags) => {
      const { region, keep, minRecall } = flags;
      const bundleDir = flags.bundle === undefined ? undefined : bundleDirOf(flags.bundle);
      const dataDir = dataDirOf(flags);
      const server = await serverOf(flags);
      const progress = openStageProgress();
      const weaviate = weaviateOf(flags, progress);
      const common = { dataDir, region, keep, minRecall, onWait: sayWaiting };
      const version = await publishIndex({ ...common, indexDir, bundleDir, weaviate }).finally(progress.stop);
      await tellWhatServes(dataDir, region, version, server);
    });
}

function rollbackCommand(): Command {
  const command = new Command('rollback')
    .description('Make the version before the current one current again, or any other that is still there.')
    .requiredOption('--region <name>', 'region')
    .option('--to <version>', 'this version, also forward again ("skyfix index list" shows what there is)');
  return addServerOptions(command).action(
    async (flags: ServerFlags & { readonly region: string; readonly to?: string }) => {
      const { region, to } = flags;
      const dataDir = dataDirOf(flags);
      const server = await serverOf(flags);
      const cluster = clusterOf(loadConfig(process.env));
      const version = await rollbackIndex({ dataDir, region, to, cluster, onWait: sayWaiting });
      await tellWhatServes(dataDir, region, version, server);
    },
  );
}

function defaultCommand(): Command {
  return new Command('default')
    .description(
      'Show or set the region of requests that name none; the first one published, until it is set.',
    )
    .option('--region <name>', 'make this one the default; a running server takes it up when it starts again')
    .option(...DATA_OPTION)
    .action(async (flags: { readonly region?: string; readonly data?: string }) => {
      const dataDir = dataDirOf(flags);
      if (flags.region !== undefined) await setDefaultRegion(dataDir, flags.region);
      console.log((await readDefaultRegion(dataDir)) ?? 'No region is the default.');
    });
}

const DATA_OPTION = [
  '--data <dir>',
  'data folder (default: SKYFIX_DATA or what "skyfix serve --help" says)',
] as const;

function listCommand(): Command {
  return new Command('list')
    .description('List published regions and their versions.')
    .option('--region <name>', 'only this region')
    .option(...DATA_OPTION)
    .option('--json', 'as JSON')
    .action(async (flags: { region?: string; data?: string; json?: boolean }) => {
      const regions = await listIndex({ dataDir: dataDirOf(flags), region: flags.region });
      if (flags.json) {
        console.log(JSON.stringify(regions, null, 2));
        return;
      }
      if (regions.length === 0) console.log('No region is published.');
      for (const { region, versions } of regions) {
        console.log(region);
        for (const version of versions) console.log(`  ${version.state.padEnd(8)} ${lineOf(version)}`);
      }
    });
}

const lineOf = ({ version, manifest, problem }: ListedVersion) =>
  manifest ? summaryOf(manifest) : `${version}: ${problem}`;
