// skyfix serve: the HTTP server. Its configuration is the environment.
import { Command } from 'commander';
import { configHelp, loadConfig, unknownVariables } from '../../src/config/index.js';
import { openDataFolder } from '../shared/data-folder.js';

const HELP = `
The default data folder gets the demo region where it is empty, and the newer one where an older demo was installed.
A folder that SKYFIX_DATA names must hold a region, unless --demo or --no-demo says otherwise.
`;

export function serveCommand(): Command {
  return new Command('serve')
    .description('Start the geolocation server.')
    .option(
      '--demo',
      'install the demo region also into a folder that SKYFIX_DATA names, where that is empty',
    )
    .option('--no-demo', 'install nothing: with an empty folder the server starts, but is not ready')
    .addHelpText('after', () => `${HELP}\n${configHelp()}`)
    .action(async (flags: { demo?: boolean }) => {
      const config = loadConfig(process.env);
      for (const warning of unknownVariables(process.env)) console.error(`warning: ${warning}`);
      const { dir } = await openDataFolder({ demo: flags.demo });
      // Loaded here, so that the other commands start without the web framework.
      const { startServer } = await import('../../src/server.js');
      await startServer({ ...config, dataDir: dir });
    });
}
