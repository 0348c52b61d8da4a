// skyfix-train ablate: the matrix of methods, seeds and label fractions, run by run, and the report of all.
import { join } from 'node:path';
import { Command } from 'commander';
import type { AblateOptions } from '../ablation/index.js';
import { wholeNumber } from './numbers.js';

/** The sub-command `ablate`. */
export function ablateCommand(): Command {
  return new Command('ablate')
    .description(
      'run the matrix of methods and label fractions over several seeds on the town, then write the report',
    )
    .option(
      '--out <dir>',
      'folder of the runs; runs that are there are not run again',
      join('var', 'ablation'),
    )
    .option('--report <dir>', 'folder of the report', join('var', 'ablation', 'report'))
    .option('--seeds <n>', 'seeds of every method', wholeNumber(1, 100), 3)
    .option('--parallel <n>', 'runs at a time, with one thread each', wholeNumber(1, 64), 2)
    .option('--only <text>', 'only groups whose name holds this')
    .option('--plan', 'print the runs and how long they should take, and do nothing', false)
    .option(
      '--set <field=value...>',
      'values over those of every run',
      (value: string, all: readonly string[]) => [...all, value],
      [],
    )
    .action(async (given: AblateOptions) => {
      const { ablate } = await import('../ablation/index.js');
      await ablate(given);
    });
}
