// skyfix serve: the HTTP server. Its configuration is the environment; an empty data folder gets the demo region.
import { Command } from 'commander';
import { describeConfig, loadConfig } from '../../src/config/index.js';
import { DEMO_REGION, installDemoWhereEmpty } from '../shared/demo-region.js';

export function serveCommand(): Command {
  return new Command('serve')
    .description('Start the geolocation server.')
    .option('--no-demo', 'do not install the demo region into an empty data folder')
    .addHelpText('after', () => `\n${describeConfig()}`)
    .action(async (flags: { demo: boolean }) => {
      const config = loadConfig(process.env);
      if (flags.demo) {
        const version = await installDemoWhereEmpty(config.dataDir);
        if (version) console.error(`Installed the demo region: ${DEMO_REGION}, version ${version}.`);
      }
      // Loaded here, so that the other commands start without the web framework.
      const { startServer } = await import('../../src/server.js');
      await startServer(config);
    });
}
