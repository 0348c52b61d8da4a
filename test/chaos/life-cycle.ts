// Publishing, rolling back and reloading, several at once, while publishers and the server itself are killed.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { publishIndex } from '../../index/index.js';
import { openClient } from './asking.js';
import type { Scenario } from './scenario.js';
import { ChaosServer } from './server.js';
import { currentOrFault, indexFolders, REGION } from './versions.js';

const PUBLISHER = join(import.meta.dirname, '../index/publish-child.js');
const NAMES = ['v1', 'v2', 'v3', 'v4', 'v5'];

/** A publisher that goes on until it is killed. */
function publisher(dataDir: string, steps: readonly string[]): ChildProcess {
  const env = { ...process.env, ENDLESS: '1' };
  return spawn(process.execPath, [PUBLISHER, dataDir, REGION, ...steps], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

export const lifeCycle: Scenario = {
  name: 'publishers and the server are killed during publish, rollback and reload',
  run: async ({ folder, random, rounds }) => {
    const dataDir = join(folder, 'data');
    const dirs = await indexFolders(join(folder, 'built'), NAMES);
    await publishIndex({ indexDir: dirs[0] as string, dataDir, region: REGION });
    const server = new ChaosServer(dataDir);
    await server.start();
    const client = openClient({
      url: () => server.url,
      versions: new Set(NAMES),
      mayBeCut: () => server.down,
    });
    client.start();
    const faults: string[] = [];
    let kills = 0;
    let reloads = 0;
    let slowestMs = 0;
    const from = Math.floor(random() * dirs.length);
    const publishing = [...dirs.slice(from), ...dirs.slice(0, from)];
    try {
      while (kills < rounds) {
        // Two publishers and one that rolls back, or fewer of them.
        const steps = [publishing, [...publishing].reverse(), ['back']].slice(
          0,
          1 + Math.floor(random() * 3),
        );
        const children = steps.map((some) => publisher(dataDir, some));
        await Promise.all(children.map(({ stdout }) => stdout && once(stdout, 'data')));
        const reloading = server.reload(REGION).catch(() => 0);
        await pause(random() * 120);
        const withServer = random() < 0.2;
        await Promise.all([...children.map(killed), ...(withServer ? [server.kill()] : [])]);
        kills += children.length + (withServer ? 1 : 0);
        const status = await reloading;
        // What was published may have been pruned again before it was opened; the old version then serves on.
        if (status === 500) faults.push(`a reload was answered with ${status}`);
        if (status === 200) reloads++;
        const state = await currentOrFault(dataDir);
        if ('fault' in state) faults.push(state.fault);
        else if (!NAMES.includes(state.version)) faults.push(`${state.version} is current`);
        if (withServer) await server.start();
        slowestMs = Math.max(slowestMs, await server.recovered(() => client.ask()));
      }
    } catch (error) {
      faults.push(String(error));
    } finally {
      await client.stop();
      await server.kill();
    }
    const { right, later, cut } = client.told;
    return {
      rounds: kills,
      counts: { right, later, cut, reloads },
      slowestMs,
      faults: [...faults, ...client.told.faults],
    };
  },
};
