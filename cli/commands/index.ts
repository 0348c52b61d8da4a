// skyfix index: build, verify, publish, roll back and list index versions.
import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';
import {
  type BuildOptions,
  buildIndex,
  type ListedVersion,
  listIndex,
  publishIndex,
  rollbackIndex,
  verifyIndex,
} from '../../index/index.js';
import { loadConfig } from '../../src/config/index.js';
import { SkyfixError } from '../../src/errors/index.js';
import { loadBundle } from '../../src/models/index.js';
import type { IndexManifest } from '../../src/search/index.js';
import { openStageProgress } from '../progress.js';

const number = (text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
};
const whole = (text: string): number => {
  const value = number(text);
  if (!Number.isInteger(value) || value < 0) {
    throw new InvalidArgumentError('It must be a whole number, 0 or more.');
  }
  return value;
};
const positive = (text: string): number => {
  const value = number(text);
  if (value <= 0) throw new InvalidArgumentError('It must be over 0.');
  return value;
};
const share = (text: string): number => {
  const value = number(text);
  if (value < 0 || value > 1) throw new InvalidArgumentError('It must be from 0 to 1.');
  return value;
};

export function indexCommand(): Command {
  return new Command('index')
    .description('Build, verify, publish, roll back and list index versions.')
    .addCommand(buildCommand())
    .addCommand(verifyCommand())
    .addCommand(publishCommand())
    .addCommand(rollbackCommand())
    .addCommand(listCommand());
}

interface BuildFlags {
  bundle: string;
  out: string;
  imagery?: string;
  tiles?: string;
  tileSizeM?: number;
  strideM: number;
  area?: string;
  zoom?: number;
  tms?: boolean;
  proj4?: string;
  threads: number;
  m?: number;
  efConstruction?: number;
  efSearch?: number;
  seed?: number;
}

function buildCommand(): Command {
  return new Command('build')
    .description(
      'Cut or read tiles, embed them and build an index version. Started again after a kill, it goes on.',
    )
    .requiredOption('--bundle <dir>', 'bundle whose encoder embeds the tiles')
    .requiredOption('-o, --out <dir>', 'folder to make')
    .option('--imagery <source>', 'GeoTIFF file, or folder of XYZ/TMS tiles')
    .option('--tiles <file.csv>', 'instead of imagery: a list of images, tile,lon,lat,sizeM,file')
    .option('--tile-size-m <metres>', "side of a tile (default: the bundle's)", positive)
    .option('--stride-m <metres>', 'distance of neighbouring tiles', positive, 16)
    .option('--area <file.geojson>', 'only tiles whose centre lies in these polygons')
    .option('--zoom <level>', 'zoom level of an XYZ/TMS folder (default: the deepest)', whole)
    .option('--tms', 'rows of the folder count from the south')
    .option('--proj4 <definition>', 'coordinate system of the GeoTIFF, where it is not known by its code')
    .option('--threads <n>', 'threads of the encoder', positive, availableParallelism())
    .option('--m <n>', 'links of a vector in the graph (default: 16)', positive)
    .option('--ef-construction <n>', 'candidates while building the graph (default: 200)', positive)
    .option('--ef-search <n>', 'candidates while searching it (default: 128)', positive)
    .option('--seed <n>', 'seed of graph and recall measurement (default: 100)', whole)
    .action(async (flags: BuildFlags) => {
      const progress = openStageProgress();
      const started = performance.now();
      const manifest = await buildIndex({
        bundleDir: flags.bundle,
        outDir: flags.out,
        ...(await tilesOf(flags)),
        threads: flags.threads,
        graph: {
          ...(flags.m === undefined ? {} : { m: flags.m }),
          ...(flags.efConstruction === undefined ? {} : { efConstruction: flags.efConstruction }),
          ...(flags.efSearch === undefined ? {} : { efSearch: flags.efSearch }),
          ...(flags.seed === undefined ? {} : { seed: flags.seed }),
        },
        onProgress: (done, total, stage) => progress.update(stage, done, total),
      }).finally(progress.stop);
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(`${flags.out}: ${summaryOf(manifest)}, built in ${seconds} s`);
    });
}

async function tilesOf(flags: BuildFlags): Promise<Partial<BuildOptions>> {
  if ((flags.imagery === undefined) === (flags.tiles === undefined)) {
    throw new SkyfixError('PARAMETER_INVALID', 'Give either --imagery or --tiles.');
  }
  if (flags.imagery === undefined) return { tilesCsv: flags.tiles };
  const { tileSizeM } = (await loadBundle(flags.bundle)).manifest.geometry;
  if (flags.tileSizeM !== undefined && flags.tileSizeM !== tileSizeM) {
    console.error(`Warning: the bundle was trained on tiles of ${tileSizeM} m, not ${flags.tileSizeM} m.`);
  }
  return {
    imagery: flags.imagery,
    imageryOptions: { zoom: flags.zoom, tms: flags.tms, proj4: flags.proj4 },
    tileSizeM: flags.tileSizeM ?? tileSizeM,
    strideM: flags.strideM,
    areaGeoJson: flags.area,
  };
}

function verifyCommand(): Command {
  return new Command('verify')
    .description('Check checksums, bundle and counts of an index version, and measure its recall.')
    .argument('<dir>', 'index version folder')
    .option('--min-recall <share>', 'lowest recall@10 against exact search', share, 0.95)
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

const dataOption = [
  '--data <dir>',
  'data folder (default: SKYFIX_DATA or what "skyfix serve --help" says)',
] as const;
const dataDirOf = (flags: { data?: string }) => flags.data ?? loadConfig(process.env).dataDir;

function publishCommand(): Command {
  return new Command('publish')
    .description(
      'Copy an index version into the data folder and make it current; a running server needs a reload.',
    )
    .argument('<dir>', 'index version folder')
    .requiredOption('--region <name>', 'region to publish to (a-z, 0-9, hyphens)')
    .option(...dataOption)
    .option('--bundle <dir>', 'take this bundle instead of the one in the folder; must hold the same encoder')
    .option('--keep <n>', 'versions to keep, the current and the previous one always', whole, 3)
    .option('--min-recall <share>', 'lowest recall@10 in its manifest', share)
    .action(
      async (
        indexDir: string,
        flags: { region: string; data?: string; bundle?: string; keep: number; minRecall?: number },
      ) => {
        const { region, keep, minRecall, bundle: bundleDir } = flags;
        const dataDir = dataDirOf(flags);
        const version = await publishIndex({ indexDir, dataDir, region, keep, minRecall, bundleDir });
        console.log(`${region}: ${version} is current`);
      },
    );
}

function rollbackCommand(): Command {
  return new Command('rollback')
    .description('Make the version before the current one current again.')
    .requiredOption('--region <name>', 'region')
    .option(...dataOption)
    .action(async (flags: { region: string; data?: string }) => {
      const version = await rollbackIndex({ dataDir: dataDirOf(flags), region: flags.region });
      console.log(`${flags.region}: ${version} is current`);
    });
}

function listCommand(): Command {
  return new Command('list')
    .description('List published regions and their versions.')
    .option('--region <name>', 'only this region')
    .option(...dataOption)
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

function summaryOf({ version, count, dimensions, tiles, bundle, recall }: IndexManifest): string {
  const stride = tiles.strideM === null ? '' : ` every ${tiles.strideM} m`;
  return (
    `${version}, ${count} tiles of ${tiles.sizeM} m${stride}, ${dimensions} dimensions, ` +
    `bundle ${bundle.name} ${bundle.version}, recall@1 ${recall.at1.toFixed(3)}, recall@10 ${recall.at10.toFixed(3)}`
  );
}
