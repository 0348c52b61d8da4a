// The skyfix-train command: town, world, dataset, run, evaluate, ablate, report, export, quantise.
import { Command, CommanderError } from 'commander';
import { messageOf, SkyfixError } from 'skyfix/errors';

/** Loaded when asked for: TensorFlow reads its settings when it loads, and `run` sets them first. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  town: async () => (await import('./town-command.js')).townCommand(),
  world: async () => (await import('./world-command.js')).worldCommand(),
  dataset: async () => (await import('./dataset-command.js')).datasetCommand(),
  run: async () => (await import('./run-command.js')).runCommand(),
  evaluate: async () => (await import('./evaluate-command.js')).evaluateCommand(),
  styles: async () => (await import('./styles-command.js')).stylesCommand(),
  headings: async () => (await import('./headings-command.js')).headingsCommand(),
  ablate: async () => (await import('./ablate-command.js')).ablateCommand(),
  report: async () => (await import('./report-command.js')).reportCommand(),
  'setup-trunks': async () => (await import('./setup-trunks-command.js')).setupTrunksCommand(),
  export: async () => (await import('./export-command.js')).exportCommand(),
  quantise: async () => (await import('./quantise-command.js')).quantiseCommand(),
};

/** "train" is what "run" was called first. */
const OLD_NAMES: Readonly<Record<string, string>> = { train: 'run' };

/** Runs the command line; sets the exit code: 0 done, 1 failed, 2 wrong usage. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('skyfix-train')
    .description(
      'make towns and worlds, check data sets, train generator and encoder, evaluate them strictly, compare ' +
        'methods, write bundles and reports',
    )
    .exitOverride();
  const name = OLD_NAMES[argv[2] ?? ''] ?? argv[2] ?? '';
  const wanted = COMMANDS[name];
  const makers = wanted ? [wanted] : Object.values(COMMANDS);
  for (const make of makers) {
    const command = await make();
    for (const [old, now] of Object.entries(OLD_NAMES)) if (command.name() === now) command.alias(old);
    program.addCommand(command.exitOverride());
  }
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
