// skyfix-train quantise: a bundle of small networks made here, pictures in a folder, and what is then in the bundle.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { loadBundle } from 'skyfix/bundles';
import { PACKAGE_ROOT } from 'skyfix/cli';
import { openNetworks } from 'skyfix/describe';
import { DEFAULT_ENGINE } from 'skyfix/engines';
import { sha256OfBytes } from 'skyfix/files';
import { encodePng } from 'skyfix/imaging';
import { OnnxGraph } from 'skyfix/onnx';
import { DIMENSIONS, noise, SIDE, smallNetwork } from '../quantisation/integer-network.js';

let folder = '';
let bundle = '';
let pictures = '';

/** bev → 3 x 3 convolution, instance norm, ReLU, 3 x 3 convolution, tanh. */
function smallGenerator(): Uint8Array {
  const graph = new OnnxGraph('generator');
  const bev = graph.input('bev', ['N', 3, SIDE, SIDE]);
  const conv = (x: string, name: string, out: number, inner: number) =>
    graph.node('Conv', [x, graph.constant(name, [out, inner, 3, 3], noise(out * inner * 9, out))], {
      kernel_shape: [3, 3],
      pads: [1, 1, 1, 1],
    });
  const filled = (name: string, value: number) => graph.constant(name, [8], new Float32Array(8).fill(value));
  const norm = graph.node('InstanceNormalization', [
    conv(bev, 'in', 8, 3),
    filled('ones', 1),
    filled('zeros', 0),
  ]);
  const last = conv(graph.node('Relu', [norm]), 'out', 3, 8);
  const less = graph.node('Mul', [last, graph.constant('third', [], Float32Array.of(0.3))]);
  graph.output(graph.node('Tanh', [less], {}, 'view'), ['N', 3, SIDE, SIDE]);
  return graph.encode();
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skyfix-quantise-'));
  [bundle, pictures] = [join(folder, 'bundle'), join(folder, 'pictures')];
  await mkdir(bundle);
  await mkdir(join(pictures, 'more'), { recursive: true });
  const networks = { 'generator.onnx': smallGenerator(), 'encoder.onnx': smallNetwork() };
  const files: Record<string, object> = {};
  for (const [name, bytes] of Object.entries(networks)) {
    await writeFile(join(bundle, name), bytes);
    files[name] = { sha256: sha256OfBytes(bytes), bytes: bytes.byteLength };
  }
  const manifest = {
    schema: 'skyfix-bundle/1',
    ...{ name: 'tiny', version: '1', createdAt: '2026-01-01T00:00:00Z', profile: 'test' },
    geometry: { tileSizeM: 24, inputSizePx: SIDE, bevSizePx: 2 * SIDE, cameraHeightM: 2 },
    preprocessing: { generatorRange: [-1, 1], encoderRange: [0, 1], invalidPixel: -1 },
    descriptor: { dimensions: DIMENSIONS },
    ...{ training: {}, metrics: {}, files },
  };
  await writeFile(join(bundle, 'bundle.json'), JSON.stringify(manifest));
  for (let k = 0; k < 24; k++) {
    const size = SIDE + (k % 3);
    const data = Uint8Array.from(noise(3 * size * size, 7 + k), (value) => 128 + 127 * value);
    const png = await encodePng({ widthPx: size, heightPx: size, data });
    await writeFile(join(pictures, k % 2 === 0 ? `${k}.png` : `more/${k}.png`), png);
  }
  await writeFile(join(pictures, 'notes.txt'), 'no picture');
});
after(() => rm(folder, { recursive: true, force: true }));

function quantise(...args: readonly string[]) {
  const bin = join(PACKAGE_ROOT, 'bin/skyfix-train.js');
  const given = ['quantise', '--bundle', bundle, '--cache', join(folder, 'cache'), '--threads', '1', ...args];
  return spawnSync(process.execPath, [bin, ...given], { encoding: 'utf8' });
}

describe('skyfix-train quantise', () => {
  it('writes both networks in 8 bits, what was measured, and keeps those in float32', async () => {
    const out = join(folder, 'out');
    const { status, stdout, stderr } = quantise('--views', pictures, '--out', out);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /quantised with 36 pictures of .*pictures\n/);
    assert.match(stdout, /generator\.onnx: 2 layers in 8 bits, 0 left in float; ranges (of \d|by entropy)/);
    assert.match(stdout, /encoder\.onnx: 5 layers in 8 bits, 0 left in float/);
    assert.match(stdout, /cosine to float32 over 6 held-out views: mean (0\.99|1\.00)/);
    const made = await loadBundle(out);
    const { quantisation, files } = made.manifest;
    assert.ok((quantisation?.heldOut.cosine.mean ?? 0) >= 0.995);
    assert.equal(quantisation?.heldOut.views, 6);
    assert.equal(quantisation?.retrieval, undefined, 'a folder has no places');
    assert.deepEqual(Object.keys(files).sort(), [
      'encoder.int8.onnx',
      'encoder.onnx',
      'generator.int8.onnx',
      'generator.onnx',
    ]);
    assert.equal(made.encoderSha256, (await loadBundle(bundle)).encoderSha256, 'indexes of it stay valid');
    const networks = await openNetworks(made, {
      threads: 1,
      engine: { ...DEFAULT_ENGINE, precision: 'int8' },
    });
    const image = { data: new Float32Array(3 * SIDE * SIDE).fill(0.4), shape: [1, 3, SIDE, SIDE] };
    assert.equal((await networks.encoder.run(image)).data.length, DIMENSIONS);
    assert.equal(networks.generator?.precision, 'int8');
    const plain = await openNetworks(made, { threads: 1 });
    const bev = { ...image, data: noise(image.data.length, 5) };
    const [a, b] = [await networks.generator?.run(bev), await plain.generator?.run(bev)];
    const apart = a?.data.map((value, k) => Math.abs(value - (b?.data[k] ?? 0))) ?? [];
    const most = Math.max(...apart);
    assert.ok(most > 0 && most < 0.1, `views are ${most} apart: they come from 8 bits`);
    await Promise.all([networks.close(), plain.close()]);
  });

  it('in place, and again: the networks are made anew', async () => {
    assert.equal(quantise('--views', pictures, '--ranges', '99.9', '--pictures', '8').status, 0);
    const first = (await loadBundle(bundle)).manifest.quantisation;
    assert.equal(first?.networks['encoder.onnx']?.ranges, 99.9);
    assert.equal(first?.calibration.pictures, 16, 'eight, and the tile in the middle of each');
    const again = quantise('--views', pictures, '--ranges', 'entropy', '--cosine', '0.9');
    assert.equal(again.status, 0, again.stderr);
    const second = (await loadBundle(bundle)).manifest.quantisation;
    assert.equal(second?.networks['encoder.onnx']?.ranges, 'entropy');
  });

  it('writes nothing where held-out views lose more than was allowed', async () => {
    const text = await readFile(join(bundle, 'bundle.json'), 'utf8');
    const names = await readdir(folder);
    const { status, stderr } = quantise('--views', pictures, '--cosine', '0.9999999');
    assert.equal(status, 1);
    assert.match(
      stderr,
      /encoder\.onnx: no layer but the least harmful can be quantised|held-out views keep a cosine/,
    );
    assert.equal(await readFile(join(bundle, 'bundle.json'), 'utf8'), text);
    assert.deepEqual(await readdir(folder), names);
  });

  it('says what is missing or wrong', async () => {
    const few = join(folder, 'few');
    await mkdir(few);
    for (const name of ['a.png', 'b.png', 'c.png']) await writeFile(join(few, name), 'no picture');
    for (const [args, status, message] of [
      [[], 2, /no town of this bundle lies here; give --town <dir>/],
      [['--views', pictures, '--town', folder], 2, /give --views, or --town or --root, not both/],
      [['--views', few], 1, /few: it holds 3 pictures; at least 4 are needed/],
      [['--views', join(folder, 'nowhere')], 1, /nowhere: it cannot be read/],
      [['--views', pictures, '--ranges', '20'], 2, /"entropy" or a percentage from 50 to 100/],
      [['--views', pictures, '--cosine', '2'], 2, /number between 0 and 1/],
    ] as const) {
      const found = quantise(...args);
      assert.equal(found.status, status, found.stderr);
      assert.match(found.stderr, message);
    }
    await writeFile(join(few, 'd.png'), 'no picture');
    assert.match(quantise('--views', few).stderr, /few: a\.png: /);
  });
});
