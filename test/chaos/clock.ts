// The clock is set back by a day between and during publishes, and in the server that serves.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { publishIndex } from '../../index/index.js';
import { openClient } from './asking.js';
import type { Scenario } from './scenario.js';
import { ChaosServer } from './server.js';
import { currentOrFault, indexFolders, REGION } from './versions.js';

const PUBLISHER = join(import.meta.dirname, '../index/publish-child.js');
const SHIM = pathToFileURL(join(import.meta.dirname, 'clock-shim.js')).href;
const DAY_MS = 86_400_000;
// Later ones sort before earlier ones, as those do that are built after the clock was set back.
const NAMES = ['v6', 'v5', 'v4', 'v3', 'v2', 'v1'];

export const clockGoesBack: Scenario = {
  name: 'the clock is set back by a day',
  run: async ({ folder, random, rounds }) => {
    const dataDir = join(folder, 'data');
    const dirs = await indexFolders(join(folder, 'built'), NAMES);
    await publishIndex({ indexDir: dirs[0] as string, dataDir, region: REGION });
    const server = new ChaosServer(dataDir, {
      NODE_OPTIONS: `--import=${SHIM}`,
      SHIFT_MS: String(DAY_MS),
      SHIFT_AFTER_MS: '3000',
    });
    const faults: string[] = [];
    const client = openClient({ url: () => server.url, versions: new Set(NAMES), mayBeCut: () => false });
    try {
      await server.start();
      client.start();
      for (let round = 0; round < rounds; round++) {
        const k = (round + 1) % NAMES.length;
        const env = {
          ...process.env,
          ENDLESS: '0',
          NODE_OPTIONS: `--import=${SHIM}`,
          SHIFT_MS: String(DAY_MS * (1 + (round % 3))),
          SHIFT_AFTER_MS: String(Math.floor(random() * 300)),
        };
        const child = spawn(process.execPath, [PUBLISHER, dataDir, REGION, dirs[k] as string], {
          env,
          stdio: ['ignore', 'ignore', 'inherit'],
        });
        const [code] = (await once(child, 'exit')) as [number | null];
        if (code !== 0) faults.push(`publishing ended with ${code}`);
        const state = await currentOrFault(dataDir);
        if ('fault' in state) faults.push(state.fault);
        else if (state.version !== NAMES[k])
          faults.push(`${state.version} is current after publishing ${NAMES[k]}`);
        const status = await server.reload(REGION);
        if (status !== 200) faults.push(`a reload was answered with ${status}`);
        await server.recovered(() => client.ask());
      }
    } catch (error) {
      faults.push(String(error));
    } finally {
      await client.stop();
      await server.kill();
    }
    const { right, later } = client.told;
    return { rounds, counts: { right, later }, faults: [...faults, ...client.told.faults] };
  },
};
