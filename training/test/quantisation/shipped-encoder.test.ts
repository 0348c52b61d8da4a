// The encoder that ships, in 8 bits: near enough to float32 on pictures that it was not fitted to,
// all out of the demo region's imagery.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { PACKAGE_ROOT } from 'skyfix/cli';
import { rgbToNchw, sharp } from 'skyfix/imaging';
import { openSession, quantiseNetwork, runSession } from '../../quantisation/index.js';

const SIDE_PX = 224;
/** Of the mosaic, along a side of a picture. */
const CUT_PX = 48;

/** Squares of the mosaic, `first` and every `step`-th after it. */
async function squares(first: number, step: number, count: number) {
  const mosaic = sharp(join(PACKAGE_ROOT, 'demo/mosaic.tif'));
  const { width = 0 } = await mosaic.metadata();
  const perRow = Math.floor(width / CUT_PX);
  return Promise.all(
    Array.from({ length: count }, async (_, k) => {
      const number = first + k * step;
      const area = { left: (number % perRow) * CUT_PX, top: Math.floor(number / perRow) * CUT_PX };
      const data = await mosaic
        .clone()
        .extract({ ...area, width: CUT_PX, height: CUT_PX })
        .resize(SIDE_PX, SIDE_PX)
        .removeAlpha()
        .toColourspace('srgb')
        .raw()
        .toBuffer();
      return rgbToNchw({ widthPx: SIDE_PX, heightPx: SIDE_PX, data }, undefined, 'unit');
    }),
  );
}

it('the general encoder in 8 bits keeps a cosine of 0.995 on pictures that were held out', async () => {
  const plain = await readFile(join(PACKAGE_ROOT, 'models/general/encoder.onnx'));
  const [fitted, heldOut] = [await squares(20, 9, 8), await squares(24, 9, 8)];
  const describe = async (model: Uint8Array, pictures: typeof fitted) => {
    const session = await openSession(model, 2);
    const rows: Float32Array[] = [];
    for (const picture of pictures) {
      rows.push((await runSession(session, picture)).descriptor?.data as Float32Array);
    }
    await session.release();
    return rows;
  };
  const cosines = (a: readonly Float32Array[], b: readonly Float32Array[]) =>
    a.map((row, k) => row.reduce((sum, value, i) => sum + value * (b[k]?.[i] as number), 0));
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const scored = fitted.slice(0, 3);
  const before = await describe(plain, scored);
  const score = async (model: Uint8Array) => mean(cosines(before, await describe(model, scored)));
  const options = { methods: [100], weightBits: 7, target: 0.9965, threads: 2 } as const;
  const { model, quantised, inFloat } = await quantiseNetwork('encoder.onnx', plain, fitted, score, options);
  assert.ok(quantised.length >= 55, `${quantised.length} layers in 8 bits; in float ${inFloat}`);
  const kept = cosines(await describe(plain, heldOut), await describe(model, heldOut));
  assert.ok(mean(kept) >= 0.995, `cosines ${kept}`);
});
