import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, mock, test } from 'node:test';
import sharp from 'sharp';
import { viewCommand } from '../../cli/commands/view-command.js';
import { decodeImage } from '../../src/imaging/index.js';
import { flatEncoder, negativeGenerator, writeTinyBundle } from '../support/tiny-bundle.js';

const root = await mkdtemp(join(tmpdir(), 'skyfix-view-'));
after(() => rm(root, { recursive: true }));
mock.method(console, 'log', () => {});
mock.method(console, 'error', () => {});

const GEOMETRY = { tileSizeM: 20, inputSizePx: 8, bevSizePx: 16, cameraHeightM: 2 };
const encoder = { 'encoder.onnx': flatEncoder(8) };
const panorama = join(root, 'panorama.png');
const colour = { width: 128, height: 64, channels: 3 as const, background: '#c86432' };
await writeFile(panorama, await sharp({ create: colour }).png().toBuffer());
const out = join(root, 'view.png');
const view = (folder: string, ...args: string[]) =>
  viewCommand(folder).parseAsync(['node', 'view', panorama, '-o', out, ...args]);

test('skyfix view writes what the generator of the shipped bundle makes of the BEV', async () => {
  const networks = { ...encoder, 'generator.onnx': negativeGenerator(8) };
  await writeTinyBundle(join(root, 'models', 'tiny'), GEOMETRY, networks);
  await view(root);
  const image = await decodeImage(await readFile(out));
  assert.deepEqual([image.widthPx, image.heightPx], [8, 8]);
  for (let k = 0; k < image.data.length; k++) {
    const wanted = 255 - ([200, 100, 50][k % 3] ?? 0);
    assert.ok(Math.abs((image.data[k] ?? -9) - wanted) <= 1, `value ${k} is ${image.data[k]}, not ${wanted}`);
  }
});

test('skyfix view needs a bundle, and one with a generator', async () => {
  await assert.rejects(view(join(root, 'elsewhere')), { code: 'BUNDLE_MISSING', message: /--bundle/ });
  const plain = await writeTinyBundle(join(root, 'plain'), GEOMETRY, encoder);
  await assert.rejects(view(root, '--bundle', plain), {
    code: 'PARAMETER_INVALID',
    message: /plain has no generator/,
  });
});
