// skyfix demo install: the demo region into a data folder.
import { resolve } from 'node:path';
import { Command } from 'commander';
import { loadConfig } from '../../src/config/index.js';
import { DEMO_REGION, followShippedDemo, installDemo } from '../shared/demo-region.js';

export function demoCommand(): Command {
  const install = new Command('install')
    .description('Publish the shipped demo region.')
    .option('--data <dir>', 'data folder (default: SKYFIX_DATA or var/data)')
    .option(
      '--if-empty',
      'only where the folder has no region, or an older version of the demo that was installed so',
    )
    .action(async (flags: { data?: string; ifEmpty?: boolean }) => {
      const dataDir = flags.data ? resolve(flags.data) : loadConfig(process.env).dataDir;
      const version = await (flags.ifEmpty ? followShippedDemo(dataDir) : installDemo(dataDir));
      console.log(
        version === undefined
          ? `${dataDir} has its regions; nothing was installed.`
          : `${DEMO_REGION}: version ${version} is current in ${dataDir}`,
      );
    });
  return new Command('demo').description('The demo region that ships.').addCommand(install);
}
