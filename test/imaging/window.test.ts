// What kind of picture it is: other projections, pictures for two eyes, GPano that cannot be.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import sharp from 'sharp';
import { decodePanorama, readPanoramaMetadata } from '../../src/imaging/index.js';
import { gpanoPacket, withSegments, xmpSegment } from '../support/image-files.js';

const solid = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: '#c86432' } });
const withXmp = async (width: number, height: number, attributes: string, elements = '') =>
  withSegments(await solid(width, height).jpeg().toBuffer(), [
    xmpSegment(Buffer.from(gpanoPacket(attributes, elements))),
  ]);
const NOT_ONE = { code: 'PANORAMA_PROJECTION_UNSUPPORTED' };

describe('ProjectionType', () => {
  for (const projection of [
    'cylindrical',
    'Cylindrical',
    'cubemap',
    'fisheye',
    'rectilinear',
    'stereographic',
    'littleplanet',
  ]) {
    test(`${projection} is refused by name, of any shape and whatever the request says`, async () => {
      for (const [width, height] of [
        [400, 200],
        [200, 200],
        [600, 100],
      ] as const) {
        const file = await withXmp(width, height, `GPano:ProjectionType="${projection}"`);
        const message = new RegExp(`ProjectionType is "${projection}"`);
        await assert.rejects(decodePanorama(file), { ...NOT_ONE, message });
        await assert.rejects(decodePanorama(file, { verticalFovDeg: 60, headingDeg: 0 }), NOT_ONE);
      }
    });
  }

  test('equirectangular in any case, with white space, or empty, is what skyfix takes', async () => {
    for (const projection of ['equirectangular', 'Equirectangular', ' EQUIRECTANGULAR\n', '']) {
      const file = await withXmp(400, 200, `GPano:ProjectionType="${projection}"`);
      assert.equal((await readPanoramaMetadata(file)).window.fullWidthPx, 400);
    }
  });
});

describe('pictures for two eyes', () => {
  const texture = Uint8Array.from({ length: 512 * 256 * 3 }, (_, k) => {
    const [x, y] = [Math.floor(k / 3) % 512, Math.floor(k / 3 / 512)];
    return 128 + 60 * Math.sin(x / 23 + (y * y) / 900) + 40 * Math.cos(y / 17 - x / 41);
  });
  const eye = sharp(texture, { raw: { width: 512, height: 256, channels: 3 } });
  const both = async (layout: 'top-bottom' | 'left-right', width?: number, height?: number) => {
    const one = await eye.clone().png().toBuffer();
    const beside = layout === 'left-right';
    const other = await eye.clone().modulate({ brightness: 1.1 }).png().toBuffer();
    const pair = await sharp({
      create: { width: beside ? 1024 : 512, height: beside ? 256 : 512, channels: 3, background: '#000' },
    })
      .composite([
        { input: one, left: 0, top: 0 },
        { input: other, left: beside ? 512 : 0, top: beside ? 0 : 256 },
      ])
      .png()
      .toBuffer();
    return width ? sharp(pair).resize(width, height, { fit: 'fill' }).jpeg().toBuffer() : pair;
  };

  test('are refused by what their halves show: 1:1, 4:1, and squeezed to 2:1', async () => {
    for (const [layout, width, height] of [
      ['top-bottom'],
      ['left-right'],
      ['top-bottom', 512, 256],
      ['left-right', 512, 256],
    ] as const) {
      const file = await both(layout, width, height);
      const given = { verticalFovDeg: 180, headingDeg: 0 };
      await assert.rejects(decodePanorama(file, given), {
        ...NOT_ONE,
        message: new RegExp(`stereo panorama, ${layout}`),
      });
    }
  });

  test('are named where nothing says what a picture of that shape shows', async () => {
    await assert.rejects(readPanoramaMetadata(await both('top-bottom')), {
      code: 'PANORAMA_FOV_UNKNOWN',
      message: /stereo panoramas \(top-bottom/,
    });
    await assert.rejects(readPanoramaMetadata(await both('left-right')), {
      code: 'PANORAMA_FOV_UNKNOWN',
      message: /left-right/,
    });
  });

  test('are refused where the metadata say so', async () => {
    const spherical = 'xmlns:GSpherical="http://ns.google.com/videos/1.0/spherical/" GSpherical:StereoMode';
    await assert.rejects(readPanoramaMetadata(await withXmp(400, 200, `${spherical}="top-bottom"`)), {
      ...NOT_ONE,
      message: /StereoMode is "top-bottom"/,
    });
    assert.equal(
      (await readPanoramaMetadata(await withXmp(400, 200, `${spherical}="mono"`))).window.fullWidthPx,
      400,
    );
  });

  test('one eye alone is taken, 2:1 and as a square part of the sphere', async () => {
    const one = await eye.clone().png().toBuffer();
    assert.equal((await decodePanorama(one)).image.widthPx, 512);
    const square = await eye.clone().resize(256, 256, { fit: 'fill' }).png().toBuffer();
    assert.equal((await decodePanorama(square, { verticalFovDeg: 90 })).image.widthPx, 256);
  });
});

describe('GPano whose full panorama is not 2:1', () => {
  const crop = (fullHeight: number) =>
    `GPano:FullPanoWidthPixels="1024" GPano:FullPanoHeightPixels="${fullHeight}" GPano:CroppedAreaImageWidthPixels="1024" ` +
    `GPano:CroppedAreaImageHeightPixels="320" GPano:CroppedAreaLeftPixels="0" GPano:CroppedAreaTopPixels="0"`;

  test('is refused with its size, or ignored with a warning where something else says what is shown', async () => {
    const file = await withXmp(1024, 320, crop(320));
    await assert.rejects(decodePanorama(file), {
      code: 'PANORAMA_FOV_UNKNOWN',
      message: /FullPano\) has 1024x320 pixels, which is not 2:1/,
    });
    const { window } = await readPanoramaMetadata(file, { verticalFovDeg: 112.5 });
    assert.equal(window.fullHeightPx, 512);
    const assumed = await readPanoramaMetadata(file, { fieldOfView: { verticalDeg: 90 } });
    assert.match(assumed.warnings.join(), /FullPano\) has 1024x320.*ignored/);
  });

  test('by rounding is taken', async () => {
    for (const height of [511, 512, 513]) {
      assert.equal(
        (await readPanoramaMetadata(await withXmp(1024, 320, crop(height)))).window.fullHeightPx,
        height,
      );
    }
  });

  test('of no size at all is ignored', async () => {
    for (const height of [0, -512, 1e300]) {
      await assert.rejects(readPanoramaMetadata(await withXmp(1024, 320, crop(height))), {
        code: 'PANORAMA_FOV_UNKNOWN',
      });
    }
  });
});
