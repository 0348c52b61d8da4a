// skyfix-train headings: the matrix of headings told and fields of view.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { SPLITS, type Split } from '../common/index.js';
import { openTrainingProgress } from '../runs/index.js';
import { degrees, wholeNumber } from './numbers.js';

interface GivenOptions {
  readonly bundle: string;
  readonly town: readonly string[];
  readonly split: Split | 'all';
  readonly fovs: readonly number[];
  readonly places: number;
  readonly gridStrideM: number;
  readonly out: string;
  readonly report: string;
  readonly threads: number;
}

/** The sub-command `headings`. */
export function headingsCommand(): Command {
  return new Command('headings')
    .description(
      'heading known, known to within 45 degrees, unknown, by what photos show of the circle: R@1, grid within 25 m and ' +
        'heading error of a bundle on towns or worlds; writes styles.md and styles/; the same command goes on where it ' +
        'was stopped',
    )
    .requiredOption('--bundle <dir>', 'the bundle')
    .requiredOption('--town <dirs...>', 'towns or worlds; figures are mean and deviation over them')
    .addOption(new Option('--split <split>', 'area to ask from').choices([...SPLITS, 'all']).default('test'))
    .option('--fovs <degrees>', 'fields of view, with commas between them', fieldsOfView, [360, 180, 90])
    .option('--places <n>', 'places asked from, of each area', wholeNumber(1, 5000), 60)
    .option('--grid-stride-m <m>', 'stride of the grid of tiles', wholeNumber(1, 1000), 16)
    .option('--out <dir>', 'folder of images and figures', join('var', 'headings'))
    .option('--report <dir>', 'folder of the page', join('var', 'headings', 'report'))
    .option('--threads <n>', 'threads', wholeNumber(1, 64), availableParallelism())
    .action(async ({ town, fovs, ...given }: GivenOptions) => {
      const { measureHeadings } = await import('../ablation/index.js');
      const command = `npx skyfix-train ${process.argv.slice(2).join(' ')}`;
      const progress = openTrainingProgress();
      try {
        const options = { ...given, areas: town, fovsDeg: fovs, command };
        const page = await measureHeadings(options, (what, done, total) => progress.work(what)(done, total));
        process.stdout.write(`${page}\n`);
      } finally {
        progress.stop();
      }
    });
}

function fieldsOfView(text: string): readonly number[] {
  const values = text.split(',').map(degrees);
  if (new Set(values).size < values.length) {
    throw new InvalidArgumentError(`Give each field of view once, not "${text}".`);
  }
  return values;
}
