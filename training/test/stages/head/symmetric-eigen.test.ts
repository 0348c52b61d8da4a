// Eigenvectors against numpy's, and against what they are.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { symmetricEigen } from '../../../stages/head/symmetric-eigen.js';

describe('the eigenvectors of a symmetric matrix', () => {
  it("are numpy's", () => {
    const size = 6;
    const data = Float64Array.from({ length: 36 }, (_, k) => {
      const [i, j] = [Math.max(Math.floor(k / 6), k % 6), Math.min(Math.floor(k / 6), k % 6)];
      return Math.sin(i * 7 + j * 13 + i * j);
    });
    const { values, vectors } = symmetricEigen({ size, data });
    const expected = [
      2.5383148615070747, 1.4582266148470424, 0.16883297504932676, -0.002634202824841977, -0.4882069615514161,
      -2.567413250923215,
    ];
    const first = [
      -0.06639679637280407, 0.5517205244013654, -0.44608632723535646, -0.35897228386628227,
      0.5908139092480399, -0.11950205477001881,
    ];
    expected.forEach((value, k) => {
      assert.ok(Math.abs(value - (values[k] as number)) < 1e-12);
      assert.ok(Math.abs((first[k] as number) - (vectors[k] as number)) < 1e-12);
    });
  });

  it('are orthogonal, of unit length, and A v = λ v, also where values are equal or 0', () => {
    const matrix = fc.integer({ min: 1, max: 12 }).chain((size) =>
      fc
        .array(
          fc.oneof(
            fc.constant(0),
            fc.integer({ min: -3, max: 3 }),
            fc.double({ min: -1e3, max: 1e3, noNaN: true }),
          ),
          {
            minLength: size * size,
            maxLength: size * size,
          },
        )
        .map((entries) => {
          const data = Float64Array.from(entries);
          for (let i = 0; i < size; i++) {
            for (let j = 0; j < i; j++) data[i * size + j] = data[j * size + i] as number;
          }
          return { size, data };
        }),
    );
    fc.assert(
      fc.property(matrix, ({ size, data }) => {
        const { values, vectors } = symmetricEigen({ size, data });
        const norm = 1e-12 * size * (1e-300 + Math.max(...data.map(Math.abs)));
        const entry = (k: number, i: number) => vectors[k * size + i] as number;
        for (let k = 0; k < size; k++) {
          if (k > 0) assert.ok((values[k - 1] as number) >= (values[k] as number));
          for (let i = 0; i < size; i++) {
            let [image, dot] = [0, 0];
            for (let j = 0; j < size; j++) {
              image += (data[i * size + j] as number) * entry(k, j);
              dot += entry(k, j) * entry(i, j);
            }
            assert.ok(Math.abs(image - (values[k] as number) * entry(k, i)) <= norm);
            assert.ok(Math.abs(dot - (i === k ? 1 : 0)) <= 1e-12 * size);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it('are not sought of what is no symmetric matrix', () => {
    assert.throws(
      () => symmetricEigen({ size: 2, data: Float64Array.of(1, 2, 3, 4) }),
      /not symmetric at 1, 0/,
    );
    assert.throws(() => symmetricEigen({ size: 2, data: Float64Array.of(1, 2, 2) }), RangeError);
    assert.throws(() => symmetricEigen({ size: 1, data: Float64Array.of(Number.NaN) }), /NaN/);
  });
});
