// `skyfix-train town`: the command line of the town.
import { Command } from 'commander';
import { DEFAULT_TOWN, makeTown, type TownOptions } from '../town/index.js';
import { makePlaces } from './make-places.js';
import { wholeNumber } from './numbers.js';

/** The sub-command `town`, to be added to `skyfix-train`. */
export function townCommand(): Command {
  const command = new Command('town')
    .description('make a procedural town: mosaic, panoramas and lists, the same for the same seed')
    .requiredOption('--seed <n>', 'seed of the town', wholeNumber(0, 2 ** 31 - 1))
    .requiredOption('--out <dir>', 'folder to write (an older town there is replaced)')
    .option('--places <n>', 'panoramas to take', wholeNumber(4, 5000), DEFAULT_TOWN.places)
    .option(
      '--panorama-width-px <n>',
      'width of a panorama (height is half)',
      wholeNumber(256, 4096),
      DEFAULT_TOWN.panoramaWidthPx,
    )
    .option('--workers <n>', 'worker threads', wholeNumber(1, 64), DEFAULT_TOWN.workers)
    .option('--no-season', 'both views in early summer')
    .option('--no-light', 'both views under the same sun, no clouds, even exposure')
    .option('--no-sensor', 'no colour response, blur and noise of the overhead sensor')
    .option('--no-lean', 'no lean of upright things in the mosaic')
    .option('--no-canopies', 'no canopies in the mosaic')
    .option('--no-moved', 'cars and people stand where they stood in the mosaic')
    .option('--no-occluders', 'no cars and people at all')
    .option('--no-height-jitter', 'the camera is always at its mean height')
    .option('--no-tilt', 'the camera is always level')
    .option('--no-pose-error', 'no errors of heading, pitch and roll in the metadata')
    .option('--no-gps-error', 'no error of the position in the metadata')
    .option('--no-camera-noise', 'no noise in the panoramas')
    .option('--no-look-alikes', 'no rows of repeated houses and gardens');
  return command.action(async (given: TownOptions) => {
    await makePlaces((update) => makeTown({ ...DEFAULT_TOWN, ...given }, update));
  });
}
