// Threads of a serving process end at random moments while a client asks.
import { setTimeout as pause } from 'node:timers/promises';
import { publishTinyVersion } from '../support/tiny-region.js';
import { openClient } from './asking.js';
import type { Scenario } from './scenario.js';
import { ChaosServer, metricSum } from './server.js';

export const threadsEnd: Scenario = {
  name: 'threads of networks and graphs end',
  run: async ({ folder, random, rounds }) => {
    await publishTinyVersion(folder, 'town', { indexVersion: 'v1' });
    const server = new ChaosServer(folder);
    await server.start();
    const client = openClient({
      url: () => server.url,
      versions: new Set(['v1']),
      mayBeCut: () => false,
    });
    let slowestMs = 0;
    let crashed = 0;
    const lies: string[] = [];
    try {
      client.start();
      for (let round = 0; round < rounds; round++) {
        await pause(random() * 150);
        // Now and then two at once.
        const several = random() < 0.2 ? 2 : 1;
        for (let k = 0; k < several; k++) if (await server.crashThread(random())) crashed++;
        slowestMs = Math.max(slowestMs, await server.recovered(() => client.ask()));
      }
      const text = await server.metrics();
      const noticed = metricSum(text, 'skyfix_worker_restarts_total');
      if (noticed === 0) lies.push(`${crashed} threads ended, skyfix_worker_restarts_total says ${noticed}`);
      if (metricSum(text, 'skyfix_ready') !== 1) lies.push('skyfix_ready is not 1 after recovery');
    } catch (error) {
      lies.push(String(error));
    } finally {
      await client.stop();
      if (!server.alive) lies.push('the process ended');
      await server.kill();
    }
    const { right, later, faults } = client.told;
    return { rounds: crashed, counts: { right, later }, slowestMs, faults: [...faults, ...lies] };
  },
};
