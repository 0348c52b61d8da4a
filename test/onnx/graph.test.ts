import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as ort from 'onnxruntime-node';
import { OnnxGraph, readOnnx } from '../../src/onnx/index.js';

describe('ONNX graphs built in code', () => {
  const graph = new OnnxGraph('scale');
  const x = graph.input('x', ['N', 2]);
  const scaled = graph.node('Mul', [x, graph.constant('factor', [2], Float32Array.of(2, -3))]);
  const leaky = graph.node('LeakyRelu', [scaled], { alpha: { float: 0.5 } });
  graph.output(graph.node('Transpose', [leaky], { perm: [1, 0] }, 'y'), [2, 'N']);
  const bytes = graph.encode();

  test('run in onnxruntime as written, with a free batch dimension', async () => {
    const session = await ort.InferenceSession.create(bytes);
    const feed = new ort.Tensor('float32', Float32Array.of(1, 1, 10, -10), [2, 2]);
    const { y } = await session.run({ x: feed });
    assert.deepEqual(y?.dims, [2, 2]);
    assert.deepEqual([...((y?.data ?? []) as Float32Array)], [2, 20, -1.5, 30]);
  });

  test('are read back: names, shapes, operators, number of weights', () => {
    assert.deepEqual(readOnnx(bytes), {
      opset: 17,
      inputs: [{ name: 'x', shape: ['N', 2], dataType: 1 }],
      outputs: [{ name: 'y', shape: [2, 'N'], dataType: 1 }],
      operators: ['Mul', 'LeakyRelu', 'Transpose'],
      weights: 2,
    });
  });

  test('are read where constants are listed as inputs', () => {
    const old = new OnnxGraph('ir-3');
    const sum = old.node('Add', [old.input('x', [2]), old.constant('shift', [2], Float32Array.of(1, 2))]);
    old.input('shift', [2]);
    old.output(sum, [2]);
    assert.deepEqual(readOnnx(old.encode()).inputs, [{ name: 'x', shape: [2], dataType: 1 }]);
  });

  test('a constant whose size does not fit its shape is refused, and so are bytes that are no ONNX file', () => {
    assert.throws(() => new OnnxGraph('g').constant('c', [3], new Float32Array(2)), /Constant c \[3\] has 2/);
    assert.throws(() => readOnnx(new Uint8Array()));
    assert.throws(() => readOnnx(bytes.subarray(0, bytes.length - 9)));
  });
});
