// A short part of `npm run soak`, and how its figures are judged.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { growthOf, openDescriptors, residentBytes } from './process-figures.js';
import { soak } from './soak.js';
import { tinyWorld } from './world.js';

test('growth is a leak, not a saw-tooth and not a peak', () => {
  const sawtooth = Array.from({ length: 100 }, (_, k) => 500 + 80 * ((k % 7) / 7));
  assert.ok(Math.abs(growthOf(sawtooth).share) < 0.02);
  const peak = sawtooth.map((value, k) => (k > 95 ? 2 * value : value));
  assert.ok(Math.abs(growthOf(peak).share) < 0.03);
  const leak = sawtooth.map((value, k) => value + k);
  assert.ok(growthOf(leak).share > 0.1);
});

const skip = platform() === 'linux' ? false : 'not installed: /proc';

test('what Linux says of this process', { skip }, () => {
  const ofNode = process.memoryUsage().rss;
  assert.ok(Math.abs(residentBytes(process.pid) / ofNode - 1) < 0.2);
  assert.ok(openDescriptors(process.pid) > 3);
});

test('some seconds under everything at once: nobody honest fails, no descriptor stays open', {
  skip,
}, async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'skyfix-soak-'));
  try {
    const world = await tinyWorld(dataDir);
    const report = await soak(world, { seconds: 10, warmSeconds: 3, swapEverySeconds: 2, seed: 3 });
    assert.deepEqual(report.faults, []);
    assert.ok(report.answered > 4, `${report.answered} answers`);
    assert.ok(report.swaps >= 1, 'no version was swapped');
    for (const [name, count] of Object.entries(report.nuisances)) assert.ok(count > 0, `${count} ${name}`);
    assert.ok(report.descriptors.after <= report.descriptors.before + 2, JSON.stringify(report.descriptors));
    // So short a time says nothing about a leak; what doubles in seconds is one.
    assert.ok(report.memory.share < 1, `${report.memory.share}`);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
});
