// Pixels that a decoder would get wrong, too many of, or for nothing: deep samples, borders, bombs, blanks.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import sharp from 'sharp';
import { DecodeBudget } from '../../src/imaging/decode-budget.js';
import { bevTexture, decodePanorama, requireTexture } from '../../src/imaging/index.js';
import { type SampledTiff, SHORT, sampledTiff } from '../support/image-files.js';

const [WIDTH, HEIGHT] = [128, 64];
/** A picture of values 0 to 1: brighter to the right, darker below, each channel its own. */
const share = (k: number) => {
  const [c, p] = [k % 3, Math.floor(k / 3)];
  return Math.min(1, ((p % WIDTH) / WIDTH) * 0.8 + (c * 0.2 * Math.floor(p / WIDTH)) / HEIGHT);
};
const shares = Array.from({ length: WIDTH * HEIGHT * 3 }, (_, k) => share(k));
const tiff = (
  bits: number,
  format: number,
  scale: (value: number) => number,
  more: Partial<SampledTiff> = {},
) =>
  sampledTiff({
    widthPx: WIDTH,
    heightPx: HEIGHT,
    channels: 3,
    bits,
    format,
    values: shares.map(scale),
    ...more,
  });

async function expectShares(file: Buffer, warning: RegExp | undefined, tolerance = 2) {
  const { image, warnings } = await decodePanorama(file, { headingDeg: 0 });
  const off = Math.max(...shares.map((value, k) => Math.abs((image.data[k] ?? -99) - 255 * value)));
  assert.ok(off <= tolerance, `off by ${off}`);
  if (warning) assert.match(warnings.join(), warning);
  else assert.deepEqual(warnings, []);
}

describe('samples of more than 8 bits', () => {
  test('of 16 bits fill their range', async () => {
    await expectShares(
      tiff(16, 1, (v) => v * 65535),
      undefined,
    );
    await expectShares(
      tiff(16, 1, (v) => v * 65535, { littleEndian: false }),
      undefined,
    );
  });

  for (const bits of [8, 10, 12, 14]) {
    test(`of ${bits} bits in 16 are scaled up, with a warning`, async () => {
      const most = 2 ** bits - 1;
      const warning = new RegExp(`taken as ${bits}-bit values`);
      for (const littleEndian of [true, false]) {
        await expectShares(
          tiff(16, 1, (v) => Math.round(v * most), { littleEndian }),
          warning,
        );
      }
      const grey = Uint16Array.from({ length: WIDTH * HEIGHT }, (_, k) => (k % WIDTH) * (most / WIDTH));
      const png = await sharp(grey, { raw: { width: WIDTH, height: HEIGHT, channels: 1 } })
        .toColourspace('grey16')
        .png()
        .toBuffer();
      const { image, warnings } = await decodePanorama(png, { headingDeg: 0 });
      assert.match(warnings.join(), warning);
      assert.ok(Math.abs((image.data[3 * 64] ?? 0) - 127) <= 2);
    });
  }

  test('of 12 bits keep their range while they are shrunk', async () => {
    const values = Array.from({ length: 512 * 256 * 3 }, (_, k) => ((k >> 3) % 2 ? 4095 : 0));
    const file = sampledTiff({ widthPx: 512, heightPx: 256, channels: 3, bits: 16, values });
    const { warnings } = await decodePanorama(file, { headingDeg: 0, targetWidthPx: 300 });
    assert.match(warnings.join(), /taken as 12-bit/);
  });

  test('that are floats to 1, 255 or 65535 are scaled, with a warning', async () => {
    for (const most of [1, 255, 65535]) {
      const warning = new RegExp(`float samples reach from .* taken as 0 to ${most}, encoded for display`);
      for (const littleEndian of [true, false])
        await expectShares(
          tiff(32, 3, (v) => v * most, { littleEndian }),
          warning,
        );
    }
  });

  test('that are half floats are read', async () => {
    // 1/2 is 0x3800, 1 is 0x3c00.
    const values = shares.map((_, k) => (k % 2 ? 0x3c00 : 0x3800));
    const file = sampledTiff({ widthPx: WIDTH, heightPx: HEIGHT, channels: 3, bits: 16, format: 3, values });
    const { image } = await decodePanorama(file, { headingDeg: 0 });
    assert.deepEqual([...image.data.subarray(0, 4)], [128, 255, 128, 255]);
  });

  test('that are floats of one channel, or are no numbers in places', async () => {
    const values = Array.from({ length: WIDTH * HEIGHT }, (_, k) =>
      k % 7 === 0 && k % WIDTH < 30 ? Number.NaN : 200,
    );
    const file = sampledTiff({ widthPx: WIDTH, heightPx: HEIGHT, channels: 1, bits: 32, format: 3, values });
    const { image, warnings } = await decodePanorama(file, { headingDeg: 0 });
    assert.deepEqual([...image.data.subarray(0, 6)], [0, 0, 0, 200, 200, 200]);
    assert.match(warnings.join(), /that are no numbers became black/);
  });

  const unsupported: readonly (readonly [string, RegExp, Buffer])[] = [
    ['doubles', /float numbers of 64 bits/, tiff(64, 3, (v) => v)],
    ['signed 16-bit', /signed numbers of 16 bits/, tiff(16, 2, (v) => v * 30000)],
    ['32-bit integers', /unsigned numbers of 32 bits/, tiff(32, 1, (v) => v * 4e9)],
    ['complex', /complex numbers/, tiff(32, 6, (v) => v * 100)],
    [
      'packed 12-bit',
      /unsigned numbers of 12 bits/,
      tiff(8, 1, (v) => v, { tags: [[258, SHORT, [12, 12, 12]]] }),
    ],
    ['high dynamic range', /float samples reach from .* to 800/, tiff(32, 3, (v) => (v > 0.99 ? 800 : v))],
    ['floats under 0', /float samples reach from -/, tiff(32, 3, (v) => v - 0.5)],
  ];
  for (const [name, message, file] of unsupported) {
    test(`that are ${name} are refused by name`, async () => {
      await assert.rejects(decodePanorama(file, { headingDeg: 0 }), {
        code: 'IMAGE_SAMPLES_UNSUPPORTED',
        message,
      });
    });
  }

  test('of AVIF fill their range', async () => {
    for (const bitdepth of [10, 12] as const) {
      const file = await sharp({ create: { width: 200, height: 100, channels: 3, background: '#180c06' } })
        .avif({ bitdepth, lossless: true })
        .toBuffer();
      const { image, warnings } = await decodePanorama(file, { headingDeg: 0 });
      assert.ok(Math.abs((image.data[0] ?? 0) - 0x18) <= 2);
      assert.deepEqual(warnings, []);
    }
  });
});

const scene = await sharp('demo/panoramas/p00020.jpg').resize(800, 400).toBuffer();

describe('plain borders', () => {
  for (const [colour, background] of [
    ['black', '#000000'],
    ['black', '#080605'],
    ['white', '#ffffff'],
    ['\\(128, 128, 128\\)', '#808080'],
  ] as const) {
    for (const side of ['left', 'right', 'top', 'bottom'] as const) {
      test(`${background} at the ${side} are spoken of`, async () => {
        const thick = side === 'left' || side === 'right' ? 160 : 80;
        const file = await sharp(scene)
          .extend({ [side]: thick, background })
          .jpeg({ quality: 80 })
          .toBuffer();
        const { warnings } = await decodePanorama(file, {
          verticalFovDeg: 120,
          headingDeg: 0,
          targetWidthPx: 640,
        });
        assert.match(warnings.join(), new RegExp(`plain ${colour} border at the ${side}, over 1[67] %`));
      });
    }
  }

  test('in a canvas that stays 2:1', async () => {
    const file = await sharp(scene).extend({ right: 200, bottom: 100, background: '#000' }).jpeg().toBuffer();
    const { warnings } = await decodePanorama(file, { headingDeg: 0 });
    assert.equal(warnings.length, 2);
    assert.match(warnings.join(), /right, over 20 %.*bottom, over 20 %/s);
  });

  test('are not seen in a scene, by night, with a burnt-out sky or with a patch over the tripod', async () => {
    assert.deepEqual((await decodePanorama(scene, { headingDeg: 0 })).warnings, []);
    for (const [gain, offset] of [
      [0.1, 0],
      [2.5, 0],
      [0.2, 200],
    ] as const) {
      const file = await sharp(scene).linear(gain, offset).jpeg().toBuffer();
      assert.deepEqual((await decodePanorama(file, { headingDeg: 0 })).warnings, [], `${gain} ${offset}`);
    }
  });
});

describe('what decoding may take', () => {
  test('80 megapixels high and narrow become what the BEV can use, on both sides', async () => {
    const bomb = await sharp({ create: { width: 2000, height: 40_000, channels: 3, background: '#345' } })
      .png()
      .toBuffer();
    assert.ok(bomb.length < 2_000_000);
    const before = process.memoryUsage().rss;
    const { image, window } = await decodePanorama(bomb, {
      verticalFovDeg: 180,
      headingDeg: 0,
      targetWidthPx: 2048,
    });
    assert.deepEqual([image.widthPx, image.heightPx], [2000, 1024]);
    assert.deepEqual([window.fullWidthPx, window.fullHeightPx, window.heightPx], [2000, 1024, 1024]);
    assert.ok(process.memoryUsage().rss - before < 150e6, 'all of it would be 240 MB');
  });

  test('a usual panorama is scaled by the same on both sides', async () => {
    const file = await sharp({ create: { width: 1232, height: 224, channels: 3, background: '#345' } })
      .png()
      .toBuffer();
    const { image } = await decodePanorama(file, {
      verticalFovDeg: 65.45,
      headingDeg: 0,
      targetWidthPx: 616,
    });
    assert.deepEqual([image.widthPx, image.heightPx], [616, 112]);
  });

  test('is shared by all: who comes late waits, first come first served; too much for any is refused', async () => {
    const budget = new DecodeBudget(100);
    const order: string[] = [];
    const gates = new Map<string, () => void>();
    const hold = (name: string, bytes: number) =>
      budget.hold(bytes, async () => {
        order.push(name);
        await new Promise<void>((open) => gates.set(name, open));
      });
    const [a, b, c] = [hold('a', 60), hold('b', 60), hold('c', 10)];
    await new Promise(setImmediate);
    assert.deepEqual([order.join(), budget.heldBytes, budget.waiting], ['a', 60, 2]);
    gates.get('a')?.();
    await a;
    await new Promise(setImmediate);
    assert.deepEqual([order.join(), budget.heldBytes, budget.waiting], ['a,b,c', 70, 0]);
    gates.get('b')?.();
    gates.get('c')?.();
    await Promise.all([b, c]);
    assert.equal(budget.heldBytes, 0);
    await assert.rejects(
      budget.hold(101, async () => {}),
      { code: 'IMAGE_TOO_LARGE_PIXELS', message: /would take/ },
    );
    await assert.rejects(
      budget.hold(10, async () => Promise.reject(new Error('decoder'))),
      /decoder/,
    );
    assert.equal(budget.heldBytes, 0, 'a failure gives back what it held');
  });

  test('an AVIF that would take gigabytes is refused by its size', async () => {
    const file = await sharp({ create: { width: 256, height: 128, channels: 3, background: '#345' } })
      .avif()
      .toBuffer();
    const at = file.indexOf('ispe') + 8;
    file.writeUInt32BE(14_000, at);
    file.writeUInt32BE(14_000, at + 4);
    await assert.rejects(decodePanorama(file, { verticalFovDeg: 180 }), {
      code: /IMAGE_TOO_LARGE_PIXELS|IMAGE_UNDECODABLE/,
    });
  });
});

describe('a BEV without texture', () => {
  const bevOf = (grey: (k: number) => number, mask: (k: number) => number = () => 1) => ({
    image: {
      widthPx: 48,
      heightPx: 48,
      data: Uint8Array.from({ length: 48 * 48 * 3 }, (_, k) => grey(Math.floor(k / 3))),
    },
    mask: Uint8Array.from({ length: 48 * 48 }, (_, k) => mask(k)),
  });
  const noise = (k: number) => ((k * 2654435761) >>> 16) & 15;
  const blank = { code: 'PANORAMA_BLANK' };

  test('is refused: black, white, grey, with the noise of a sensor, or next to nothing of it valid', () => {
    for (const level of [0, 128, 255]) assert.throws(() => requireTexture(bevOf(() => level)), blank);
    assert.throws(() => requireTexture(bevOf((k) => 120 + (noise(k) >> 2))), blank);
    assert.throws(() => requireTexture(bevOf(noise, (k) => (k < 40 ? 1 : 0))), {
      ...blank,
      message: /1\.7 % of the ground/,
    });
    assert.throws(() => requireTexture(bevOf(noise, () => 0)), blank);
    // Black where it is invalid is no texture.
    assert.throws(
      () =>
        requireTexture(
          bevOf(
            (k) => (k % 48 < 24 ? 90 : 0),
            (k) => (k % 48 < 24 ? 1 : 0),
          ),
        ),
      blank,
    );
  });

  test('is not what night and snow give', () => {
    for (const [base, gain] of [
      [2, 0.04],
      [246, 0.03],
    ] as const) {
      const dim = bevOf((k) => base + gain * ((k % 48) * 3 + Math.floor(k / 48) * 2));
      assert.ok(bevTexture(dim).spread > 0.5);
      requireTexture(dim);
    }
  });
});
