// skyfix-train quantise: a bundle's networks in 8 bits too, measured on what they were not fitted to.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type Bundle, type BundleQuantisation, loadBundle } from 'skyfix/bundles';
import { bundleDirOf } from 'skyfix/cli';
import { type DatasetFormat, FORMATS, openDataset } from '../datasets/index.js';
import {
  ownTowns,
  picturesOfDataset,
  picturesOfFolder,
  type QuantisationPictures,
  quantiseBundle,
} from '../pipeline/index.js';
import { METHODS, type RangeMethod, WEIGHT_BITS, type WeightBits } from '../quantisation/index.js';
import { openTrainingProgress, type TrainingProgress } from '../runs/index.js';
import { wholeNumber } from './numbers.js';
import { type GivenPhotoOptions, photoOptionsOf, withPhotoOptions } from './photo-options.js';

interface GivenOptions extends GivenPhotoOptions {
  readonly bundle: string;
  readonly town?: string;
  readonly format: DatasetFormat;
  readonly root?: string;
  readonly views?: string;
  readonly out?: string;
  readonly pictures: number;
  readonly heldOut: number;
  readonly ranges: readonly RangeMethod[];
  readonly weightBits: WeightBits;
  readonly cosine: number;
  readonly threads: number;
  readonly cache: string;
}

/** The sub-command `quantise`. */
export function quantiseCommand(): Command {
  const command = new Command('quantise')
    .description(
      'put the networks of a bundle in 8 bits too (weights per channel, ranges of values from pictures), leave in float what ' +
        'descriptors need, measure what it costs on held-out views, and write all that into the bundle',
    )
    .requiredOption('--bundle <dir|name>', 'the bundle: its folder, or the name of one that ships')
    .option('--out <dir>', "folder of the bundle that is written (default: the bundle's own)")
    .option('--town <dir>', 'a town made by "skyfix-train town": the same as --format town --root DIR')
    .addOption(new Option('--format <format>', 'format of the data set').choices(FORMATS).default('town'))
    .option(
      '--root <path>',
      'its folder: train and validation splits for the ranges, the test split is held out (default: the first ' +
        'town that the bundle was trained on, where it lies here)',
    )
    .option(
      '--views <dir>',
      "instead of a data set a folder of pictures from above, such as a generator's BEVs; every fourth is held out",
    )
    .option('--pictures <n>', 'places, or pictures, that the ranges are taken from', wholeNumber(1, 4096), 32)
    .option('--held-out <n>', 'held-out views that are compared, at most', wholeNumber(1, 100_000), 100)
    .option(
      '--ranges <how>',
      'how the range of a value is chosen: "entropy", or a percentage of the values such as 99.99, from the middle (default: ' +
        'the best of 100, 99.999, 99.99 and entropy)',
      rangeMethod,
    )
    .addOption(
      new Option(
        '--weight-bits <n>',
        '7 is right on every processor; with 8 those without VNNI (or AMX, or dot products on arm64) compute wrong sums',
      )
        .choices(WEIGHT_BITS.map(String))
        .default('7'),
    )
    .option('--cosine <c>', 'mean cosine to float32 that held-out views must keep', cosine, 0.995)
    .option('--threads <n>', 'threads', wholeNumber(1, 64), availableParallelism())
    .option('--cache <dir>', 'folder of prepared images', join('var', 'cache'));
  return withPhotoOptions(command).action(async (given: GivenOptions, self: Command) => {
    const bundle = await loadBundle(bundleDirOf(given.bundle));
    const progress = openTrainingProgress();
    await mkdir(given.cache, { recursive: true });
    const scratch = await mkdtemp(join(given.cache, 'quantise-'));
    try {
      const pictures = await picturesFor(given, bundle, progress, self);
      const { out, ranges = METHODS, cosine: least, threads, heldOut: views } = given;
      const record = await quantiseBundle(bundle, pictures, {
        out,
        methods: ranges,
        weightBits: Number(given.weightBits) as WeightBits,
        cosine: least,
        threads,
        views,
        scratch,
        onNote: (note) => process.stderr.write(`${note}\n`),
        onProgress: (what, done, total) => progress.work(what)(done, total),
      });
      process.stdout.write(`${summaryOf(out ?? bundle.dir, record).join('\n')}\n`);
    } finally {
      progress.stop();
      await rm(scratch, { recursive: true, force: true });
    }
  });
}

async function picturesFor(
  given: GivenOptions,
  { manifest }: Bundle,
  progress: TrainingProgress,
  self: Command,
): Promise<QuantisationPictures> {
  const { views, pictures, cache, threads } = given;
  const { geometry } = manifest;
  const named = given.town ?? given.root;
  if (views !== undefined && named !== undefined)
    self.error('error: give --views, or --town or --root, not both');
  if (views !== undefined) return picturesOfFolder(views, geometry, pictures);
  const root = named ?? ownTowns(manifest)[0];
  if (root === undefined) {
    self.error(
      'error: no town of this bundle lies here; give --town <dir>, --format and --root, or --views <dir>',
    );
  }
  const photos = photoOptionsOf(given, geometry.tileSizeM);
  const format = named === undefined || given.town !== undefined ? 'town' : given.format;
  const dataset = await openDataset({ format, root: root as string, ...(photos && { photos }) });
  return picturesOfDataset(dataset, geometry, pictures, {
    cacheDir: cache,
    threads,
    onProgress: (what, done, total) => progress.work(what)(done, total),
  });
}

function summaryOf(folder: string, record: BundleQuantisation): readonly string[] {
  const { networks, heldOut, retrieval } = record;
  const { mean, p5, least } = heldOut.cosine;
  const ofNetworks = Object.entries(networks).map(
    ([file, { layers, inFloat, ranges }]) =>
      `${file}: ${layers} layers in 8 bits, ${inFloat.length} left in float; ranges ` +
      (ranges === 'entropy' ? 'by entropy' : `of ${ranges} % of the values`),
  );
  const lines = [
    `${folder}: quantised with ${record.calibration.pictures} pictures of ${record.calibration.from}`,
    ...ofNetworks,
    `cosine to float32 over ${heldOut.views} held-out views: mean ${mean.toFixed(4)}, 5 % under ${p5.toFixed(4)}, ` +
      `least ${least.toFixed(4)}`,
  ];
  if (!retrieval) return lines;
  const { at1, queries, gallery } = retrieval;
  const found = `R@1 ${at1.f32.toFixed(1)} % in float32, ${at1.int8.toFixed(1)} % in 8 bits`;
  return [...lines, `${found} (${queries} places, ${gallery} tiles)`];
}

function rangeMethod(text: string): readonly RangeMethod[] {
  if (text === 'entropy') return ['entropy'];
  const value = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && value >= 50 && value <= 100) return [value];
  throw new InvalidArgumentError('Give "entropy" or a percentage from 50 to 100.');
}

function cosine(text: string): number {
  const value = Number(text);
  if (/^0?\.\d+$/.test(text) && value > 0 && value < 1) return value;
  throw new InvalidArgumentError('Give a number between 0 and 1.');
}
