// The demo region that ships, served with the page by a server of this process.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installDemo } from '../../cli/index.js';
import { loadConfig } from '../../src/config/index.js';
import { type RunningServer, startServer } from '../../src/server.js';

export interface PageServer {
  readonly url: string;
  close(): Promise<void>;
}

export async function servePage(env: Readonly<Record<string, string>> = {}): Promise<PageServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'skyfix-page-'));
  await installDemo(dataDir);
  const config = { LOG_LEVEL: 'silent', PORT: '0', SKYFIX_DATA: dataDir, ...env };
  const server: RunningServer = await startServer(loadConfig(config));
  return {
    url: server.url,
    close: async () => {
      await server.close();
      await rm(dataDir, { recursive: true });
    },
  };
}
