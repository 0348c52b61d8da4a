import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { turnSquare } from '../../src/imaging/index.js';

/** [1, 3, size, size] of a function of metres east and north of the middle. */
function pictureOf(size: number, colour: (east: number, north: number) => readonly [number, number, number]) {
  const data = new Float32Array(3 * size * size);
  const middle = size / 2 - 0.5;
  for (let k = 0; k < size * size; k++) {
    const values = colour((k % size) - middle, middle - Math.floor(k / size));
    for (const [c, value] of values.entries()) data[c * size * size + k] = value;
  }
  return { data, shape: [1, 3, size, size] };
}

test('a quarter turn clockwise moves what lay in the north to the east, exactly; four of them change nothing', () => {
  const values = fc.float32Array({ minLength: 75, maxLength: 75, noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(values, (data) => {
      const image = { data: data.map((v) => Math.fround(v % 1)), shape: [1, 3, 5, 5] };
      const { data: turned, shape } = turnSquare(image, [90]);
      assert.deepEqual(shape, [1, 3, 5, 5]);
      for (let c = 0; c < 3; c++) {
        for (let row = 0; row < 5; row++) {
          for (let column = 0; column < 5; column++) {
            const from = image.data[c * 25 + row * 5 + column] ?? Number.NaN;
            const to = turned[c * 25 + column * 5 + (4 - row)] ?? Number.NaN;
            assert.ok(Math.abs(to - from) < 1e-6, `${row},${column}: ${from} became ${to}`);
          }
        }
      }
      const round = turnSquare(image, [360]).data;
      assert.ok(image.data.every((value, k) => Math.abs((round[k] ?? Number.NaN) - value) < 1e-6));
    }),
  );
});

test('a linear picture is turned as its formula says, wherever the turned square was seen', () => {
  const size = 32;
  const slope = (east: number, north: number): [number, number, number] => [
    0.5 + east / 100,
    0.5 + north / 100,
    0.5 + (east - 2 * north) / 200,
  ];
  fc.assert(
    fc.property(fc.double({ min: -720, max: 720, noNaN: true }), (angleDeg) => {
      const { data } = turnSquare(pictureOf(size, slope), [angleDeg]);
      const [cos, sin] = [Math.cos((angleDeg * Math.PI) / 180), Math.sin((angleDeg * Math.PI) / 180)];
      // What lies at azimuth a now lay at a - angle.
      const { data: expected } = pictureOf(size, (east, north) =>
        slope(east * cos - north * sin, east * sin + north * cos),
      );
      for (let k = 0; k < size * size; k++) {
        const [east, north] = [(k % size) - 15.5, 15.5 - Math.floor(k / size)];
        if (Math.hypot(east, north) > 15.5) continue;
        for (let c = 0; c < 3; c++) {
          const at = c * size * size + k;
          assert.ok(Math.abs((data[at] ?? 0) - (expected[at] ?? 0)) < 1e-6, `${angleDeg}: ${east}, ${north}`);
        }
      }
    }),
  );
});

test('several angles give several pictures; what is no single square is refused', () => {
  const image = pictureOf(4, (east, north) => [east, north, 0]);
  const both = turnSquare(image, [0, 30]);
  assert.deepEqual(both.shape, [2, 3, 4, 4]);
  assert.deepEqual([...both.data.subarray(0, 48)], [...image.data]);
  assert.deepEqual([...both.data.subarray(48)], [...turnSquare(image, [30]).data]);
  assert.throws(() => turnSquare({ data: new Float32Array(24), shape: [1, 3, 2, 4] }, [0]), {
    code: 'INTERNAL',
  });
  assert.throws(() => turnSquare({ data: new Float32Array(24), shape: [2, 3, 2, 2] }, [0]), {
    code: 'INTERNAL',
  });
});
