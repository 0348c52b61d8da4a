// How a folder of photos becomes a data set, on the command line: the same for every command that reads one.
import type { Command } from 'commander';
import { type ImageryFields, imageryOptionsOf } from '../config/index.js';
import { DEFAULT_PHOTOS, type PhotoOptions } from '../datasets/index.js';
import { metres, positiveMetres, wholeNumber } from './numbers.js';

export interface GivenPhotoOptions extends ImageryFields {
  readonly imagery?: string;
  readonly marginM: number;
  readonly splitSeed: number;
  readonly metadata?: string;
  readonly blockM?: number;
}

/** Adds the options to a command, in a group of their own. */
export function withPhotoOptions(command: Command): Command {
  return command
    .optionsGroup('For "photos":')
    .option('--imagery <source>', 'GeoTIFF file, or folder of XYZ/TMS tiles, that tiles are cut from')
    .option('--zoom <level>', 'zoom level of an XYZ/TMS folder (default: the deepest)', wholeNumber(0, 30))
    .option('--tms', 'rows of the folder count from the south')
    .option('--proj4 <definition>', 'coordinate system of the GeoTIFF, where it is not known by its code')
    .option(
      '--margin-m <metres>',
      'ground beyond the tile for random offsets',
      metres,
      DEFAULT_PHOTOS.marginM,
    )
    .option(
      '--metadata <file.csv>',
      'file,headingDeg[,pitchDeg,rollDeg,lon,lat]: what photos do not say, or say wrong',
    )
    .option(
      '--block-m <metres>',
      'side of a block of ground that goes to one split (default: 4 tiles)',
      positiveMetres,
    )
    .option(
      '--split-seed <n>',
      'seed that draws which blocks are for training, validation and test (splitSeed of a run)',
      wholeNumber(0, 2 ** 31 - 1),
      DEFAULT_PHOTOS.seed,
    );
}

/** What the command line says about photos, with the ground that a tile shows; undefined without an imagery source. */
export function photoOptionsOf(given: GivenPhotoOptions, tileSizeM: number): PhotoOptions | undefined {
  const { imagery, marginM, splitSeed, metadata, blockM } = given;
  if (imagery === undefined) return undefined;
  const imageryOptions = imageryOptionsOf(given);
  return {
    ...DEFAULT_PHOTOS,
    imagery,
    imageryOptions,
    tileSizeM,
    marginM,
    seed: splitSeed,
    ...(metadata !== undefined && { metadata }),
    ...(blockM !== undefined && { blockM }),
  };
}
