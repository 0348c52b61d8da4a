// skyfix index rebuild: the whole way from a new bundle to a served version in one command.
import { rm } from 'node:fs/promises';
import { Command } from 'commander';
import { publishIndex } from '../../index/index.js';
import { loadConfig } from '../../src/config/index.js';
import { messageOf } from '../../src/errors/index.js';
import { regionDir } from '../../src/versions/index.js';
import { endpointOf, parseUrl, problemText } from '../shared/server-address.js';
import { addBuildOptions, type BuildFlags, buildFromFlags, summaryOf, whole } from './build-options.js';

interface RebuildFlags extends BuildFlags {
  region: string;
  data?: string;
  keep: number;
  url?: string;
}

export function rebuildCommand(): Command {
  const command = new Command('rebuild')
    .description(
      'After retraining: build an index with the new bundle, publish it as a region, and have a running server take it over.',
    )
    .requiredOption('--region <name>', 'region to publish to (a-z, 0-9, hyphens)')
    .option('--data <dir>', 'data folder (default: SKYFIX_DATA or what "skyfix serve --help" says)')
    .option('--keep <n>', 'versions to keep, the current and the previous one always', whole, 3)
    .option('--url <url>', 'server to reload, with the first key of SKYFIX_API_KEYS', parseUrl);
  return addBuildOptions(command)
    .addHelpText('after', '\nStarted again after a kill, it goes on where it was.')
    .action(async (flags: RebuildFlags) => {
      const config = loadConfig(process.env);
      const dataDir = flags.data ?? config.dataDir;
      // Beside the region, so that a second start finds what a killed one left.
      const outDir = `${regionDir(dataDir, flags.region)}.rebuild`;
      await rm(outDir, { recursive: true, force: true });
      console.log(`built ${summaryOf(await buildFromFlags(flags, outDir))}`);
      const { region, keep } = flags;
      const version = await publishIndex({ indexDir: outDir, dataDir, region, keep });
      await rm(outDir, { recursive: true, force: true });
      console.log(`published ${version} as ${region}`);
      if (flags.url) await reload(flags.url, region, config.apiKeys[0]);
      else console.log('A running server takes it over on SIGHUP or POST /admin/regions/NAME/reload.');
    });
}

/** Asks the server to swap; throws in its own words where it refuses. */
async function reload(url: string, region: string, apiKey: string | undefined): Promise<void> {
  const endpoint = endpointOf(url, `admin/regions/${region}/reload`);
  const headers: Record<string, string> = apiKey ? { authorization: `Bearer ${apiKey}` } : {};
  const response = await fetch(endpoint, { method: 'POST', headers }).catch((error: unknown) => {
    throw new Error(`${endpoint} cannot be reached (${messageOf(error)}); the version is published.`, {
      cause: error,
    });
  });
  const text = await response.text();
  if (!response.ok)
    throw new Error(`The server goes on with its old version. ${problemText(response.status, text)}`);
  console.log(`${url} serves it`);
}
