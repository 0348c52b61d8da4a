// A server with a region in miniature on a free port, configured by the environment. Prints its URL; SIGTERM stops it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/index.js';
import { startServer } from '../../src/server.js';
import { publishTinyVersion } from '../support/tiny-region.js';

const dataDir = await mkdtemp(join(tmpdir(), 'skyfix-fuzz-'));
await publishTinyVersion(dataDir, 'demo');
const config = loadConfig({
  SKYFIX_THREADS: '1',
  LOG_LEVEL: 'error',
  PORT: '0',
  ...process.env,
  SKYFIX_DATA: dataDir,
});
const server = await startServer(config);
process.on('SIGTERM', () => {
  server.close().finally(() => rm(dataDir, { recursive: true, force: true }));
});
process.stdout.write(`${server.url}\n`);
