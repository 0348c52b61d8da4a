import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, mock, test } from 'node:test';
import { bundleCommand } from '../../cli/commands/bundle-command.js';
import { locate } from '../../src/locate/index.js';
import { OnnxGraph } from '../../src/onnx/index.js';
import { RegionService } from '../../src/regions/index.js';
import {
  noisePanorama,
  pngOf,
  publishTinyVersion,
  withTemporaryFolder,
  writeTinyBundle,
} from '../support/tiny-region.js';

const root = await mkdtemp(join(tmpdir(), 'skyfix-import-'));
after(() => rm(root, { recursive: true }));
const log = mock.method(console, 'log', () => {});
beforeEach(() => log.mock.resetCalls());
const printed = () => log.mock.calls.map((call) => call.arguments[0]).join('\n');

const run = (...args: string[]) => bundleCommand().parseAsync(['node', 'bundle', ...args]);

// Networks and configuration as they come from elsewhere.
const source = join(root, 'source');
await writeTinyBundle(source);
const { files: _, ...config } = JSON.parse(await readFile(join(source, 'bundle.json'), 'utf8'));
const configPath = join(root, 'config.json');
await writeFile(configPath, JSON.stringify(config));

const importTo = (out: string, ...more: string[]) =>
  run('import', '--encoder', join(source, 'encoder.onnx'), '--config', configPath, '--out', out, ...more);
const withGenerator = ['--generator', join(source, 'generator.onnx')];

describe('skyfix bundle import', () => {
  test('says what it saw; "bundle check" accepts the bundle', async () => {
    const out = join(root, 'new', 'bundle');
    await importTo(out, ...withGenerator);
    assert.match(
      printed(),
      /generator +onnxruntime-node .*batch free, values -1\.000 to 1\.000, deterministic/,
    );
    assert.match(printed(), /encoder +onnxruntime-node .*batch free.*192 dimensions/);
    assert.match(printed(), /written .*new\/bundle: tiny 1, 0\.0 MB/);
    log.mock.resetCalls();
    await run('check', out);
    assert.match(printed(), /checksums match/);
    await assert.rejects(importTo(out), { code: 'BUNDLE_EXISTS' });
    log.mock.resetCalls();
    await importTo(out, '--force');
    assert.match(printed(), /generator +none/);
    assert.ok(!existsSync(join(out, 'generator.onnx')));
  });

  test('takes inputs and outputs under other names', async () => {
    const bytes = new OnnxGraph('other');
    const image = bytes.input('x', ['N', 3, 8, 8]);
    const grey = bytes.constant('grey', [1], Float32Array.of(0.5));
    const flat = bytes.node('Flatten', [bytes.node('Sub', [image, grey])], { axis: 1 });
    bytes.node('LpNormalization', [flat], { axis: 1, p: 2 }, 'y');
    bytes.output('y', ['N', 192]);
    const path = join(root, 'other.onnx');
    await writeFile(path, bytes.encode());
    const out = join(root, 'renamed');
    const args = ['import', '--encoder', path, '--config', configPath, '--out', out];
    await assert.rejects(run(...args), { code: 'NETWORK_INVALID', message: /--rename x=image/ });
    await run(...args, '--rename', 'x=image', '--rename', 'y=descriptor');
    assert.match(
      printed(),
      /changed +encoder: x renamed to image\n.*changed +encoder: y renamed to descriptor/,
    );
    log.mock.resetCalls();
    await run('check', out);
    assert.match(printed(), /checksums match/);
  });

  test('makes what a region serves', async () => {
    await withTemporaryFolder(async (dataDir) => {
      const version = await publishTinyVersion(dataDir, 'town', {});
      await importTo(join(version, 'bundle'), ...withGenerator, '--force');
      const service = await RegionService.open(dataDir, { threads: 1 });
      try {
        const lease = service.acquire('town');
        const upload = await pngOf(noisePanorama(3));
        const answer = await locate(lease.region, upload, { top: 1, distinct: true, headingDeg: 0 });
        lease.release();
        assert.equal(answer.results[0]?.tile, 'place-3');
        assert.equal(answer.bundle, 'tiny@1');
      } finally {
        await service.close();
      }
    });
  });

  test('a wrong configuration is told by path and value, and nothing is written', async () => {
    const out = join(root, 'none');
    const path = join(root, 'wrong.json');
    const attempt = (text: string) =>
      writeFile(path, text).then(() =>
        run('import', '--encoder', join(source, 'encoder.onnx'), '--config', path, '--out', out),
      );
    const code = 'BUNDLE_CONFIG_INVALID';
    const { tileSizeM: __, ...geometry } = config.geometry;
    const wrong: [object, RegExp][] = [
      [
        { ...config, schema: 'skyfix-bundle/0' },
        /\/schema must be "skyfix-bundle\/1", but is "skyfix-bundle\/0"/,
      ],
      [
        { ...config, geometry: { ...config.geometry, tileSizeM: -3 } },
        /wrong\.json: \/geometry\/tileSizeM must be > 0, but is -3/,
      ],
      [{ ...config, geometry }, /\/geometry must have required property 'tileSizeM'/],
      [
        { ...config, geometry: { ...config.geometry, bevSizePx: 9 } },
        /\/geometry\/bevSizePx is 9, not a multiple of inputSizePx 8/,
      ],
      [
        { ...config, descriptor: { dimensions: '192' } },
        /\/descriptor\/dimensions must be integer, but is "192"/,
      ],
      [{ ...config, preprocessing: { ...config.preprocessing, invalidPixel: 0 } }, /must be -1, but is 0/],
      [{ ...config, traning: {} }, /\/traning is not known/],
      [{ ...config, files: {} }, /\/files is not known/],
    ];
    for (const [json, message] of wrong)
      await assert.rejects(attempt(JSON.stringify(json)), { code, message });
    await assert.rejects(attempt('{'), { code, message: /wrong\.json cannot be read as JSON/ });
    await rm(path);
    await assert.rejects(
      run('import', '--encoder', join(source, 'encoder.onnx'), '--config', path, '--out', out),
      { code, message: /wrong\.json cannot be read/ },
    );
    assert.ok(!existsSync(out));
  });
});
