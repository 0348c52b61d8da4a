import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  centredCellWeights,
  type GridHead,
  headFromArrays,
  headSizes,
  headToArrays,
  identityConvolution,
  mapOfHead,
  plainHead,
  unitCellWeights,
} from '../../networks/index.js';
import { readSafetensors, writeSafetensors } from '../../weights/index.js';

const numbers = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i + 1));

const full: GridHead = {
  ...plainHead(4, 3),
  convolution: { weight: { shape: [2, 4], data: numbers(8) }, bias: numbers(2) },
  projection: { mean: numbers(18), matrix: { shape: [5, 18], data: numbers(90) } },
};

describe('a head', () => {
  test('sizes', () => {
    assert.deepEqual(headSizes(full), { features: 4, channels: 2, cells: 3, window: 18, dimensions: 5 });
    assert.deepEqual(headSizes(plainHead(4, 3)), {
      features: 4,
      channels: 4,
      cells: 3,
      window: 36,
      dimensions: 36,
    });
  });
  test('a window that is not projected is a map of the ground', () => {
    const { data } = centredCellWeights(3);
    const map = mapOfHead(plainHead(4, 3));
    assert.equal(map?.side, 3);
    for (const [k, weight] of map.weights.entries()) assert.ok(Math.abs(weight - (data[k] as number)) < 1e-6);
    assert.equal(mapOfHead(full), undefined);
    assert.equal(mapOfHead(plainHead(4, 3, 'mean')), undefined);
    const blind = { shape: [3, 3], data: data.map((weight, k) => (k === 2 ? 0 : weight)) };
    assert.equal(mapOfHead({ ...plainHead(4, 3), cellWeights: blind }), undefined);
  });
  test('comes back from a file as it was', () => {
    for (const head of [
      full,
      plainHead(4, 3),
      plainHead(4, 3, 'mean'),
      { ...plainHead(4, 2), convolution: identityConvolution(4) },
    ]) {
      const file = writeSafetensors({ ...headToArrays(head), other: { shape: [1], data: numbers(1) } });
      assert.deepEqual(headFromArrays(readSafetensors(file), 'file'), head);
    }
    assert.equal(headFromArrays({ stem: { shape: [1], data: numbers(1) } }, 'file'), undefined);
  });
  test('weights fall with the distance from the middle', () => {
    const { data } = centredCellWeights(3);
    assert.deepEqual(
      [...data.slice(0, 5)].map((w) => w.toFixed(4)),
      ['0.4142', '0.5000', '0.4142', '0.5000', '1.0000'],
    );
    assert.ok(Math.abs(Math.hypot(...unitCellWeights(plainHead(4, 3))) - 1) < 1e-6);
  });
  test('how fast weights fall is told by an exponent, 0: not at all', () => {
    const half = [...centredCellWeights(3, 0.5).data].slice(0, 5).map((w) => w.toFixed(4));
    assert.deepEqual(half, ['0.6436', '0.7071', '0.6436', '0.7071', '1.0000']);
    assert.deepEqual([...centredCellWeights(3, 0).data], Array(9).fill(1));
  });
  test('what does not fit is told with its name, its shape and the one that is needed', () => {
    const faults: [GridHead, RegExp][] = [
      [{ ...full, deviation: numbers(3) }, /head\.deviation has \[3\], not \[4\]/],
      [{ ...full, deviation: new Float32Array(4) }, /head\.deviation holds values of 0 or less/],
      [{ ...full, mean: Float32Array.of(0, 0, Number.NaN, 0) }, /head\.mean .*not finite/],
      [
        { ...full, convolution: { weight: { shape: [2, 3], data: numbers(6) } } },
        /weight has \[2, 3\], not \[any, 4\]/,
      ],
      [
        { ...full, cellWeights: { shape: [3, 2], data: numbers(6) } },
        /cellWeights has \[3, 2\], not \[3, 3\]/,
      ],
      [{ ...full, cellWeights: { shape: [3, 3], data: new Float32Array(9) } }, /cellWeights are all 0/],
      [
        { ...plainHead(4, 3), ...(full.projection && { projection: full.projection }) },
        /mean has \[18\], not \[36\]/,
      ],
    ];
    for (const [head, message] of faults) {
      assert.throws(() => headSizes(head, 'x'), { code: 'WEIGHTS_INVALID', message });
    }
    const { 'head.cellWeights': _, ...rest } = headToArrays(full);
    assert.throws(() => headFromArrays(rest, 'x.safetensors'), {
      message: /x\.safetensors: head\.cellWeights is missing/,
    });
  });
});
