// onnxruntime keeps the contract, and what is particular to it.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { openOnnxEngine } from '../../src/engines/index.js';
import { watchThreads } from '../support/threads.js';
import { engineContract, pair, scaleGraph, twinGraph } from './contract.js';

const folder = await mkdtemp(join(tmpdir(), 'skyfix-engine-'));
after(() => rm(folder, { recursive: true }));

const threads = watchThreads();
after(() => threads.stop());

engineContract('onnxruntime', { open: openOnnxEngine, lose: () => threads.crashYoungest() });

describe('the onnxruntime engine', () => {
  test('says what computes', async () => {
    const path = join(folder, 'scale.onnx');
    await writeFile(path, scaleGraph());
    const engine = await openOnnxEngine(path, { threads: 1 });
    assert.match(engine.description, /^onnxruntime-node \d+\.\d+\.\d+ cpu$/);
    await engine.close();
    assert.equal(threads.alive.length, 0);
  });

  test('gives a second output where a run asks for it, and says so where there is none', async () => {
    const path = join(folder, 'twin.onnx');
    await writeFile(path, twinGraph());
    const options = { threads: 1, secondOutput: true };
    const engine = await openOnnxEngine(path, options);
    assert.deepEqual(await engine.runBoth?.(pair(0, 0)), [pair(2, -3), pair(1, 1)]);
    await engine.close();
    await writeFile(path, scaleGraph());
    const single = await openOnnxEngine(path, options);
    await assert.rejects(single.runBoth?.(pair(1, 1)) ?? Promise.resolve(), {
      code: 'INTERNAL',
      message: /twin\.onnx failed: the network has one output/,
    });
    assert.deepEqual(await single.run(pair(1, 1)), pair(2, -3));
    await single.close();
  });
});
