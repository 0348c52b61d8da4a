import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  bevToNchw,
  cropSquares,
  nchwToRgb,
  rgbToNchw,
  signedToUnit,
  stackTensors,
  type ValueRange,
} from '../../src/imaging/index.js';

const images = fc
  .record({ widthPx: fc.integer({ min: 1, max: 9 }), heightPx: fc.integer({ min: 1, max: 9 }) })
  .chain((size) => {
    const length = size.widthPx * size.heightPx * 3;
    return fc
      .uint8Array({ minLength: length, maxLength: length })
      .map((data) => ({ ...size, data: Uint8Array.from(data) }));
  });
const ranges = fc.constantFrom<ValueRange>('signed', 'unit');

test('planes are red, green, blue; 0 and 255 are the ends of the range', () => {
  const image = { widthPx: 2, heightPx: 1, data: Uint8Array.of(0, 51, 255, 255, 0, 102) };
  const unit = rgbToNchw(image, undefined, 'unit');
  assert.deepEqual(unit.shape, [1, 3, 1, 2]);
  assert.deepEqual([...unit.data], [0, 1, 0.2, 0, 1, 0.4].map(Math.fround));
  const signed = rgbToNchw(image, undefined, 'signed');
  [-1, 1, -0.6, -1, 1, -0.2].forEach((value, k) => {
    assert.ok(Math.abs((signed.data[k] ?? Number.NaN) - value) < 1e-6);
  });
});

test('any image comes back the same, in both ranges', () => {
  fc.assert(
    fc.property(images, ranges, (image, range) => {
      const tensor = rgbToNchw(image, undefined, range);
      const lowest = range === 'signed' ? -1 : 0;
      assert.ok(tensor.data.every((value) => value >= lowest && value <= 1));
      assert.deepEqual(nchwToRgb(tensor, range), image);
    }),
    { seed: 51 },
  );
});

test('pixels that the panorama does not show are -1 for a generator and 0 for an encoder, whatever their colour', () => {
  const image = { widthPx: 2, heightPx: 1, data: new Uint8Array(6).fill(255) };
  const mask = Uint8Array.of(1, 0);
  assert.deepEqual([...bevToNchw({ image, mask }, 'signed').data], [1, -1, 1, -1, 1, -1]);
  assert.deepEqual([...bevToNchw({ image, mask }, 'unit').data], [1, 0, 1, 0, 1, 0]);
});

test('windows are cut out of one image; one that leaves it is refused', () => {
  const image = { shape: [1, 3, 2, 3], data: Float32Array.from({ length: 18 }, (_, k) => k) };
  const cut = cropSquares(image, [{ leftPx: 1, topPx: 0 }], 2);
  assert.deepEqual(cut.shape, [1, 3, 2, 2]);
  assert.deepEqual([...cut.data], [1, 2, 4, 5, 7, 8, 10, 11, 13, 14, 16, 17]);
  assert.throws(() => cropSquares(image, [{ leftPx: 2, topPx: 0 }], 2), {
    code: 'INTERNAL',
    message: /2,0 do not fit into \[1,3,2,3\]/,
  });
});

test("a generator's view becomes an encoder's input: the same picture in [0, 1], clipped", () => {
  fc.assert(
    fc.property(images, (image) => {
      const unit = signedToUnit(rgbToNchw(image, undefined, 'signed'));
      const wanted = rgbToNchw(image, undefined, 'unit');
      assert.deepEqual(unit.shape, wanted.shape);
      unit.data.forEach((value, k) => {
        assert.ok(Math.abs(value - (wanted.data[k] ?? Number.NaN)) < 1e-6);
      });
    }),
    { seed: 52 },
  );
  const loud = { data: Float32Array.of(-3, 0, 3), shape: [1, 3, 1, 1] };
  assert.deepEqual([...signedToUnit(loud).data], [0, 0.5, 1]);
  assert.deepEqual([...nchwToRgb(loud, 'signed').data], [0, 128, 255]);
});

test('a batch is its images one behind the other', () => {
  const tensors = [10, 20, 30].map((value) =>
    rgbToNchw({ widthPx: 2, heightPx: 2, data: new Uint8Array(12).fill(value) }, undefined, 'unit'),
  );
  const batch = stackTensors(tensors);
  assert.deepEqual(batch.shape, [3, 3, 2, 2]);
  assert.deepEqual(
    [0, 1, 2].map((index) => nchwToRgb(batch, 'unit', index).data[0]),
    [10, 20, 30],
  );
  assert.deepEqual(stackTensors([batch, batch]).shape, [6, 3, 2, 2]);
});

test('sizes that do not fit are refused', () => {
  const code = 'INTERNAL';
  const short = { widthPx: 2, heightPx: 2, data: new Uint8Array(11) };
  assert.throws(() => rgbToNchw(short, undefined, 'unit'), { code });
  const image = { widthPx: 2, heightPx: 2, data: new Uint8Array(12) };
  assert.throws(() => rgbToNchw(image, new Uint8Array(3), 'unit'), { code });
  const tensor = rgbToNchw(image, undefined, 'unit');
  assert.throws(() => nchwToRgb(tensor, 'unit', 1), { code });
  assert.throws(() => nchwToRgb({ data: new Float32Array(4), shape: [1, 1, 2, 2] }, 'unit'), { code });
  const wider = rgbToNchw({ widthPx: 3, heightPx: 2, data: new Uint8Array(18) }, undefined, 'unit');
  assert.throws(() => stackTensors([tensor, wider]), { code });
});
