// What every command that publishes a version asks: where to, whom to tell, and how many versions are kept.
import type { Command } from 'commander';
import { addServerOptions, type ServerFlags } from '../shared/what-serves.js';
import { whole } from './build-options.js';

export interface PublishFlags extends ServerFlags {
  readonly keep: number;
}

export function addPublishOptions(command: Command): Command {
  return addServerOptions(command).option(
    '--keep <n>',
    'versions to keep; the current, the previous and what serves always',
    whole,
    3,
  );
}
