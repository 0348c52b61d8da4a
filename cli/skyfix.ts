// The `skyfix` command. Exit status: 0 done, 1 failed, 2 wrong usage.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { messageOf } from '../src/errors/index.js';
import { bevCommand } from './commands/bev-command.js';
import { bundleCommand } from './commands/bundle-command.js';
import { demoCommand } from './commands/demo-command.js';
import { indexCommand } from './commands/index-command.js';
import { keysCommand } from './commands/keys-command.js';
import { locateCommand } from './commands/locate-command.js';
import { serveCommand } from './commands/serve-command.js';
import { viewCommand } from './commands/view-command.js';
import { PACKAGE_ROOT } from './shared/package-root.js';

/** The whole command line, for main() and tests. */
export function skyfixCommand(): Command {
  const { version, description } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as {
    version: string;
    description: string;
  };
  const program = new Command('skyfix').description(description).version(version);
  program.addCommand(serveCommand());
  program.addCommand(locateCommand());
  program.addCommand(bevCommand());
  program.addCommand(viewCommand());
  program.addCommand(indexCommand());
  program.addCommand(bundleCommand());
  program.addCommand(demoCommand());
  program.addCommand(keysCommand());
  return program;
}

/** Runs the command line (`process.argv`); sets the exit status, never throws. */
export async function main(argv: readonly string[]): Promise<void> {
  endQuietlyWithReader();
  const program = skyfixCommand();
  throwInsteadOfExit(program);
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : 2;
      return;
    }
    console.error(`error: ${messageOf(error)}`);
    process.exitCode = 1;
  }
}

/** Where the reader of a pipe has gone (`| head`), there is nothing left to do and nobody to tell. */
function endQuietlyWithReader(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit();
      throw error;
    });
  }
}

function throwInsteadOfExit(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) throwInsteadOfExit(child);
}
