// skyfix demo install: the demo region into a data folder, as `skyfix serve` does on an empty one.
import { resolve } from 'node:path';
import { Command } from 'commander';
import { loadConfig } from '../../src/config/index.js';
import { DEMO_REGION, installDemo } from '../shared/demo-region.js';

export function demoCommand(): Command {
  const install = new Command('install')
    .description('Publish the shipped demo region.')
    .option('--data <dir>', 'data folder (default: SKYFIX_DATA or var/data)')
    .action(async (flags: { data?: string }) => {
      const dataDir = flags.data ? resolve(flags.data) : loadConfig(process.env).dataDir;
      console.log(`${DEMO_REGION}: version ${await installDemo(dataDir)} is current in ${dataDir}`);
    });
  return new Command('demo').description('The demo region that ships.').addCommand(install);
}
