import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, mock, test } from 'node:test';
import sharp from 'sharp';
import { viewCommand } from '../../cli/commands/view-command.js';
import {
  bundleDirOf,
  bundleDirOrGeneral,
  shippedBundleDir,
  shippedBundles,
} from '../../cli/shared/shipped-bundles.js';
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

test('a bundle is named by its folder, or by the name under which it ships', async () => {
  const [tiny] = shippedBundles(root);
  assert.deepEqual(tiny, { name: 'tiny', dir: join(root, 'models', 'tiny') });
  assert.equal(bundleDirOf('tiny', root), tiny?.dir);
  // A path is one, whether there is something or not; a folder that is there wins over a name.
  assert.equal(bundleDirOf('./tiny', root), './tiny');
  assert.equal(bundleDirOf('src', root), 'src');
  await view(root, '--bundle', 'tiny');
  await assert.rejects(view(root, '--bundle', 'tyni'), {
    code: 'BUNDLE_MISSING',
    message: /no folder "tyni", and no bundle of that name ships; tiny ships\./,
  });
  assert.throws(() => bundleDirOf('tiny', join(root, 'elsewhere')), { message: /none ships here/ });
});

test('indexes are built with the general bundle where it ships and none is named', async () => {
  const message = /Name a bundle with --bundle: a folder, or its name; tiny ships\./;
  assert.throws(() => bundleDirOrGeneral(undefined, root), { code: 'BUNDLE_MISSING', message });
  const other = join(root, 'both');
  for (const name of ['general', 'small-town']) {
    await writeTinyBundle(join(other, 'models', name), GEOMETRY, encoder);
  }
  assert.equal(bundleDirOrGeneral(undefined, other), join(other, 'models', 'general'));
  assert.equal(bundleDirOrGeneral('small-town', other), join(other, 'models', 'small-town'));
  // Pictures are made by the one that has always made them.
  assert.equal(shippedBundleDir(other), join(other, 'models', 'small-town'));
});

test('skyfix view needs a bundle, and one with a generator', async () => {
  await assert.rejects(view(join(root, 'elsewhere')), { code: 'BUNDLE_MISSING', message: /--bundle/ });
  const plain = await writeTinyBundle(join(root, 'plain'), GEOMETRY, encoder);
  await assert.rejects(view(root, '--bundle', plain), {
    code: 'PARAMETER_INVALID',
    message: /plain has no generator/,
  });
});
