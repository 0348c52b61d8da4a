// What every inference engine keeps. A new one calls engineContract from its own test file.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { EngineOptions, InferenceEngine } from '../../src/engines/index.js';
import { DATA_TYPES, OnnxGraph } from '../../src/onnx/index.js';
import { watchEventLoop } from '../support/event-loop.js';
import { until } from '../support/threads.js';

export interface EngineUnderTest {
  open(path: string, options: EngineOptions): Promise<InferenceEngine>;
  /** Takes away what computes in the engine opened last, as a crash would; resolves when it is gone. */
  lose(): Promise<void>;
}

/** y = x * [2, -3], batch free. */
export function scaleGraph(): Uint8Array {
  const graph = new OnnxGraph('scale');
  const x = graph.input('x', ['N', 2]);
  const factor = graph.constant('factor', [2], Float32Array.of(2, -3));
  graph.output(graph.node('Mul', [x, factor], {}, 'y'), ['N', 2]);
  return graph.encode();
}

/** `layers` products with one matrix whose rows are averages: [N, side] stays what its mean is. */
function heavyGraph(side: number, layers: number): Uint8Array {
  const graph = new OnnxGraph('heavy');
  const matrix = graph.constant('m', [side, side], new Float32Array(side * side).fill(1 / side));
  let x = graph.input('x', ['N', side]);
  for (let k = 0; k < layers; k++) x = graph.node('MatMul', [x, matrix]);
  graph.output(x, ['N', side]);
  return graph.encode();
}

/** The mean of each channel, batch, height and width free: [N, 3, H, W] to [N, 3, 1, 1]. */
export function meanGraph(): Uint8Array {
  const graph = new OnnxGraph('mean');
  const x = graph.input('x', ['N', 3, 'H', 'W']);
  graph.output(graph.node('GlobalAveragePool', [x], {}, 'y'), ['N', 3, 1, 1]);
  return graph.encode();
}

/** The mean of each channel of pixels: uint8 [N, H, W, 3] to [N, 3]. */
export function bytesGraph(): Uint8Array {
  const graph = new OnnxGraph('bytes');
  const x = graph.input('x', ['N', 'H', 'W', 3], DATA_TYPES.UINT8);
  const values = graph.node('Cast', [x], { to: DATA_TYPES.FLOAT });
  graph.output(graph.node('ReduceMean', [values], { axes: [1, 2], keepdims: 0 }, 'y'), ['N', 3]);
  return graph.encode();
}

/** twin = x + 1 is the second output, y = twin * [2, -3] the first. */
export function twinGraph(): Uint8Array {
  const graph = new OnnxGraph('twin');
  const x = graph.input('x', ['N', 2]);
  const one = graph.constant('one', [1], Float32Array.of(1));
  const twin = graph.node('Add', [x, one], {}, 'twin');
  const factor = graph.constant('factor', [2], Float32Array.of(2, -3));
  graph.output(graph.node('Mul', [twin, factor], {}, 'y'), ['N', 2]);
  graph.output(twin, ['N', 2]);
  return graph.encode();
}

export const pair = (...values: number[]) => ({
  data: Float32Array.from(values),
  shape: [values.length / 2, 2],
});

export function engineContract(name: string, { open, lose }: EngineUnderTest): void {
  describe(`${name} keeps the contract of engines`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'skyfix-engine-'));
    after(() => rm(folder, { recursive: true, force: true }));
    const path = join(folder, 'scale.onnx');
    await writeFile(path, scaleGraph());
    const withEngine = async (
      use: (engine: InferenceEngine) => Promise<void>,
      options: Partial<EngineOptions> = {},
    ) => {
      const engine = await open(path, { threads: 1, ...options });
      try {
        await use(engine);
      } finally {
        await engine.close();
      }
    };

    test('computes what the graph says, any batch, and leaves the input to its caller', async () => {
      await withEngine(async (engine) => {
        assert.equal(engine.state, 'ready');
        const input = pair(1, 1, 10, -10);
        assert.deepEqual(await engine.run(input), pair(2, -3, 20, 30));
        assert.deepEqual(await engine.run(pair(0.5, 2)), pair(1, -6));
        assert.deepEqual([...input.data], [1, 1, 10, -10]);
        const many = await Promise.all(Array.from({ length: 20 }, (_, k) => engine.run(pair(k, k))));
        assert.deepEqual(
          many.map(({ data }) => [...data]),
          Array.from({ length: 20 }, (_, k) => [2 * k, -3 * k]),
        );
      });
    });

    test('a wrong shape rejects and the next run works', async () => {
      await withEngine(async (engine) => {
        const wide = { data: new Float32Array(3), shape: [1, 3] };
        await assert.rejects(engine.run(wide), { code: 'INTERNAL', message: /scale\.onnx failed/ });
        const flat = { data: new Float32Array(2), shape: [2] };
        await assert.rejects(engine.run(flat), { code: 'INTERNAL' });
        const short = { data: new Float32Array(3), shape: [2, 2] };
        await assert.rejects(engine.run(short), { code: 'INTERNAL', message: /\[2,2\] came with 3 values/ });
        assert.deepEqual(await engine.run(pair(1, 1)), pair(2, -3));
        assert.equal(engine.state, 'ready');
      });
    });

    test('a network of pixels takes bytes, and no floats', async () => {
      const pixels = join(folder, 'bytes.onnx');
      await writeFile(pixels, bytesGraph());
      const engine = await open(pixels, { threads: 1 });
      try {
        const data = Uint8Array.from({ length: 2 * 2 * 3 * 3 }, (_, k) => 7 * k);
        const means = [0, 1].flatMap((image) =>
          [0, 1, 2].map((c) => 7 * (image * 18 + c + (3 * (0 + 1 + 2 + 3 + 4 + 5)) / 6)),
        );
        for (let round = 0; round < 2; round++) {
          const { data: found, shape } = await engine.run({ data, shape: [2, 2, 3, 3] });
          assert.deepEqual(shape, [2, 3]);
          for (const [k, mean] of means.entries()) assert.ok(Math.abs((found[k] ?? 0) - mean) < 1e-3);
        }
        const floats = { data: new Float32Array(18), shape: [1, 2, 3, 3] };
        await assert.rejects(engine.run(floats), { code: 'INTERNAL' });
      } finally {
        await engine.close();
      }
    });

    test('a second output comes where it is asked for, or not at all', async () => {
      const twin = join(folder, 'twin.onnx');
      await writeFile(twin, twinGraph());
      const engine = await open(twin, { threads: 1, secondOutput: true });
      try {
        for (let round = 0; round < 2; round++) {
          assert.deepEqual(await engine.run(pair(0, 0, 9, -11)), pair(2, -3, 20, 30));
          if (!engine.runBoth) continue;
          const input = pair(0, 0, 9, -11);
          assert.deepEqual(await engine.runBoth(input), [pair(2, -3, 20, 30), pair(1, 1, 10, -10)]);
          assert.deepEqual([...input.data], [0, 0, 9, -11]);
          const wide = { data: new Float32Array(3), shape: [1, 3] };
          await assert.rejects(engine.runBoth(wide), { code: 'INTERNAL', message: /twin\.onnx failed/ });
        }
      } finally {
        await engine.close();
      }
      await assert.rejects(async () => engine.runBoth?.(pair(1, 1)) ?? engine.run(pair(1, 1)), {
        code: 'INTERNAL',
      });
      await withEngine(async ({ runBoth }) => assert.equal(runBoth, undefined));
    });

    test('height and width may change from run to run where the network leaves them open, and come again', async () => {
      const free = join(folder, 'mean.onnx');
      await writeFile(free, meanGraph());
      const engine = await open(free, { threads: 1 });
      try {
        for (const [count, height, width] of [
          [1, 8, 8],
          [2, 5, 9],
          [1, 8, 8],
          [3, 16, 4],
          [2, 5, 9],
        ] as const) {
          const side = height * width;
          const data = Float32Array.from({ length: count * 3 * side }, (_, k) => (k * 7919) % 101);
          const means = Array.from({ length: count * 3 }, (_, channel) => {
            const values = data.subarray(channel * side, (channel + 1) * side);
            return values.reduce((sum, value) => sum + value, 0) / side;
          });
          const output = await engine.run({ data, shape: [count, 3, height, width] });
          assert.deepEqual(output.shape, [count, 3, 1, 1]);
          for (const [k, mean] of means.entries()) assert.ok(Math.abs((output.data[k] ?? 0) - mean) < 1e-3);
        }
      } finally {
        await engine.close();
      }
    });

    test('NaN and infinity come back as what they are, and spoil nothing', async () => {
      await withEngine(async (engine) => {
        const { data } = await engine.run(pair(Number.NaN, 1, Number.POSITIVE_INFINITY, 1));
        assert.deepEqual([...data], [Number.NaN, -3, Number.POSITIVE_INFINITY, -3]);
        assert.deepEqual(await engine.run(pair(1, 1)), pair(2, -3));
      });
    });

    test('close() lets what was asked finish; afterwards nothing runs; closing twice is one', async () => {
      const engine = await open(path, { threads: 1 });
      const asked = [1, 2, 3].map((k) => engine.run(pair(k, k)));
      const closing = Promise.all([engine.close(), engine.close()]);
      await assert.rejects(engine.run(pair(1, 1)), { code: 'INTERNAL', message: /engine is closed/ });
      assert.deepEqual(
        (await Promise.all(asked)).map(({ data }) => data[0]),
        [2, 4, 6],
      );
      await closing;
      await engine.close();
      assert.equal(engine.state, 'closed');
      await assert.rejects(engine.run(pair(1, 1)), { code: 'INTERNAL', message: /engine is closed/ });
    });

    test('when it dies all that waits is told, its owner hears of it, and it comes back', async () => {
      const heard: string[] = [];
      const events = { onDeath: () => heard.push('death'), onRecovered: () => heard.push('recovered') };
      await withEngine(async (engine) => {
        for (let life = 1; life <= 2; life++) {
          const ask = (many: number) => Array.from({ length: many }, (_, k) => engine.run(pair(k, k)));
          const before = ask(20);
          const gone = lose();
          const runs = Promise.allSettled([...before, ...ask(20)]);
          await gone;
          for (const [k, run] of (await runs).entries()) {
            if (run.status === 'fulfilled') assert.equal(run.value.data[0], 2 * (k % 20));
            else assert.equal(run.reason.code, 'RECOVERING');
          }
          assert.ok((await runs).some(({ status }) => status === 'rejected'));
          assert.equal(engine.state, 'recovering');
          await assert.rejects(engine.run(pair(1, 1)), { code: 'RECOVERING', message: /scale\.onnx ended/ });
          await until(() => engine.state === 'ready', 'the engine to come back');
          assert.deepEqual(await engine.run(pair(1, 1)), pair(2, -3));
        }
        assert.deepEqual(heard, ['death', 'recovered', 'death', 'recovered']);
      }, events);
    });

    test('while its file is away it stays recovering, and comes back with it', async () => {
      const other = join(folder, 'away.onnx');
      await writeFile(other, scaleGraph());
      let deaths = 0;
      const engine = await open(other, {
        threads: 1,
        onDeath: () => {
          deaths++;
        },
      });
      await rm(other);
      await lose();
      await until(() => deaths >= 2, 'a restart without the file');
      assert.equal(engine.state, 'recovering');
      await writeFile(other, scaleGraph());
      await until(() => engine.state === 'ready', 'the engine to come back');
      assert.deepEqual(await engine.run(pair(1, 1)), pair(2, -3));
      await engine.close();
    });

    test('the event loop goes on while a network runs', async () => {
      const heavy = join(folder, 'heavy.onnx');
      await writeFile(heavy, heavyGraph(1024, 24));
      const engine = await open(heavy, { threads: 1 });
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

    test('a file that is no network is refused by its name, and nothing stays open', async () => {
      const bad = join(folder, 'bad.onnx');
      await writeFile(bad, 'no network');
      await assert.rejects(open(bad, { threads: 1 }), {
        code: 'BUNDLE_CORRUPT',
        message: /bad\.onnx cannot be loaded/,
      });
    });
  });
}
