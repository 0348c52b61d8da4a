import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { sha256OfBytes } from '../../src/files/index.js';
import { loadBundle, openOnnxEngine } from '../../src/models/index.js';

const folder = await mkdtemp(join(tmpdir(), 'skyfix-models-'));
after(() => rm(folder, { recursive: true }));

test('a file that is no network is refused as a damaged bundle', async () => {
  const path = join(folder, 'text.onnx');
  await writeFile(path, 'not a network');
  await assert.rejects(openOnnxEngine(path, { threads: 1 }), { code: 'BUNDLE_CORRUPT' });
});

test('a missing bundle, and one whose encoder changed', async () => {
  await assert.rejects(loadBundle(join(folder, 'nowhere')), { code: 'BUNDLE_MISSING' });
  const manifest = {
    schema: 'skyfix-bundle/1',
    name: 'test',
    version: '1',
    createdAt: '2026-01-01T00:00:00Z',
    profile: 'nano',
    geometry: { tileSizeM: 64, inputSizePx: 64, bevSizePx: 128, cameraHeightM: 2 },
    preprocessing: { generatorRange: [-1, 1], encoderRange: [0, 1], invalidPixel: -1 },
    descriptor: { dimensions: 8 },
    training: {},
    metrics: {},
    files: { 'encoder.onnx': { sha256: sha256OfBytes('right'), bytes: 5 } },
  };
  await writeFile(join(folder, 'bundle.json'), JSON.stringify(manifest));
  await writeFile(join(folder, 'encoder.onnx'), 'right');
  assert.equal((await loadBundle(folder)).encoderSha256, sha256OfBytes('right'));
  await writeFile(join(folder, 'encoder.onnx'), 'wrong');
  await assert.rejects(loadBundle(folder), (error: Error) =>
    [sha256OfBytes('right'), sha256OfBytes('wrong')].every((sum) => error.message.includes(sum)),
  );
});
