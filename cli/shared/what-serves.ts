// What publishing and rolling back have in common on the command line: whom they tell, and what they say serves now.
import type { Command } from 'commander';
import { type Config, loadConfig } from '../../src/config/index.js';
import { listRegions, readDefaultRegion, servingProcesses } from '../../src/versions/index.js';
import { RegionServer } from './region-server.js';
import { parseUrl } from './server-address.js';

export interface ServerFlags {
  readonly data?: string;
  readonly url?: string;
}

export function addServerOptions(command: Command): Command {
  return command
    .option('--data <dir>', 'data folder (default: SKYFIX_DATA or what "skyfix serve --help" says)')
    .option('--url <url>', 'server to reload, with the first key of SKYFIX_API_KEYS', parseUrl);
}

export function dataDirOf(
  flags: { readonly data?: string },
  config: Config = loadConfig(process.env),
): string {
  return flags.data ?? config.dataDir;
}

/** The server of --url, key and address tested; undefined without. */
export async function serverOf(flags: ServerFlags): Promise<RegionServer | undefined> {
  if (flags.url === undefined) return undefined;
  const server = new RegionServer(flags.url, loadConfig(process.env).apiKeys[0]);
  await server.check();
  return server;
}

/** For onWait of publishing. */
export function sayWaiting(owner: string): void {
  console.error(`Waiting for ${owner}, which is changing this region.`);
}

/** Has the server take the version up, and prints what serves now and what is left to do. */
export async function tellWhatServes(
  dataDir: string,
  region: string,
  version: string,
  server: RegionServer | undefined,
): Promise<void> {
  console.log(`${region}: ${version} is current in ${dataDir}`);
  if (server) {
    await server.takeUp(region, version);
    console.log(`${server.url} serves ${version}`);
  } else {
    const old = (await servingProcesses(dataDir, region)).filter((one) => one.version !== version);
    for (const one of old) console.log(`${one.process} still serves ${one.version}`);
    console.log(
      `A running server takes it up on SIGHUP, POST /admin/regions/${region}/reload, or this command with --url.`,
    );
  }
  await tellDefault(dataDir, region);
}

/** Where there are several regions: which one requests without a name go to. */
async function tellDefault(dataDir: string, region: string): Promise<void> {
  if ((await listRegions(dataDir)).length < 2) return;
  const named = await readDefaultRegion(dataDir);
  if (named === region) return;
  const now = named === undefined ? 'are refused, since there are several' : `go to "${named}"`;
  console.log(
    `Requests that name no region ${now}; "skyfix index default --region ${region}" or SKYFIX_DEFAULT_REGION changes that.`,
  );
}
