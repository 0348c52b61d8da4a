// skyfix-train dataset: what a data set holds and what is wrong with it, before anything is trained on it.
import { Command, Option } from 'commander';
import type { BundleGeometry } from 'skyfix/bundles';
import { openStageProgress } from 'skyfix/cli';
import type { FieldOfView } from 'skyfix/geometry';
import { SPLITS, type Split } from '../common/index.js';
import { loadRunConfig } from '../config/index.js';
import {
  type CrossViewDataset,
  type DatasetFormat,
  DEFAULT_PHOTOS,
  decodeImages,
  FORMATS,
  formatSummary,
  imagesOf,
  openDataset,
  positiveOf,
  publishedGeometry,
  samplePairs,
  VIGOR_AREAS,
  type VigorArea,
} from '../datasets/index.js';
import { fitGeometry, fitReport, readPolarPairs, writeContactSheet } from '../ground/index.js';
import { fieldOfView, positiveMetres, wholeNumber } from './numbers.js';
import { type GivenPhotoOptions, photoOptionsOf, withPhotoOptions } from './photo-options.js';

interface DatasetOptions extends GivenPhotoOptions {
  readonly format?: DatasetFormat;
  readonly root?: string;
  readonly config?: string;
  readonly split?: readonly Split[];
  readonly area: VigorArea;
  readonly dropInvalid: boolean;
  readonly checkImages: boolean;
  readonly fieldOfView?: FieldOfView;
  readonly tileFileM?: number;
  readonly tileSizeM?: number;
  readonly cameraHeightM?: number;
  readonly contactSheet?: string;
  readonly fitGeometry: boolean;
  readonly fitPairs: number;
  readonly seed: number;
}

/** Pairs of a contact sheet. */
const SHEET_PAIRS = 12;
/** Side of a network's input; what is shown and fitted does not depend on it. */
const INPUT_PX = 256;
/** Of formats that say nothing: a car's or a person's. */
const CAMERA_HEIGHT_M = 2.5;

/** The sub-command `dataset`. */
export function datasetCommand(): Command {
  const command = new Command('dataset')
    .description(
      'read a data set in its published format, check it, show what it holds and whether its geometry is right',
    )
    .addOption(new Option('--format <format>', 'format of the data set').choices(FORMATS))
    .option(
      '--root <path>',
      'its folder; for "csv" the file, or a folder with pairs.csv; for "photos" a folder of geotagged 360 degree photos',
    )
    .addOption(
      new Option(
        '--config <file>',
        "the data and geometry of this run's configuration, instead of --format, --root and the like",
      ).conflicts(['format', 'root', 'fieldOfView', 'tileFileM', 'tileSizeM', 'cameraHeightM']),
    )
    .addOption(
      new Option('--split <split...>', 'the splits to read; all that the format has without this').choices(
        SPLITS,
      ),
    )
    .addOption(new Option('--area <area>', "VIGOR's protocol").choices(VIGOR_AREAS).default('same'))
    .option('--drop-invalid', 'drop and count what cannot be used, instead of stopping', false)
    .option(
      '--field-of-view <horizontal,vertical[,horizon]>',
      'degrees that panoramas show whose files do not say it, and the share of the rows above the horizon (default: 0.5)',
      fieldOfView,
    )
    .option(
      '--tile-file-m <metres>',
      'ground that a tile file shows along a side (default: what the format says)',
      positiveMetres,
    )
    .option(
      '--tile-size-m <metres>',
      `ground that a BEV and a tile show in training (default: the format's, else ${DEFAULT_PHOTOS.tileSizeM})`,
      positiveMetres,
    )
    .option(
      '--camera-height-m <metres>',
      `height of the cameras over the ground (default: the format's, else ${CAMERA_HEIGHT_M})`,
      positiveMetres,
    )
    .option('--check-images', 'decode every image, and not only look for its file', false)
    .option(
      '--contact-sheet <file>',
      'write a PNG of a dozen pairs: panorama, BEV, tile, and BEV over tile, with rings at 10 and 20 m',
    )
    .option(
      '--fit-geometry',
      'measure camera height, horizon and heading offset on the pairs, and warn where they are configured otherwise',
      false,
    )
    .option('--fit-pairs <n>', 'pairs to measure on, at most', wholeNumber(2, 5000), 200)
    .option('--seed <n>', 'seed that draws the pairs', wholeNumber(0, 2 ** 31 - 1), 1);
  return withPhotoOptions(command).action(async (given: DatasetOptions, self: Command) => {
    const opened =
      given.config === undefined ? await fromFlags(given, self) : await fromConfig(given, given.config);
    const { dataset, geometry } = opened;
    const sample = samplePairs(dataset, given.seed, SHEET_PAIRS);
    const drawn = { pairs: sample, unpairedPanoramas: [], gallery: [] };
    const sizes = dataset.imageSizes ?? (await decodeImages(imagesOf(drawn))).sizes;
    process.stdout.write(`${formatSummary(dataset, sizes)}\n`);
    if (given.contactSheet !== undefined) {
      await writeContactSheet(given.contactSheet, dataset, sample, geometry);
      process.stdout.write(`contact sheet ${given.contactSheet}: ${sample.map(({ id }) => id).join(' ')}\n`);
    }
    if (given.fitGeometry) await fit(dataset, geometry, given);
  });
}

interface Opened {
  readonly dataset: CrossViewDataset;
  readonly geometry: BundleGeometry;
}

async function fromFlags(given: DatasetOptions, self: Command): Promise<Opened> {
  const { format, root, split, area, dropInvalid, checkImages, fieldOfView: seen, tileFileM } = given;
  if (format === undefined || root === undefined) {
    self.error('error: give --format <format> and --root <path>, or --config <file>');
  }
  const known = publishedGeometry(format, INPUT_PX);
  const tileSizeM = given.tileSizeM ?? known?.tileSizeM ?? DEFAULT_PHOTOS.tileSizeM;
  const photos = photoOptionsOf(given, tileSizeM);
  const dataset = await openDataset({
    format,
    root,
    area,
    dropInvalid,
    checkImages,
    ...(seen && { fieldOfView: seen }),
    ...(tileFileM !== undefined && { tileFileM }),
    ...(photos && { photos }),
    ...(split && { splits: split }),
  });
  const { cameraHeightM = known?.cameraHeightM ?? dataset.ground.cameraHeightM ?? CAMERA_HEIGHT_M } = given;
  return {
    dataset,
    geometry: { inputSizePx: INPUT_PX, bevSizePx: 2 * INPUT_PX, tileSizeM, cameraHeightM },
  };
}

async function fromConfig({ checkImages, split }: DatasetOptions, file: string): Promise<Opened> {
  const config = await loadRunConfig(file);
  // Loads TensorFlow, which the other data sets do without.
  const { openSource } = await import('../pipeline/index.js');
  const progress = openStageProgress();
  const tell = (what: string) => (done: number, total: number) => progress.update(what, done, total);
  const dataset = await openSource(config.data.source, config, tell, {
    ...(split && { splits: split }),
    ...(checkImages && { checkImages }),
  }).finally(() => progress.stop());
  return { dataset, geometry: config.geometry };
}

/** Prints what the pairs say of the geometry, and on stderr what is configured otherwise. */
async function fit(
  dataset: CrossViewDataset,
  geometry: BundleGeometry,
  given: DatasetOptions,
): Promise<void> {
  const drawn = samplePairs(dataset, given.seed, given.fitPairs);
  const progress = openStageProgress();
  const pairs = await readPolarPairs(dataset, drawn, geometry, (done, total) =>
    progress.update('pairs', done, total),
  ).finally(() => progress.stop());
  if (pairs.length < 2) {
    process.stderr.write('warning: a geometry is fitted to two pairs at least.\n');
    return;
  }
  const files = drawn.flatMap((pair) => {
    const { tile } = positiveOf(pair);
    return tile.image.kind === 'file' ? [tile.sizeM ?? geometry.tileSizeM] : [];
  });
  const usual = files.sort((a, b) => a - b)[files.length >> 1];
  const { text, warnings } = fitReport(fitGeometry(pairs, given.seed), pairs, usual);
  process.stdout.write(`${text}\n`);
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
}
