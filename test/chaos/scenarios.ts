// All that can go wrong on purpose, and one way to run it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '../../src/random/index.js';
import { buildsEnd } from './builds.js';
import { clockGoesBack } from './clock.js';
import { diskFails } from './disk.js';
import { lifeCycle } from './life-cycle.js';
import type { Outcome, Scenario } from './scenario.js';
import { threadsEnd } from './threads.js';

/** Each with the rounds of a full run. */
export const SCENARIOS: readonly (readonly [Scenario, rounds: number])[] = [
  [threadsEnd, 200],
  [lifeCycle, 200],
  [buildsEnd, 60],
  [diskFails, 60],
  [clockGoesBack, 20],
];

export async function runScenario(scenario: Scenario, rounds: number, seed: number): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'skyfix-chaos-'));
  try {
    return await scenario.run({ folder, random: seededRandom(seed), rounds });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
