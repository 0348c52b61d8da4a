// skyfix-train dataset: what a data set holds and what is wrong with it, before anything is trained on it.
import { Command, Option } from 'commander';
import type { FieldOfView } from 'skyfix/geometry';
import { SPLITS, type Split } from '../common/index.js';
import {
  type DatasetFormat,
  DEFAULT_PHOTOS,
  decodeImages,
  FORMATS,
  formatSummary,
  imagesOf,
  openDataset,
  samplePairs,
  VIGOR_AREAS,
  type VigorArea,
  writeContactSheet,
} from '../datasets/index.js';
import { fieldOfView, positiveMetres, wholeNumber } from './numbers.js';
import { type GivenPhotoOptions, photoOptionsOf, withPhotoOptions } from './photo-options.js';

interface DatasetOptions extends GivenPhotoOptions {
  readonly format: DatasetFormat;
  readonly root: string;
  readonly split?: readonly Split[];
  readonly area: VigorArea;
  readonly dropInvalid: boolean;
  readonly checkImages: boolean;
  readonly fieldOfView?: FieldOfView;
  readonly tileFileM?: number;
  readonly contactSheet?: string;
  readonly seed: number;
  readonly tileSizeM: number;
}

/** The sub-command `dataset`. */
export function datasetCommand(): Command {
  const command = new Command('dataset')
    .description('read a data set in its published format, check it, and show what it holds')
    .addOption(
      new Option('--format <format>', 'format of the data set').choices(FORMATS).makeOptionMandatory(),
    )
    .requiredOption(
      '--root <path>',
      'its folder; for "csv" the file, or a folder with pairs.csv; for "photos" a folder of geotagged 360 degree photos',
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
    .option('--check-images', 'decode every image, and not only look for its file', false)
    .option('--contact-sheet <file>', 'write a PNG of a dozen pairs, panorama beside tile')
    .option('--seed <n>', 'seed that draws the dozen pairs', wholeNumber(0, 2 ** 31 - 1), 1);
  return withPhotoOptions(command)
    .option('--tile-size-m <metres>', 'ground that a tile shows', positiveMetres, DEFAULT_PHOTOS.tileSizeM)
    .action(async (given: DatasetOptions) => {
      const { split, contactSheet, seed, format, root, area, dropInvalid, checkImages } = given;
      const photos = photoOptionsOf(given, given.tileSizeM);
      const { fieldOfView: seenAs, tileFileM } = given;
      const seen = { ...(seenAs && { fieldOfView: seenAs }), ...(tileFileM !== undefined && { tileFileM }) };
      const options = { format, root, area, dropInvalid, checkImages, ...seen, ...(photos && { photos }) };
      const dataset = await openDataset({ ...options, ...(split && { splits: split }) });
      const sample = samplePairs(dataset, seed);
      const drawn = { pairs: sample, unpairedPanoramas: [], gallery: [] };
      const sizes = dataset.imageSizes ?? (await decodeImages(imagesOf(drawn))).sizes;
      process.stdout.write(`${formatSummary(dataset, sizes)}\n`);
      if (contactSheet === undefined) return;
      await writeContactSheet(contactSheet, sample);
      process.stdout.write(`contact sheet ${contactSheet}: ${sample.map(({ id }) => id).join(' ')}\n`);
    });
}
