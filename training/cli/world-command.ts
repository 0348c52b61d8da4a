// `skyfix-train world`: the command line of the worlds.
import { basename, resolve } from 'node:path';
import { Command, Option } from 'commander';
import {
  DEFAULT_WORLD,
  makeWorld,
  REAL_PLACES,
  STYLE_NAMES,
  statisticsTable,
  type WorldOptions,
  type WorldStatistics,
  worldStatistics,
  writeContactSheetOf,
} from '../town/index.js';
import { makePlaces } from './make-places.js';
import { wholeNumber } from './numbers.js';

interface GivenOptions extends Partial<WorldOptions> {
  readonly statistics?: readonly string[];
  readonly contactSheet?: string;
}

async function printStatistics(folders: readonly string[]): Promise<void> {
  const columns: [string, WorldStatistics][] = [];
  for (const folder of folders) columns.push([basename(resolve(folder)), await worldStatistics(folder)]);
  process.stdout.write(`${statisticsTable([...Object.entries(REAL_PLACES), ...columns])}\n`);
}

/** The sub-command `world`, to be added to `skyfix-train`. */
export function worldCommand(): Command {
  const command = new Command('world')
    .description(
      'make a procedural world: landscape, season, sun, overhead sensor, ground camera and road paint are drawn ' +
        'from the seed; the same files as those of a town, the same for the same seed',
    )
    .option('--seed <n>', 'seed of the world', wholeNumber(0, 2 ** 31 - 1))
    .addOption(new Option('--style <name>', 'kind of landscape').choices(STYLE_NAMES))
    .option('--out <dir>', 'folder to write (an older town or world there is replaced)')
    .option(
      '--statistics <dir...>',
      'make nothing: print what the tiles and panoramas of these towns or worlds look like, beside three real places',
    )
    .option('--contact-sheet <file>', "write a picture of a dozen places: panorama, bird's-eye view, tile")
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
  return command.action(async (given: GivenOptions) => {
    if (given.statistics) return printStatistics(given.statistics);
    const { contactSheet, statistics: _none, ...options } = given;
    const missing = (['seed', 'style', 'out'] as const).filter((name) => options[name] === undefined);
    if (missing.length > 0)
      command.error(`error: required option '--${missing.join("', '--")}' not specified`);
    const world = { ...DEFAULT_WORLD, ...(options as WorldOptions) };
    const out = await makePlaces((update) => makeWorld(world, update));
    if (contactSheet === undefined) return;
    await writeContactSheetOf(out, contactSheet);
    process.stdout.write(`contact sheet ${contactSheet}\n`);
  });
}
