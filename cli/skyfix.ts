// The `skyfix` command. Exit status: 0 done, 1 failed, 2 wrong usage.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { messageOf } from '../src/errors/index.js';
import { PACKAGE_ROOT } from './shared/package-root.js';

/** Loaded when asked for: the rooms behind all of them take a second or two. In the order of the help. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import('./commands/serve-command.js')).serveCommand(),
  locate: async () => (await import('./commands/locate-command.js')).locateCommand(),
  bev: async () => (await import('./commands/bev-command.js')).bevCommand(),
  view: async () => (await import('./commands/view-command.js')).viewCommand(),
  index: async () => (await import('./commands/index-command.js')).indexCommand(),
  bundle: async () => (await import('./commands/bundle-command.js')).bundleCommand(),
  demo: async () => (await import('./commands/demo-command.js')).demoCommand(),
  keys: async () => (await import('./commands/keys-command.js')).keysCommand(),
};

/** The command line, for main() and tests: with one command where `name` is one, otherwise with all. */
export async function skyfixCommand(name?: string): Promise<Command> {
  const { version, description } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as {
    version: string;
    description: string;
  };
  const program = new Command('skyfix').description(description).version(version);
  const wanted = Object.hasOwn(COMMANDS, name ?? '') ? COMMANDS[name ?? ''] : undefined;
  for (const load of wanted ? [wanted] : Object.values(COMMANDS)) program.addCommand(await load());
  return program;
}

/** Runs the command line (`process.argv`); sets the exit status, never throws. */
export async function main(argv: readonly string[]): Promise<void> {
  endQuietlyWithReader();
  const program = await skyfixCommand(argv[2]);
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
