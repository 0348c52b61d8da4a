// `skyfix-train world`: the command line of the worlds.
import { Command, Option } from 'commander';
import { openStageProgress } from 'skyfix/cli';
import { DEFAULT_WORLD, makeWorld, STYLE_NAMES, type WorldOptions } from '../town/index.js';
import { wholeNumber } from './numbers.js';

/** The sub-command `world`, to be added to `skyfix-train`. */
export function worldCommand(): Command {
  const command = new Command('world')
    .description(
      'make a procedural world: landscape, season, sun, overhead sensor, ground camera and road paint are drawn ' +
        'from the seed; the same files as those of a town, the same for the same seed',
    )
    .requiredOption('--seed <n>', 'seed of the world', wholeNumber(0, 2 ** 31 - 1))
    .addOption(new Option('--style <name>', 'kind of landscape').choices(STYLE_NAMES).makeOptionMandatory())
    .requiredOption('--out <dir>', 'folder to write (an older town or world there is replaced)')
    .option('--places <n>', 'panoramas to take', wholeNumber(4, 5000), DEFAULT_WORLD.places)
    .option(
      '--panorama-width-px <n>',
      'width of a whole panorama (height is half)',
      wholeNumber(256, 4096),
      DEFAULT_WORLD.panoramaWidthPx,
    )
    .option('--workers <n>', 'worker threads', wholeNumber(1, 64), DEFAULT_WORLD.workers)
    .option('--no-season', 'both views in the same season')
    .option('--no-light', 'both views under the same sun, no clouds')
    .option('--no-sensor', 'no colours, blur, noise and resolution of the overhead sensor')
    .option('--no-camera', 'no exposure, colours and lens of the ground camera')
    .option('--no-spread', 'no exposure and tint that differ within the world')
    .option('--no-nadir', 'nothing hides the ground below the camera')
    .option('--no-strips', 'always whole spheres')
    .option('--no-lean', 'no lean of upright things in the mosaic')
    .option('--no-canopies', 'no canopies in the mosaic')
    .option('--no-moved', 'cars and people stand where they stood in the mosaic')
    .option('--no-occluders', 'no cars and people at all')
    .option('--no-height-jitter', "the camera is always at the world's height")
    .option('--no-tilt', 'the camera is always level')
    .option('--no-pose-error', 'no errors of heading, pitch and roll in the metadata')
    .option('--no-gps-error', 'no error of the position in the metadata')
    .option('--no-camera-noise', 'no noise in the panoramas');
  return command.action(async (given: WorldOptions) => {
    const progress = openStageProgress();
    try {
      const summary = await makeWorld({ ...DEFAULT_WORLD, ...given }, progress.update);
      const counts = Object.entries(summary.counts).map(([split, count]) => `${count} ${split}`);
      process.stdout.write(
        `${summary.out}: ${counts.join(', ')} places in ${summary.sideM} m x ${summary.sideM} ` +
          `m, ${summary.seconds.toFixed(0)} s\n`,
      );
    } finally {
      progress.stop();
    }
  });
}
