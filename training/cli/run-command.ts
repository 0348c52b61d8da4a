// skyfix-train run: a configuration in, a bundle and a report out.
import { join } from 'node:path';
import { Command } from 'commander';
import { stringify } from 'yaml';
import { everyField, loadRunConfig, PRESETS } from '../config/index.js';

interface RunOptions {
  readonly out?: string;
  readonly set: readonly string[];
  readonly until?: 'generation' | 'views' | 'encoder';
  readonly printConfig: boolean;
}

/** The sub-command `run`. */
export function runCommand(): Command {
  return new Command('run')
    .description(
      'train by a configuration: generation, views, localisation, evaluation, bundle; the same ' +
        'command continues a run that was stopped',
    )
    .argument('<config>', `a YAML file, or a preset: ${PRESETS.join(', ')}`)
    .option('--out <dir>', 'folder of the run (default: var/runs/NAME-seedSEED)')
    .option(
      '--set <field=value...>',
      'values over those of the file, e.g. seed=2 stage3.steps=1000',
      (value: string, all: readonly string[]) => [...all, value],
      [],
    )
    .option('--until <stage>', 'end after generation, views or encoder, without an evaluation')
    .option('--print-config', 'print every field with its value (null: none), and do nothing', false)
    .action(async (file: string, { out, set, until, printConfig }: RunOptions) => {
      const config = await loadRunConfig(file, set);
      if (printConfig) {
        process.stdout.write(stringify(everyField(config)));
        return;
      }
      const dir = out ?? join('var', 'runs', `${config.name}-seed${config.seed}`);
      // Before anything loads TensorFlow: it reads its settings then.
      const { configureRuntime } = await import('../runtime/index.js');
      const { device, threads, math } = config.runtime;
      configureRuntime({ device, threads, math });
      const { runToEnd } = await import('../pipeline/index.js');
      await runToEnd(config, dir, until);
    });
}
