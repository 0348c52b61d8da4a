// ONNX files taken apart and put together: what onnxruntime computes of the result is the outside truth.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as ort from 'onnxruntime-node';
import { GraphParts, newNode, OnnxGraph, readOnnx, renamedNode } from '../../src/onnx/index.js';

/** y = relu(3 x + 1); the 3 is stored as float16. */
function lineGraph(): Uint8Array {
  const graph = new OnnxGraph('line');
  const x = graph.input('x', ['N', 2]);
  const factor = graph.halfConstant('factor', [2], Float32Array.of(3, 3));
  const one = graph.constant('one', [1], Float32Array.of(1));
  const product = graph.node('Mul', [x, factor], {}, 'product');
  graph.output(graph.node('Relu', [graph.node('Add', [product, one], {}, 'sum')], {}, 'y'), ['N', 2]);
  return graph.encode();
}

async function run(model: Uint8Array, values: readonly number[]) {
  const session = await ort.InferenceSession.create(model);
  const x = new ort.Tensor('float32', Float32Array.from(values), [values.length / 2, 2]);
  const outputs = await session.run({ x });
  await session.release();
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { data }]) => [name, Array.from(data as Float32Array)]),
  );
}

const bytesOf = (parts: GraphParts) => parts.nodes.map(({ bytes }) => bytes);

describe('the parts of a graph', () => {
  test('are its nodes, ends and constants, those behind a Cast included', () => {
    const parts = new GraphParts(lineGraph());
    assert.deepEqual([parts.opset, parts.inputs, parts.outputs], [17, ['x'], ['y']]);
    assert.deepEqual(
      parts.nodes.map(({ opType }) => opType),
      ['Cast', 'Mul', 'Add', 'Relu'],
    );
    assert.deepEqual(parts.constant('factor'), { shape: [2], data: Float32Array.of(3, 3) });
    assert.deepEqual(parts.constant('one')?.data, Float32Array.of(1));
    assert.equal(parts.constant('x'), undefined);
    assert.equal(parts.constant('sum'), undefined);
    assert.equal(parts.makerOf('y')?.opType, 'Relu');
    assert.throws(() => new GraphParts(new Uint8Array()), /no ONNX graph/);
  });

  test('inner values become outputs', async () => {
    const parts = new GraphParts(lineGraph());
    const model = parts.with({ nodes: bytesOf(parts), outputs: ['product'] });
    assert.deepEqual(await run(model, [1, -2]), { y: [4, 0], product: [3, -6] });
  });

  test('a node reads what a new one makes; what nothing reads any more is gone', async () => {
    const parts = new GraphParts(lineGraph());
    const nodes = parts.nodes.flatMap((node) =>
      node.opType === 'Mul'
        ? [newNode('Neg', ['two'], 'minus'), renamedNode(node, { inputs: ['x', 'minus'] })]
        : [node.bytes],
    );
    const two = { name: 'two', shape: [1], data: Float32Array.of(2) };
    const model = parts.with({ nodes, constants: [two, { ...two, name: 'unused' }] });
    assert.deepEqual(await run(model, [-1, 2]), { y: [3, 0] });
    assert.deepEqual(readOnnx(model).operators, ['Neg', 'Mul', 'Add', 'Relu']);
    assert.equal(readOnnx(model).weights, 2, 'two and one; factor and what was never used are gone');
  });

  test('constants of every type are what the runtime reads', async () => {
    const parts = new GraphParts(lineGraph());
    const dequantised = newNode('DequantizeLinear', ['bytes', 'scales', 'zeros'], 'factor', { axis: 0 });
    const nodes = bytesOf(parts).map((bytes, k) => (parts.nodes[k]?.opType === 'Cast' ? dequantised : bytes));
    const model = parts.with({
      nodes,
      constants: [
        { name: 'bytes', shape: [2], data: Int8Array.of(-4, 100) },
        { name: 'scales', shape: [2], data: Float32Array.of(0.5, 0.25) },
        { name: 'zeros', shape: [2], data: Int8Array.of(0, 0) },
      ],
    });
    assert.deepEqual(await run(model, [-1, 1]), { y: [3, 26] });
  });
});
