// skyfix-train styles: what a model reaches on a kind of place that it was not fitted on.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { EFFICIENTNET_LITES, type EfficientNetLiteName } from '../networks/index.js';
import { openTrainingProgress } from '../runs/index.js';
import { DEFAULT_WORLD, STYLE_NAMES } from '../town/index.js';
import { wholeNumber } from './numbers.js';

interface GivenOptions {
  readonly out: string;
  readonly report: string;
  readonly styles: readonly string[];
  readonly seeds: number;
  readonly testPlaces: number;
  readonly trainPlaces: number;
  readonly gridStrideM: number;
  readonly panoramaWidthPx: number;
  readonly trunk: EfficientNetLiteName;
  readonly threads: number;
  readonly plan: boolean;
}

/** The sub-command `styles`. */
export function stylesCommand(): Command {
  return new Command('styles')
    .description(
      'leave one style out and style by style: make worlds of every style, fit heads on a frozen trunk and test them on styles ' +
        'that they have not seen; writes styles.md and styles/; the same command goes on where it was stopped',
    )
    .option('--out <dir>', 'folder of worlds, features and figures', join('var', 'styles'))
    .option('--report <dir>', 'folder of the page', join('var', 'styles', 'report'))
    .option('--styles <names>', 'which, with commas between them', styleNames, STYLE_NAMES)
    .option('--seeds <n>', 'fits of every kind, each on other training worlds', wholeNumber(1, 20), 3)
    .option('--test-places <n>', "places of each style's test world", wholeNumber(4, 5000), 360)
    .option('--train-places <n>', 'places of each style that a fit sees', wholeNumber(4, 5000), 120)
    .option('--grid-stride-m <m>', 'stride of the grid of tiles; 0: paired only', wholeNumber(0, 1000), 16)
    .option(
      '--panorama-width-px <n>',
      'width of a whole panorama (height is half)',
      wholeNumber(256, 4096),
      DEFAULT_WORLD.panoramaWidthPx,
    )
    .addOption(
      new Option('--trunk <name>', 'what features are made by (see setup-trunks)')
        .choices(Object.keys(EFFICIENTNET_LITES))
        .default('efficientnet-lite2'),
    )
    .option('--threads <n>', 'worker threads', wholeNumber(1, 64), availableParallelism())
    .option('--plan', 'print worlds and fits, and do nothing', false)
    .action(async ({ trunk, plan, ...given }: GivenOptions) => {
      const { measureStyles, planText, stylesSetup } = await import('../ablation/index.js');
      const command = `npx skyfix-train ${process.argv.slice(2).join(' ')}`;
      const options = { ...given, command };
      if (plan) {
        process.stdout.write(planText(options));
        return;
      }
      const progress = openTrainingProgress();
      try {
        const setup = await stylesSetup(options, trunk);
        const page = await measureStyles(options, setup, (what, done, total) =>
          progress.work(what)(done, total),
        );
        process.stdout.write(`${page}\n`);
      } finally {
        progress.stop();
      }
    });
}

function styleNames(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !STYLE_NAMES.includes(name));
  if (unknown !== undefined || new Set(names).size < names.length) {
    const all = STYLE_NAMES.join(', ');
    throw new InvalidArgumentError(
      `Give some of ${all}, each once, with commas between them, not "${text}".`,
    );
  }
  return names;
}
