// skyfix index update: newer imagery of a region, of which only what changed is described again.
import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { Command, Option } from 'commander';
import {
  type BasemapChoice,
  GRAPH_ENGINES,
  type GraphEngine,
  publishIndex,
  type UpdateMade,
  updateIndex,
} from '../../index/index.js';
import { SkyfixError } from '../../src/errors/index.js';
import { lockFolder } from '../../src/files/index.js';
import { currentVersionDir, regionDir } from '../../src/versions/index.js';
import { engineOfEnvironment } from '../shared/engine.js';
import { bundleDirOf } from '../shared/shipped-bundles.js';
import {
  addServerOptions,
  dataDirOf,
  type ServerFlags,
  sayWaiting,
  serverOf,
  tellWhatServes,
} from '../shared/what-serves.js';
import { basemapChoice, positive, rangeOf, summaryOf, whole, withProgress } from './build-options.js';

interface UpdateFlags extends ServerFlags {
  readonly region?: string;
  readonly out?: string;
  readonly imagery: string;
  readonly area?: string;
  readonly covers?: string;
  readonly bundle?: string;
  readonly zoom?: number;
  readonly range?: string[];
  readonly attribution?: string;
  readonly basemap?: BasemapChoice;
  readonly engine: GraphEngine;
  readonly threads: number;
  readonly keep: number;
}

export function updateCommand(): Command {
  const command = new Command('update')
    .description(
      'Make a version of newer imagery: tiles whose pixels changed are described again, new ones added, lost ones removed.',
    )
    .argument('[dir]', 'index version folder instead of a region; then --out says where the new one goes')
    .requiredOption('--imagery <source>', 'imagery of the whole region as it is now')
    .option('--region <name>', 'region whose current version is updated; the new one is published')
    .option('-o, --out <dir>', 'folder to make, with a version folder instead of a region')
    .option(
      '--area <file.geojson>',
      'where the imagery changed; tiles elsewhere are not looked at (default: all are compared)',
    )
    .option('--covers <file.geojson>', "area of the region from now on (default: the version's)")
    .option(
      '--bundle <dir|name>',
      "where the bundle is; must hold the same encoder (default: the version's own)",
    )
    .option('--zoom <level>', 'zoom level of an XYZ/TMS folder (default: as the version was built)', whole)
    .option(
      '--range <values...>',
      'LOW HIGH: samples that become black and white (default: as the version was built)',
    )
    .option(
      '--basemap <auto|off|zoom>',
      'the imagery as a map (default: auto where the version has one, else off)',
      basemapChoice,
    )
    .option('--attribution <text>', "whose imagery it is, for maps (default: the version's)")
    .addOption(
      new Option('--engine <name>', 'of the graph (default: auto)').choices(GRAPH_ENGINES).default('auto'),
    )
    .option('--threads <n>', 'threads of the encoder', positive, availableParallelism())
    .option('--keep <n>', 'versions to keep; the current, the previous and what serves always', whole, 3);
  return addServerOptions(command)
    .addHelpText(
      'after',
      '\nTiles, lattice, way of reading and bundle are those of the version before; for others: skyfix index rebuild.',
    )
    .action(async (dir: string | undefined, flags: UpdateFlags) => {
      const { region, out } = flags;
      if (dir !== undefined && out !== undefined && region === undefined) {
        tell(out, await updateFromFlags(dir, out, flags));
        return;
      }
      if (region !== undefined && dir === undefined && out === undefined) return updateRegion(region, flags);
      throw new SkyfixError(
        'PARAMETER_INVALID',
        'Give either --region, or the folder of an index version and --out.',
      );
    });
}

async function updateRegion(region: string, flags: UpdateFlags): Promise<void> {
  const dataDir = dataDirOf(flags);
  const server = await serverOf(flags);
  const indexDir = await currentVersionDir(dataDir, region);
  const outDir = `${regionDir(dataDir, region)}.update`;
  const lock = await lockFolder(regionDir(dataDir, region), { kind: 'rebuild' });
  try {
    await rm(outDir, { recursive: true, force: true });
    tell(region, await updateFromFlags(indexDir, outDir, flags));
    const publishing = {
      indexDir: outDir,
      dataDir,
      region,
      keep: flags.keep,
      share: true,
      onWait: sayWaiting,
    };
    const version = await publishIndex(publishing);
    await rm(outDir, { recursive: true, force: true });
    await tellWhatServes(dataDir, region, version, server);
  } finally {
    await lock.release();
  }
}

function tell(what: string, { manifest, changed, added, removed, described }: UpdateMade): void {
  const counts = `${changed} tiles changed, ${added} added, ${removed} removed, ${described} described`;
  console.log(`${what}: ${summaryOf(manifest)}; ${counts}`);
}

async function updateFromFlags(indexDir: string, outDir: string, flags: UpdateFlags): Promise<UpdateMade> {
  const { imagery, area, covers, bundle, attribution, basemap, threads, zoom, range } = flags;
  const engine = await engineOfEnvironment();
  return withProgress((telling) =>
    updateIndex({
      indexDir,
      outDir,
      imagery,
      changedGeoJson: area,
      areaGeoJson: covers,
      bundleDir: bundle === undefined ? undefined : bundleDirOf(bundle),
      imageryOptions: { zoom, range: rangeOf(range) },
      attribution,
      basemap,
      graph: { engine: flags.engine },
      threads,
      engine,
      ...telling,
    }),
  );
}
