// Networks joined to one, run by onnxruntime, against the same networks one after the other.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { chained, OnnxGraph, readOnnx, withFirstOutput } from '../../src/onnx/index.js';

/** out = in * factor + 1; all its values have the names that every other one's have. */
function affine(factor: number, input: string, output: string): OnnxGraph {
  const graph = new OnnxGraph('affine');
  const x = graph.input(input, ['N', 2]);
  const scaled = graph.node('Mul', [x, graph.constant('c', [1], Float32Array.of(factor))], {}, 'inner');
  const one = graph.constant('one', [1], Float32Array.of(1));
  graph.output(graph.node('Add', [scaled, one], {}, output), ['N', 2]);
  return graph;
}

async function run(model: Uint8Array, values: readonly number[]): Promise<number[]> {
  const session = await InferenceSession.create(model, { logSeverityLevel: 3 });
  const feeds = {
    [session.inputNames[0] ?? '']: new Tensor('float32', Float32Array.from(values), [values.length / 2, 2]),
  };
  const result = await session.run(feeds);
  return Array.from(result[session.outputNames[0] ?? '']?.data as Float32Array);
}

test('three networks with the same names inside compute what they do one after the other, for any batch', async () => {
  const models = [affine(2, 'x', 'y'), affine(-3, 'x', 'y'), affine(5, 'y', 'inner2')].map((g) => g.encode());
  const one = chained(models, ['M', 2]);
  const { inputs, outputs, opset } = readOnnx(one);
  assert.deepEqual(inputs, [{ name: 'x', shape: ['N', 2], dataType: 1 }]);
  assert.deepEqual(outputs, [{ name: 'inner2', shape: ['M', 2], dataType: 1 }]);
  assert.equal(opset, 17);
  for (const values of [
    [1, 2],
    [3, -4, 0.5, 7],
  ]) {
    let step = values;
    for (const model of models) step = await run(model, step);
    assert.deepEqual(await run(one, values), step);
  }
});

test('a value that is kept is a second output, and the first alone is what it was', async () => {
  const models = [affine(2, 'x', 'y'), affine(-3, 'x', 'y'), affine(5, 'y', 'z')].map((g) => g.encode());
  const shape = ['M', 2];
  const plain = chained(models, shape);
  for (const [kept, expected] of [
    [{ network: 0, name: 'inner', shape }, [2, 4]],
    [{ network: 0, name: 'y', shape }, [3, 5]],
    [{ network: 1, name: 'inner', shape }, [-9, -15]],
    [{ network: 1, name: 'y', shape }, [-8, -14]],
  ] as const) {
    const one = chained(models, shape, kept);
    assert.deepEqual(readOnnx(one).outputs, [
      { name: 'z', shape, dataType: 1 },
      { name: kept.name, shape, dataType: 1 },
    ]);
    const session = await InferenceSession.create(one, { logSeverityLevel: 3 });
    const feeds = { x: new Tensor('float32', Float32Array.of(1, 2), [1, 2]) };
    const both = await session.run(feeds);
    assert.deepEqual(Array.from(both[kept.name]?.data as Float32Array), expected);
    assert.deepEqual(Array.from(both.z?.data as Float32Array), await run(plain, [1, 2]));
    assert.deepEqual(Object.keys(await session.run(feeds, ['z'])), ['z']);
    const first = withFirstOutput(one);
    assert.deepEqual(readOnnx(first).outputs, [{ name: 'z', shape, dataType: 1 }]);
    assert.deepEqual(await run(first, [1, 2]), await run(plain, [1, 2]));
  }
  assert.equal(withFirstOutput(plain), plain);
});

test('an input that is left out stays left out', async () => {
  const graph = new OnnxGraph('clip');
  const x = graph.input('x', ['N', 2]);
  const most = graph.constant('most', [], Float32Array.of(3));
  graph.output(graph.node('Clip', [x, '', most], {}, 'y'), ['N', 2]);
  const one = chained([affine(1, 'a', 'b').encode(), graph.encode()], ['N', 2]);
  assert.deepEqual(await run(one, [-8, 8]), [-7, 3]);
});

test('what cannot be joined says why', () => {
  const affines = () => affine(1, 'x', 'y');
  assert.throws(
    () => chained([affines().encode(13), affines().encode()], ['N', 2]),
    /operator sets 13 and 17/,
  );
  const two = affines();
  two.input('z', ['N', 2]);
  assert.throws(() => chained([affines().encode(), two.encode()], ['N', 2]), /network 2 has 2 inputs/);
  assert.throws(() => chained([], ['N', 2]), /no input/);
  const both = [affines().encode(), affines().encode()];
  const keep = (network: number, name: string) => chained(both, ['N', 2], { network, name, shape: ['N', 2] });
  assert.throws(() => keep(0, 'view'), /network 1 has no value view to keep/);
  assert.throws(() => keep(7, 'inner'), /network 8 has no value inner to keep/);
  assert.throws(() => keep(0, 'y'), /y would be the name of two values/);
});
