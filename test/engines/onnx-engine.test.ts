// onnxruntime keeps the contract, and what is particular to it.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { openOnnxEngine } from '../../src/engines/index.js';
import { watchThreads } from '../support/threads.js';
import { engineContract, scaleGraph } from './contract.js';

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
});
