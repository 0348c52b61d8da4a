// OpenVINO keeps the contract, computes what onnxruntime computes, and keeps compiled networks on disk.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { loadBundle } from '../../src/bundles/index.js';
import { chooseEngine, DEFAULT_ENGINE, type EngineChoice, openEngine } from '../../src/engines/index.js';
import { OpenVino } from '../../src/engines/openvino-api.js';
import { seededRandom } from '../../src/random/index.js';
import { installedOpenVino, NO_OPENVINO } from '../support/openvino.js';
import { watchThreads } from '../support/threads.js';
import { engineContract, pair, scaleGraph, twinGraph } from './contract.js';

const folder = await mkdtemp(join(tmpdir(), 'skyfix-openvino-'));
after(() => rm(folder, { recursive: true }));
const threads = watchThreads();
after(() => threads.stop());

setFlagsFromString('--expose-gc');
const installed = await installedOpenVino();
const compiledDir = join(folder, 'compiled');

if (installed) {
  const choice: EngineChoice = { ...installed, compiledDir };
  engineContract('openvino', {
    open: (path, options) => openEngine(choice, path, options),
    lose: () => threads.crashYoungest(),
  });
}

describe('the OpenVINO engine', { skip: installed ? false : NO_OPENVINO }, () => {
  const openvino = (): EngineChoice => {
    assert.ok(installed);
    return { ...installed, compiledDir };
  };
  const scale = join(folder, 'scale.onnx');

  test('describes what ships as onnxruntime does: cosine 0.9999 and more, values within 1e-3', async () => {
    const bundle = await loadBundle('models/small-town');
    const { inputSizePx } = bundle.manifest.geometry;
    const random = seededRandom(7);
    for (const [path, low] of [
      [bundle.encoderPath, 0],
      [bundle.generatorPath, -1],
    ] as const) {
      if (path === undefined) continue;
      const engines = await Promise.all(
        [openvino(), DEFAULT_ENGINE].map((choice) => openEngine(choice, path, { threads: 1 })),
      );
      try {
        const side = path === bundle.encoderPath ? inputSizePx : 72;
        for (const count of [1, 5]) {
          const size = count * 3 * side * side;
          const data = Float32Array.from({ length: size }, () => low + (1 - low) * random());
          const [ours, theirs] = await Promise.all(
            engines.map((engine) => engine.run({ data, shape: [count, 3, side, side] })),
          );
          assert.ok(ours && theirs);
          assert.deepEqual(ours.shape, theirs.shape);
          const worst = ours.data.reduce(
            (most, v, k) => Math.max(most, Math.abs(v - (theirs.data[k] ?? 0))),
            0,
          );
          assert.ok(worst < 1e-3, `${path}: differs by ${worst}`);
          const cosine = cosineOf(ours.data, theirs.data);
          assert.ok(cosine >= 0.9999, `${path}: cosine ${cosine}`);
        }
      } finally {
        await Promise.all(engines.map((engine) => engine.close()));
      }
    }
  });

  test('errors carry the words of the library', async () => {
    await writeFile(scale, scaleGraph());
    const engine = await openEngine(openvino(), scale, { threads: 1 });
    try {
      await assert.rejects(engine.run({ data: new Float32Array(3), shape: [1, 3] }), {
        code: 'INTERNAL',
        message: /model input \(shape=\[\?,2\]\) and the tensor \(shape=\(1\.3\)\) are incompatible/,
      });
    } finally {
      await engine.close();
    }
  });

  test('of a network with two outputs the first alone is compiled, and no run gives the other', async () => {
    const path = join(folder, 'twin.onnx');
    await writeFile(path, twinGraph());
    const { library } = openvino();
    const openVino = new OpenVino(library ?? '');
    const compiled = openVino.compile(path, { INFERENCE_PRECISION_HINT: 'f32' });
    assert.equal(compiled.outputs, 1);
    assert.deepEqual(compiled.run(pair(0, 0, 9, -11)), pair(2, -3, 20, 30));
    compiled.close();
    openVino.close();
    const engine = await openEngine(openvino(), path, { threads: 1, secondOutput: true });
    assert.equal(engine.runBoth, undefined);
    await engine.close();
  });

  test('a library that is cut short is refused in a sentence, ends no process but its own and leaves nothing', async (t) => {
    const { library } = openvino();
    assert.ok(library);
    const { TMPDIR } = process.env;
    const scratch = join(folder, 'scratch');
    await mkdir(scratch);
    process.env.TMPDIR = scratch;
    t.after(() => {
      if (TMPDIR === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = TMPDIR;
    });
    const whole = await readFile(library);
    for (const share of [0.1, 0.5, 0.9]) {
      const openvinoDir = join(folder, `short-${share}`);
      await mkdir(openvinoDir);
      const cut = whole.subarray(0, Math.floor(whole.length * share));
      await writeFile(join(openvinoDir, basename(library)), cut);
      await assert.rejects(chooseEngine({ engine: 'openvino', precision: 'auto', openvinoDir }), {
        code: 'ENGINE_UNAVAILABLE',
        message: /OpenVINO cannot be used from .*short-.*: \S/,
      });
    }
    assert.deepEqual(await readdir(scratch), []);
  });

  test('a compiled network is kept, used again, and made anew where its file is damaged', async () => {
    const own = join(folder, 'kept');
    const choice = { ...openvino(), compiledDir: own };
    await writeFile(scale, scaleGraph());
    const answers = async () => {
      const engine = await openEngine(choice, scale, { threads: 1 });
      const { data } = await engine.run(pair(1, 1, 10, -10));
      await engine.close();
      return [...data];
    };
    assert.deepEqual(await answers(), [2, -3, 20, 30]);
    const [name, ...others] = await readdir(own);
    assert.deepEqual(others, []);
    const kept = join(own, name ?? '');
    const whole = await readFile(kept);
    assert.deepEqual(await answers(), [2, -3, 20, 30]);
    assert.deepEqual(await readFile(kept), whole);
    for (const damaged of [whole.subarray(0, whole.length / 2), Buffer.alloc(0), Buffer.from('nonsense')]) {
      await writeFile(kept, damaged);
      assert.deepEqual(await answers(), [2, -3, 20, 30]);
      assert.ok((await readFile(kept)).length > damaged.length);
    }
    assert.deepEqual(await readdir(own), [name]);
  });

  test('an imported network computes on once nobody else knows what it was imported from', async () => {
    const collectGarbage = runInNewContext('gc') as () => void;
    const { library } = openvino();
    const openVino = new OpenVino(library ?? '');
    const { encoderPath, manifest } = await loadBundle('models/small-town');
    const side = manifest.geometry.inputSizePx;
    const file = join(folder, 'exported');
    const compiled = openVino.compile(encoderPath, { INFERENCE_PRECISION_HINT: 'f32' });
    compiled.export(file);
    const content = new WeakRef(new Uint8Array(await readFile(file)));
    const imported = openVino.import(content.deref() ?? new Uint8Array());
    const random = seededRandom(3);
    for (let round = 0; round < 12; round++) {
      const count = round % 2 === 0 ? 1 : 8;
      const data = Float32Array.from({ length: count * 3 * side * side }, () => random());
      const input = { data, shape: [count, 3, side, side] };
      const expected = compiled.run(input);
      await setImmediate(); // what a WeakRef gave stays until the task ends
      collectGarbage();
      assert.ok(content.deref(), 'the library reads memory that is gone');
      assert.deepEqual(imported.run(input), expected);
    }
    for (const network of [compiled, imported]) network.close();
    openVino.close();
  });

  test('two that open one network at once share the folder; one that cannot be written costs nothing but time', async () => {
    await writeFile(scale, scaleGraph());
    const notAFolder = join(folder, 'file');
    await writeFile(notAFolder, '');
    for (const shared of [join(folder, 'shared'), notAFolder]) {
      const choice = { ...openvino(), compiledDir: shared };
      const opened = await Promise.all([1, 2, 3].map(() => openEngine(choice, scale, { threads: 1 })));
      for (const engine of opened) {
        assert.deepEqual(await engine.run(pair(1, 1)), pair(2, -3));
        await engine.close();
      }
    }
  });
});

function cosineOf(a: Float32Array, b: Float32Array): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (const [k, x] of a.entries()) {
    const y = b[k] ?? 0;
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return ab / Math.sqrt(aa * bb);
}
