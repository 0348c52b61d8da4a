// skyfix locate: panoramas in, places out, by a running server or in this process.
import { Command, InvalidArgumentError, Option } from 'commander';
import { messageOf } from '../../src/errors/index.js';
import type { LocateOptions, Prior } from '../../src/locate/index.js';
import {
  type AnswerFormat,
  type FileOutcome,
  formatClosing,
  formatOutcome,
} from '../shared/answer-formats.js';
import { type Locator, localLocator, type Question, remoteLocator } from '../shared/locators.js';
import { panoramaFiles } from '../shared/panorama-files.js';
import { openProgress } from '../shared/progress.js';
import { parseUrl, ServerUnreachable } from '../shared/server-address.js';
import { locateSequence, SEQUENCE_TOP, type SequenceFile, sequenceFiles } from './locate-sequence.js';
import {
  addPanoramaOptions,
  type PanoramaFlags,
  parseNumber,
  poseOptions,
  printWarnings,
  UNKNOWN,
} from './panorama-options.js';

interface LocateFlags extends PanoramaFlags {
  readonly url?: string;
  readonly data?: string;
  readonly region?: string;
  readonly top: number;
  readonly headingTolerance?: number;
  readonly near?: Prior;
  readonly bbox?: Prior;
  readonly distinct: boolean;
  readonly json?: true;
  readonly csv?: true;
  readonly geojson?: true;
  readonly sequence?: string;
}

export function locateCommand(): Command {
  const command = new Command('locate')
    .description('Say where panoramas were taken.')
    .argument('[path...]', 'panoramas, or folders of them and of folders')
    .option(
      '--sequence <dir|csv>',
      'panoramas of one way in their order, located together, as a GeoJSON track: a folder, or a CSV ' +
        'with the column file, and distanceM or seconds where they are known',
    )
    .option('--url <url>', 'ask this server (default: work in this process)', parseUrl)
    .addOption(
      new Option(
        '--data <dir>',
        'data folder, which holds a region (default: SKYFIX_DATA or var/data with the demo)',
      ).conflicts('url'),
    )
    .option(
      '--region <name>',
      'region to search (default: the only one, the first published, or SKYFIX_DEFAULT_REGION)',
    )
    .option('--top <n>', 'how many places, 1 to 50', parseTop, 5)
    .option(
      '--near <lon,lat,radiusM>',
      'every answer lies inside this circle, in degrees and metres',
      parseNear,
    )
    .addOption(
      new Option('--bbox <west,south,east,north>', 'every answer lies inside this box, in degrees')
        .argParser(parseBbox)
        .conflicts('near'),
    )
    .option(
      '--heading-tolerance <deg>',
      "the heading given, or the file's, may be off by so much, 1 to 180: it is estimated within that of it",
      parseTolerance,
    )
    .option('--no-distinct', 'raw tiles: do not merge overlapping ones into places')
    .addOption(new Option('--json', 'one JSON object a line').conflicts(['csv', 'geojson']))
    .addOption(
      new Option('--csv', 'comma-separated rows, one for each file that failed too').conflicts([
        'json',
        'geojson',
      ]),
    )
    .addOption(
      new Option('--geojson', 'one GeoJSON FeatureCollection; a file that failed has no geometry').conflicts([
        'json',
        'csv',
      ]),
    );
  return addPanoramaOptions(command, { estimatesHeading: true })
    .addHelpText('after', '\nExit status: 0 all located, 1 a file failed, 2 wrong usage.')
    .action(async (paths: string[], flags: LocateFlags, self: Command) => {
      if (flags.heading === UNKNOWN && flags.headingTolerance !== undefined) {
        self.error('error: --heading unknown and --heading-tolerance exclude each other');
      }
      if (paths.length > 0 === (flags.sequence !== undefined)) {
        self.error('error: give either panoramas or --sequence');
      }
      const sequence = flags.sequence === undefined ? undefined : await sequenceFiles(flags.sequence);
      const files = await panoramaFiles(paths);
      const options = sequence ? { ...optionsOf(flags), top: SEQUENCE_TOP } : optionsOf(flags);
      const question: Question = { options, region: flags.region };
      const locator = flags.url
        ? remoteLocator(flags.url, question)
        : await localLocator(flags.data, question);
      try {
        if (sequence) await writeTrack(sequence, locator);
        else await locateFiles(files, locator, formatOf(flags));
      } finally {
        await locator.close();
      }
    });
}

/** One track of all; failures to stderr, into the track, and into the exit status. */
async function writeTrack(files: readonly SequenceFile[], locator: Locator): Promise<void> {
  const progress = openProgress(files.length, 'panoramas');
  const onFile = (failure?: string) => {
    if (failure !== undefined) {
      progress.clear();
      console.error(`error: ${failure}`);
    }
    progress.step();
  };
  const { geojson, failed } = await locateSequence(files, locator, concernsAll, onFile).finally(
    progress.stop,
  );
  process.stdout.write(`${JSON.stringify(geojson)}\n`);
  if (failed === 0) return;
  console.error(`${failed} of ${files.length} files failed.`);
  process.exitCode = 1;
}

/** Locates one file after another; answers go to stdout, failures to stderr, and into the exit status. */
async function locateFiles(files: readonly string[], locator: Locator, format: AnswerFormat): Promise<void> {
  // On a terminal the answers themselves show how far it is.
  const silent = process.stdout.isTTY && format !== 'geojson';
  const progress = files.length > 1 && !silent ? openProgress(files.length, 'panoramas') : undefined;
  const outcomes: FileOutcome[] = [];
  let stopped: unknown;
  for (const file of files) {
    try {
      const item = { file, answer: await locator.locate(file) };
      process.stdout.write(formatOutcome(format, item, outcomes.length === 0));
      if (format === 'text') printWarnings(item.answer.warnings);
      outcomes.push(item);
    } catch (error) {
      if (concernsAll(error)) {
        stopped = error;
        break;
      }
      const failure = { file, code: codeOf(error), message: messageOf(error) };
      progress?.clear();
      console.error(`error: ${file}: ${failure.message}`);
      process.stdout.write(formatOutcome(format, failure, outcomes.length === 0));
      outcomes.push(failure);
    }
    progress?.step();
  }
  progress?.stop();
  process.stdout.write(formatClosing(format, outcomes));
  const failed = outcomes.filter((outcome) => 'code' in outcome).length;
  if (failed > 0) {
    console.error(`${failed} of ${files.length} files failed.`);
    process.exitCode = 1;
  }
  if (stopped === undefined) return;
  const left = files.length - outcomes.length;
  if (left > 1) console.error(`Stopped: ${left} of ${files.length} files were not asked for.`);
  throw stopped;
}

/** What no other file can change: it is said once. */
const QUESTION_ERRORS = [
  'REGION_UNKNOWN',
  'REGION_REQUIRED',
  'NOT_READY',
  'ROUTE_NOT_FOUND',
  'METHOD_NOT_ALLOWED',
];

function concernsAll(error: unknown): boolean {
  return error instanceof ServerUnreachable || QUESTION_ERRORS.includes(codeOf(error));
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : 'INTERNAL';
}

function optionsOf(flags: LocateFlags): LocateOptions {
  return {
    ...poseOptions(flags),
    top: flags.top,
    distinct: flags.distinct,
    heading: flags.heading === UNKNOWN ? UNKNOWN : undefined,
    headingToleranceDeg: flags.headingTolerance,
    cameraHeightM: flags.cameraHeight,
    prior: flags.near ?? flags.bbox,
  };
}

function formatOf(flags: LocateFlags): AnswerFormat {
  return flags.json ? 'json' : flags.csv ? 'csv' : flags.geojson ? 'geojson' : 'text';
}

function parseTop(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 50) return value;
  throw new InvalidArgumentError('It must be a whole number from 1 to 50.');
}

function parseTolerance(text: string): number {
  const value = parseNumber(text);
  if (value >= 1 && value <= 180) return value;
  throw new InvalidArgumentError('It must be a number of degrees from 1 to 180.');
}

function numbersOf(text: string, count: number): number[] {
  const values = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (values.length === count && values.every(Number.isFinite)) return values;
  throw new InvalidArgumentError(`It must be ${count} numbers with commas between them.`);
}

function parseNear(text: string): Prior {
  const [lon = 0, lat = 0, radiusM = 0] = numbersOf(text, 3);
  if (Math.abs(lon) > 180 || Math.abs(lat) > 90 || radiusM <= 0) {
    throw new InvalidArgumentError('It must be a longitude, a latitude and a radius over 0.');
  }
  return { centre: { lon, lat }, radiusM };
}

function parseBbox(text: string): Prior {
  const [west = 0, south = 0, east = 0, north = 0] = numbersOf(text, 4);
  if (Math.abs(west) > 180 || Math.abs(east) > 180 || south < -90 || north > 90 || south > north) {
    throw new InvalidArgumentError('It must be west,south,east,north in degrees.');
  }
  return { bounds: [west, south, east, north] };
}
