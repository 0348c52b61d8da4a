import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as ort from 'onnxruntime-node';
import { DATA_TYPES, OnnxGraph, toHalf, toHalves } from '../../src/onnx/index.js';

/** What 16 bits stand for, IEEE 754-2019, 3.4. */
function numberOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

test('every float16 is itself, what lies between two goes to the nearer one, a middle to the even one', () => {
  for (let bits = 0; bits < 0x7c00; bits++) {
    const value = numberOf(bits);
    for (const sign of [0, 0x8000]) {
      const minus = sign ? -1 : 1;
      assert.equal(toHalf(minus * value), bits | sign);
      const next = bits === 0x7bff ? 65_536 : numberOf(bits + 1);
      const middle = (value + next) / 2;
      assert.equal(toHalf(minus * middle), (bits & 1 ? bits + 1 : bits) | sign, `${middle}`);
      const step = middle * 2 ** -23; // the next float32
      assert.equal(toHalf(minus * (middle - step)), bits | sign);
      assert.equal(toHalf(minus * (middle + step)), (bits + 1) | sign);
    }
  }
});

test('what float16 cannot hold', () => {
  assert.equal(toHalf(1e-10), 0);
  assert.equal(toHalf(-1e-10), 0x8000);
  assert.equal(toHalf(1e10), 0x7c00);
  assert.equal(toHalf(Number.NEGATIVE_INFINITY), 0xfc00);
  assert.ok(Number.isNaN(numberOf(toHalf(Number.NaN))));
  assert.deepEqual([...toHalves(Float32Array.of(1, -2))], [0x3c00, 0xc000]);
});

test('onnxruntime reads a constant of float16 as the same numbers', async () => {
  const values = Float32Array.of(1 / 3, -65_504, 2 ** -24, 0.1, 1e-6, 3);
  const graph = new OnnxGraph('half');
  const x = graph.input('x', [2, 3]);
  const constant = graph.halfConstant('c', [2, 3], values);
  graph.output(graph.node('Add', [x, constant], {}, 'y'), [2, 3], DATA_TYPES.FLOAT);
  const session = await ort.InferenceSession.create(graph.encode());
  const { y } = await session.run({ x: new ort.Tensor('float32', new Float32Array(6), [2, 3]) });
  assert.deepEqual(
    y?.data,
    Float32Array.from(values, (value) => numberOf(toHalf(value))),
  );
  assert.throws(() => graph.halfConstant('d', [7], values), /d \[7\] has 6 values/);
});
