// The skyfix-train command: town, dataset, train, evaluate, export, report.
import { Command, CommanderError } from 'commander';
import { messageOf, SkyfixError } from 'skyfix/errors';
import { exportCommand } from '../export/index.js';
import { datasetCommand } from './dataset-command.js';
import { evaluateCommand } from './evaluate-command.js';
import { reportCommand } from './report-command.js';
import { townCommand } from './town-command.js';
import { trainCommand } from './train-command.js';

/** Runs the command line; sets the exit code: 0 done, 1 failed, 2 wrong usage. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('skyfix-train')
    .description(
      'make towns, check data sets, train generator and encoder, evaluate them strictly, write bundles, report runs',
    )
    .exitOverride()
    .addCommand(townCommand())
    .addCommand(datasetCommand())
    .addCommand(trainCommand())
    .addCommand(evaluateCommand())
    .addCommand(exportCommand())
    .addCommand(reportCommand());
  for (const command of program.commands) command.exitOverride();
  try {
    await program.parseAsync([...argv]);
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : 2;
      return;
    }
    process.stderr.write(`${messageOf(error)}\n`);
    if (!(error instanceof SkyfixError) && error instanceof Error) process.stderr.write(`${error.stack}\n`);
    process.exitCode = 1;
  }
}
