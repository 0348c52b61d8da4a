// The benchmark of the training step runs, and its figures hang together.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('../../bench/train.js', import.meta.url));
const bench = (...args: string[]) => spawnSync(process.execPath, [SCRIPT, ...args], { encoding: 'utf8' });

test('one round of the small encoder: parts add up to the step, images/s follow from it', () => {
  const { status, stdout, stderr } = bench('--only', 'nano', '--rounds', '1', '--no-reference', '--json');
  assert.equal(status, 0, stderr);
  const result = JSON.parse(stdout) as {
    stepMs: number;
    imagesPerSecond: number;
    partsMs: Record<string, number>;
    ratio?: number;
  };
  assert.deepEqual(Object.keys(result.partsMs), ['data', 'forward', 'backward', 'optimiser']);
  const sum = Object.values(result.partsMs).reduce((a, b) => a + b, 0);
  assert.ok(Math.abs(sum - result.stepMs) < 1e-6 && Object.values(result.partsMs).every((ms) => ms > 0));
  assert.ok(Math.abs(result.imagesPerSecond - 64_000 / result.stepMs) < 1e-6);
  assert.equal(result.ratio, undefined);
});

test('an interpreter without PyTorch is noted and the figures come without a comparison', () => {
  const { status, stdout } = bench('--only', 'GAN 16', '--rounds', '1', '--python', '/nowhere/python3');
  assert.equal(status, 0);
  assert.match(stdout, /No comparison with PyTorch: \/nowhere\/python3: .*ENOENT/);
  assert.match(stdout, /GAN 16 filters.* -\s*$/);
});

test('cases that do not exist are refused with those that do', () => {
  const { status, stderr } = bench('--only', 'huge');
  assert.notEqual(status, 0);
  assert.match(stderr, /huge fits none of: ConvNeXt nano/);
});
