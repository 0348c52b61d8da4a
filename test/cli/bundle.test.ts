import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, mock, test } from 'node:test';
import { bundleCommand } from '../../cli/commands/bundle-command.js';
import { OnnxGraph } from '../../src/onnx/index.js';
import { centredEncoder, flatEncoder, negativeGenerator, writeTinyBundle } from '../support/tiny-bundle.js';

const root = await mkdtemp(join(tmpdir(), 'skyfix-bundle-'));
after(() => rm(root, { recursive: true }));
const log = mock.method(console, 'log', () => {});
beforeEach(() => log.mock.resetCalls());

const GEOMETRY = { tileSizeM: 20, inputSizePx: 4, bevSizePx: 8, cameraHeightM: 2 };
const sound = { 'encoder.onnx': centredEncoder(4), 'generator.onnx': negativeGenerator(4) };
const check = (dir: string) => bundleCommand().parseAsync(['node', 'bundle', 'check', dir]);

test('skyfix bundle check runs a sound bundle, with and without generator', async () => {
  await check(await writeTinyBundle(join(root, 'sound'), GEOMETRY, sound));
  const text = log.mock.calls.map((call) => call.arguments[0]).join('\n');
  assert.match(text, /bundle +tiny 1 \(test\), 2026-01-01/);
  assert.match(text, /tile 20 m, networks 4 px, view 4 px, BEV 8 px/);
  assert.match(text, /encoder\.onnx, generator\.onnx: checksums match/);
  assert.match(text, /descriptor +length 1, deterministic, the same alone and in batches/);
  log.mock.resetCalls();
  await check(
    await writeTinyBundle(join(root, 'plain'), GEOMETRY, { 'encoder.onnx': sound['encoder.onnx'] }),
  );
  assert.match(log.mock.calls.map((call) => call.arguments[0]).join('\n'), /generator +none/);
});

test('skyfix bundle list names what ships, and check takes the names', async () => {
  const run = (...args: string[]) => bundleCommand(root).parseAsync(['node', 'bundle', ...args]);
  await run('list');
  assert.equal(log.mock.callCount(), 0);
  await writeTinyBundle(join(root, 'models', 'one'), GEOMETRY, sound);
  await writeTinyBundle(join(root, 'models', 'two'), GEOMETRY, { 'encoder.onnx': centredEncoder(4) });
  await run('list');
  const lines = log.mock.calls.map((call) => String(call.arguments[0]));
  assert.equal(lines.length, 2);
  assert.match(
    lines[0] ?? '',
    /^one +1 \(test\), tile 20 m, 48 dimensions, with generator, 0\.0 MB, .*models\/one$/,
  );
  assert.match(lines[1] ?? '', /^two +.*without generator/);
  log.mock.resetCalls();
  await run('check', 'two');
  assert.match(log.mock.calls.map((call) => call.arguments[0]).join('\n'), /generator +none/);
  await assert.rejects(run('check', 'three'), { code: 'BUNDLE_MISSING', message: /one and two ship/ });
  log.mock.resetCalls();
});

test('skyfix bundle check refuses networks that break the contract', async () => {
  const code = 'NETWORK_INVALID';
  const long = await writeTinyBundle(join(root, 'long'), GEOMETRY, { 'encoder.onnx': flatEncoder(4) });
  await assert.rejects(check(long), { code, message: /descriptor of noise has length [\d.]+, expected 1/ });
  const wrongSize = await writeTinyBundle(join(root, 'size'), GEOMETRY, sound, 47);
  await assert.rejects(check(wrongSize), {
    code,
    message: /descriptor has shape \[1, 48\], expected \[1, 47\]/,
  });
  const damaged = await writeTinyBundle(join(root, 'damaged'), GEOMETRY, sound);
  await appendFile(join(damaged, 'encoder.onnx'), 'x');
  await assert.rejects(check(damaged), { code: 'BUNDLE_CORRUPT', message: /encoder\.onnx has \d+ bytes/ });
  await assert.rejects(check(join(root, 'none')), { code: 'BUNDLE_MISSING' });
  const constant = await writeTinyBundle(join(root, 'constant'), GEOMETRY, {
    'encoder.onnx': flatEncoder(4, true),
  });
  // An image that is black all over has no direction in it.
  await assert.rejects(check(constant), { code, message: /the darkest image is zero in every dimension/ });
  const external = new OnnxGraph('external');
  const image = external.input('image', ['N', 3, 4, 4]);
  external.external('w', [1], { location: 'w.bin' });
  external.output(external.node('Mul', [image, 'w'], {}, 'descriptor'), ['N', 3, 4, 4]);
  const beside = await writeTinyBundle(join(root, 'beside'), GEOMETRY, { 'encoder.onnx': external.encode() });
  await assert.rejects(check(beside), { code, message: /weights lie in w\.bin, which .* no checksum of/ });
  const baseline = await writeTinyBundle(join(root, 'baseline'), GEOMETRY, sound);
  const manifest = JSON.parse(await readFile(join(baseline, 'bundle.json'), 'utf8'));
  await writeFile(join(baseline, 'bundle.json'), JSON.stringify({ ...manifest, input: 'panorama' }));
  await assert.rejects(check(baseline), { code: 'BUNDLE_INPUT_UNSUPPORTED' });
  assert.equal(log.mock.callCount(), 0);
});
