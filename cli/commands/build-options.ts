// Building an index from the command line: what `skyfix index build` and `skyfix index rebuild` share.
import { availableParallelism } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  type BasemapChoice,
  buildIndex,
  GRAPH_ENGINES,
  type GraphEngine,
  type SampleRange,
  type TileOptions,
  type VersionOptions,
} from '../../index/index.js';
import { MOST_ZOOM } from '../../src/basemap/index.js';
import { loadBundle } from '../../src/bundles/index.js';
import { SkyfixError } from '../../src/errors/index.js';
import {
  DESCRIPTOR_PRECISIONS,
  type DescriptorPrecision,
  GRAPH_PRECISIONS,
  type GraphPrecision,
} from '../../src/search/index.js';
import type { IndexManifest } from '../../src/versions/index.js';
import { engineOfEnvironment } from '../shared/engine.js';
import { openStageProgress } from '../shared/progress.js';
import { bundleDirOrGeneral, GENERAL_BUNDLE } from '../shared/shipped-bundles.js';

export const number = (text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
};
export const whole = (text: string): number => {
  const value = number(text);
  if (!Number.isInteger(value) || value < 0) {
    throw new InvalidArgumentError('It must be a whole number, 0 or more.');
  }
  return value;
};
export const positive = (text: string): number => {
  const value = number(text);
  if (value <= 0) throw new InvalidArgumentError('It must be over 0.');
  return value;
};

/** "auto", "off" or a zoom level. */
export const basemapChoice = (text: string): BasemapChoice => {
  if (text === 'auto' || text === 'off') return text;
  const zoom = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isInteger(zoom) && zoom >= 0 && zoom <= MOST_ZOOM) return zoom;
  throw new InvalidArgumentError(`It must be "auto", "off" or a zoom level from 0 to ${MOST_ZOOM}.`);
};

export interface TileFlags {
  bundle?: string;
  imagery?: string;
  tiles?: string;
  tileSizeM?: number;
  strideM: number;
  area?: string;
  zoom?: number;
  tms?: boolean;
  proj4?: string;
  epsg?: number;
  range?: string[];
  threads: number;
}

export interface VersionFlags {
  /** False for --no-contact-sheet. */
  contactSheet?: string | false;
  basemap: BasemapChoice;
  attribution?: string;
  descriptors: DescriptorPrecision;
  dimensions?: number;
  engine: GraphEngine;
  precision?: GraphPrecision;
  m?: number;
  efConstruction?: number;
  efSearch?: number;
  seed?: number;
}

export interface BuildFlags extends TileFlags, VersionFlags {}

/** Adds everything that says what is built and how, --bundle included. */
export function addBuildOptions(command: Command): Command {
  return addVersionOptions(addTileOptions(command));
}

/** What the tiles are, and who describes them. */
export function addTileOptions(command: Command): Command {
  return command
    .option(
      '--bundle <dir|name>',
      `bundle that describes the tiles: a folder, or the name of one that ships (default: ${GENERAL_BUNDLE}, if it does)`,
    )
    .option('--imagery <source>', 'GeoTIFF file, folder or VRT of GeoTIFFs, or folder of XYZ/TMS tiles')
    .option('--tiles <file.csv>', 'instead of imagery: a list of images, tile,lon,lat,sizeM,file')
    .option('--tile-size-m <metres>', "side of a tile (default: the bundle's)", positive)
    .option('--stride-m <metres>', 'distance of neighbouring tiles', positive, 16)
    .option('--area <file.geojson>', 'only tiles whose centre lies in these polygons')
    .option('--zoom <level>', 'zoom level of an XYZ/TMS folder (default: the deepest)', whole)
    .option('--tms', 'rows of the folder count from the south')
    .option('--epsg <code>', 'coordinate system of the GeoTIFF instead of what it says', whole)
    .option('--proj4 <definition>', 'the same as a definition, with its datum or +towgs84')
    .option(
      '--range <values...>',
      'LOW HIGH: samples that become black and white, of 16-bit or float imagery',
    )
    .option('--threads <n>', 'threads of the encoder', positive, availableParallelism());
}

/** What is made of described tiles. */
export function addVersionOptions(command: Command): Command {
  return command
    .option('--contact-sheet <file.png>', 'sample tiles, to look at')
    .option('--no-contact-sheet', 'none')
    .option(
      '--basemap <auto|off|zoom>',
      'the imagery as a map in the version: as deep as it is fine (at most 16,384 tiles there), none, or to this zoom level',
      basemapChoice,
      'auto',
    )
    .option('--attribution <text>', "whose imagery it is, for maps (default: what the imagery's files say)")
    .option(
      '--dimensions <n>',
      "keep so many dimensions of the descriptors, those in which the region's differ most (default: all)",
      positive,
    )
    .addOption(
      new Option('--descriptors <kind>', 'how descriptors are kept and compared: 32, 16 or 8 bits a number')
        .choices(DESCRIPTOR_PRECISIONS)
        .default('f16'),
    )
    .addOption(
      new Option(
        '--engine <name>',
        'of the graph; auto: none up to 6 million numbers (tiles x dimensions), usearch, mapped, from 134 million',
      )
        .choices(GRAPH_ENGINES)
        .default('auto'),
    )
    .addOption(
      new Option('--precision <kind>', 'of the vectors in a usearch graph (default: i8)').choices(
        GRAPH_PRECISIONS,
      ),
    )
    .option('--m <n>', 'links of a vector in the graph (default: 16)', positive)
    .option('--ef-construction <n>', 'candidates while building the graph (default: 200)', positive)
    .option('--ef-search <n>', 'candidates while searching it (default: 128)', positive)
    .option('--seed <n>', 'seed of graph and recall measurement (default: 100)', whole);
}

/** Builds the index version into `outDir`, with progress. Throws what buildIndex throws. */
export async function buildFromFlags(
  flags: BuildFlags,
  outDir: string,
  contactSheet?: string,
): Promise<IndexManifest> {
  return withProgress(async (telling) =>
    buildIndex({
      outDir,
      ...(await tileOptionsOf(flags)),
      ...versionOptionsOf(flags, contactSheet),
      ...telling,
    }),
  );
}

/** Runs work that tells how far it is and what it found, and shows both. */
export async function withProgress<T>(
  work: (
    telling: Required<Pick<VersionOptions, 'onProgress'>> & Pick<VersionOptions, 'onNote'>,
  ) => Promise<T>,
): Promise<T> {
  const progress = openStageProgress();
  return work({
    onProgress: (done, total, stage) => progress.update(stage, done, total),
    onNote: ({ kind, text }) => (kind === 'fact' ? console.log(text) : console.error(`Warning: ${text}`)),
  }).finally(progress.stop);
}

/** What the tiles are and who describes them, engine included. */
export async function tileOptionsOf(flags: TileFlags): Promise<TileOptions> {
  const bundleDir = bundleDirOrGeneral(flags.bundle);
  const tiles = await tilesOf(flags, bundleDir);
  return { bundleDir, ...tiles, threads: flags.threads, engine: await engineOfEnvironment() };
}

/** `contactSheet`: where it is written unless the flags say otherwise. */
export function versionOptionsOf(flags: VersionFlags, contactSheet?: string): VersionOptions {
  return {
    descriptors: flags.descriptors,
    dimensions: flags.dimensions,
    graph: {
      engine: flags.engine,
      ...(flags.precision === undefined ? {} : { precision: flags.precision }),
      ...(flags.m === undefined ? {} : { m: flags.m }),
      ...(flags.efConstruction === undefined ? {} : { efConstruction: flags.efConstruction }),
      ...(flags.efSearch === undefined ? {} : { efSearch: flags.efSearch }),
      ...(flags.seed === undefined ? {} : { seed: flags.seed }),
    },
    contactSheet: flags.contactSheet === false ? undefined : (flags.contactSheet ?? contactSheet),
    basemap: flags.basemap,
    attribution: flags.attribution,
  };
}

async function tilesOf(flags: TileFlags, bundleDir: string): Promise<Partial<TileOptions>> {
  if ((flags.imagery === undefined) === (flags.tiles === undefined)) {
    throw new SkyfixError('PARAMETER_INVALID', 'Give either --imagery or --tiles.');
  }
  if (flags.imagery === undefined) return { tilesCsv: flags.tiles, tileSizeM: flags.tileSizeM };
  const { tileSizeM } = (await loadBundle(bundleDir)).manifest.geometry;
  if (flags.tileSizeM !== undefined && flags.tileSizeM !== tileSizeM) {
    console.error(`Warning: the bundle was trained on tiles of ${tileSizeM} m, not ${flags.tileSizeM} m.`);
  }
  return {
    imagery: flags.imagery,
    imageryOptions: {
      zoom: flags.zoom,
      tms: flags.tms,
      proj4: flags.proj4,
      epsg: flags.epsg,
      range: rangeOf(flags.range),
    },
    tileSizeM: flags.tileSizeM ?? tileSizeM,
    strideM: flags.strideM,
    areaGeoJson: flags.area,
  };
}

/** LOW HIGH. Throws PARAMETER_INVALID. */
export function rangeOf(values: readonly string[] | undefined): SampleRange | undefined {
  if (values === undefined) return undefined;
  const [low = Number.NaN, high = Number.NaN] = values.map(Number);
  if (values.length !== 2 || !(low < high) || !Number.isFinite(high - low)) {
    throw new SkyfixError(
      'PARAMETER_INVALID',
      `--range needs two numbers LOW HIGH with LOW under HIGH, not "${values.join(' ')}".`,
    );
  }
  return { low, high };
}

/** One line about a version. */
export function summaryOf({ version, count, dimensions, tiles, bundle, recall }: IndexManifest): string {
  const stride = tiles.strideM === null ? '' : ` every ${tiles.strideM} m`;
  return (
    `${version}, ${count} tiles of ${tiles.sizeM} m${stride}, ${dimensions} dimensions, ` +
    `bundle ${bundle.name} ${bundle.version}, recall@1 ${recall.at1.toFixed(3)}, recall@10 ${recall.at10.toFixed(3)}`
  );
}
