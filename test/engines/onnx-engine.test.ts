import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { openOnnxEngine } from '../../src/engines/index.js';
import { OnnxEngine } from '../../src/engines/onnx-engine.js';
import { OnnxGraph } from '../../src/onnx/index.js';

const folder = await mkdtemp(join(tmpdir(), 'skyfix-engine-'));
after(() => rm(folder, { recursive: true }));

/** y = x * [2, -3], batch free. */
async function scaleNetwork(): Promise<string> {
  const graph = new OnnxGraph('scale');
  const x = graph.input('x', ['N', 2]);
  const factor = graph.constant('factor', [2], Float32Array.of(2, -3));
  graph.output(graph.node('Mul', [x, factor], {}, 'y'), ['N', 2]);
  const path = join(folder, 'scale.onnx');
  await writeFile(path, graph.encode());
  return path;
}

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

const pair = (...values: number[]) => ({ data: Float32Array.from(values), shape: [values.length / 2, 2] });

describe('the onnxruntime engine', () => {
  test('computes what the graph says, any batch, and leaves the input to its caller', async () => {
    const engine = await openOnnxEngine(await scaleNetwork(), { threads: 1 });
    try {
      const input = pair(1, 1, 10, -10);
      assert.deepEqual(await engine.run(input), pair(2, -3, 20, 30));
      assert.deepEqual(await engine.run(pair(0.5, 2)), pair(1, -6));
      assert.deepEqual([...input.data], [1, 1, 10, -10]);
      assert.match(engine.description, /^onnxruntime-node \d+\.\d+\.\d+ cpu$/);
      const many = await Promise.all(Array.from({ length: 20 }, (_, k) => engine.run(pair(k, k))));
      assert.deepEqual(
        many.map(({ data }) => [...data]),
        Array.from({ length: 20 }, (_, k) => [2 * k, -3 * k]),
      );
    } finally {
      await engine.close();
    }
  });

  test('a wrong shape rejects and the next run works', async () => {
    const engine = await openOnnxEngine(await scaleNetwork(), { threads: 1 });
    try {
      const wide = { data: new Float32Array(3), shape: [1, 3] };
      await assert.rejects(engine.run(wide), { code: 'INTERNAL', message: /scale\.onnx failed/ });
      const flat = { data: new Float32Array(2), shape: [2] };
      await assert.rejects(engine.run(flat), { code: 'INTERNAL' });
      const short = { data: new Float32Array(3), shape: [2, 2] };
      await assert.rejects(engine.run(short), { code: 'INTERNAL', message: /\[2,2\] came with 3 values/ });
      assert.deepEqual(await engine.run(pair(1, 1)), pair(2, -3));
    } finally {
      await engine.close();
    }
  });

  test('close() lets what was asked finish; afterwards nothing runs; closing twice is one', async () => {
    const engine = await openOnnxEngine(await scaleNetwork(), { threads: 1 });
    const asked = [1, 2, 3].map((k) => engine.run(pair(k, k)));
    const closing = Promise.all([engine.close(), engine.close()]);
    await assert.rejects(engine.run(pair(1, 1)), { code: 'INTERNAL', message: /engine is closed/ });
    assert.deepEqual(
      (await Promise.all(asked)).map(({ data }) => data[0]),
      [2, 4, 6],
    );
    await closing;
    await engine.close();
    await assert.rejects(engine.run(pair(1, 1)), { code: 'INTERNAL', message: /engine is closed/ });
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

describe('a worker thread that ends', () => {
  const started = (code: string) =>
    new OnnxEngine(
      new Worker(`const { parentPort: port } = require('node:worker_threads');${code}`, { eval: true }),
      'net.onnx',
    );

  for (const [name, crash, told] of [
    ['throws', "throw new Error('out of luck')", /net\.onnx failed: out of luck\./],
    ['exits', 'process.exit(3)', /ended with code 3/],
  ] as const) {
    test(`that ${name} while it runs rejects everything pending, and what comes later`, async () => {
      const engine = started(`port.postMessage({ kind: 'ready' }); port.on('message', () => { ${crash}; });`);
      await engine.ready;
      const runs = await Promise.allSettled([engine.run(pair(1, 1)), engine.run(pair(2, 2))]);
      for (const run of runs) {
        assert.equal(run.status, 'rejected');
        assert.match(String((run as PromiseRejectedResult).reason), told);
      }
      await assert.rejects(engine.run(pair(1, 1)), { code: 'INTERNAL', message: told });
      await engine.close();
    });
  }

  test('before it is ready is a network that cannot be loaded', async () => {
    await assert.rejects(started('process.exit(4)').ready, {
      code: 'BUNDLE_CORRUPT',
      message: /net\.onnx cannot be loaded: the worker thread ended with code 4\./,
    });
  });

  test('a result that follows "ready" at once is not lost', async () => {
    const engine = started(
      "port.postMessage({ kind: 'ready' });" +
        "port.postMessage({ kind: 'result', id: 1, data: Float32Array.of(7), shape: [1] });" +
        "port.on('message', () => port.close());",
    );
    const answer = engine.run(pair(1, 1));
    await engine.ready;
    assert.deepEqual([...(await answer).data], [7]);
    await engine.close();
  });
});
