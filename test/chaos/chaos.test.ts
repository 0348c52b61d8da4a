// A short part of `npm run chaos`: nothing is lost, nothing answered wrongly, everything recovers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runScenario, SCENARIOS } from './scenarios.js';

const SHORT = 8;

for (const [scenario, rounds] of SCENARIOS) {
  const skip = scenario.missing?.() ?? false;
  test(`${scenario.name}: nothing lost, nothing wrong`, { skip }, async () => {
    const outcome = await runScenario(scenario, Math.min(SHORT, rounds), 20261126);
    assert.deepEqual(outcome.faults, []);
    assert.ok(outcome.rounds >= SHORT);
  });
}
