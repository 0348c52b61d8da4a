// What is particular to onnxruntime: its thread leaves the event loop free.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { openOnnxEngine } from '../../src/engines/index.js';
import { OnnxGraph } from '../../src/onnx/index.js';
import { watchThreads } from '../support/threads.js';
import { engineContract, scaleGraph } from './contract.js';

const folder = await mkdtemp(join(tmpdir(), 'skyfix-engine-'));
after(() => rm(folder, { recursive: true }));

/** `layers` products with one matrix whose rows are averages: [N, side] stays what its mean is. */
async function heavyNetwork(side: number, layers: number): Promise<string> {
  const graph = new OnnxGraph('heavy');
  const matrix = graph.constant('m', [side, side], new Float32Array(side * side).fill(1 / side));
  let x = graph.input('x', ['N', side]);
  for (let k = 0; k < layers; k++) x = graph.node('MatMul', [x, matrix]);
  graph.output(x, ['N', side]);
  const path = join(folder, 'heavy.onnx');
  await writeFile(path, graph.encode());
  return path;
}

/** Starts watching; what it returns stops and says how long the loop stood still at most, milliseconds. */
function watchEventLoop(): () => number {
  let worstMs = 0;
  let last = performance.now();
  const note = () => {
    const now = performance.now();
    worstMs = Math.max(worstMs, now - last);
    last = now;
  };
  const timer = setInterval(note, 2);
  return () => {
    clearInterval(timer);
    note();
    return worstMs;
  };
}

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

  test('the watch of the next test sees a loop that stands still', () => {
    const longestStall = watchEventLoop();
    const started = performance.now();
    while (performance.now() - started < 80);
    assert.ok(longestStall() >= 80);
  });

  test('the event loop goes on while a network runs', async () => {
    const engine = await openOnnxEngine(await heavyNetwork(1024, 24), { threads: 1 });
    try {
      // Batches grow until one takes 250 ms here. A loop that inference blocks stands still in each of the three runs;
      // one that only other programs delay does not.
      const stalls: number[] = [];
      for (let rows = 128; stalls.length < 3; ) {
        const batch = { data: new Float32Array(rows * 1024).fill(3), shape: [rows, 1024] };
        const longestStall = watchEventLoop();
        const started = performance.now();
        const { data } = await engine.run(batch);
        const elapsedMs = performance.now() - started;
        const stallMs = longestStall();
        assert.ok(Math.abs((data[5] ?? 0) - 3) < 1e-3);
        if (elapsedMs < 250) rows *= 2;
        else stalls.push(stallMs);
      }
      assert.ok(Math.min(...stalls) < 60, `the loop stood still for ${stalls} ms`);
    } finally {
      await engine.close();
    }
  });
});
