// What kind of picture it is: other projections, pictures for two eyes, GPano that cannot be.
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import sharp from 'sharp';
import { type DecodeOptions, decodePanorama, readPanoramaMetadata } from '../../src/imaging/index.js';
import { halvesLikeness } from '../../src/imaging/stereo.js';
import { seededRandom } from '../../src/random/index.js';
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

  test('a street is refused twice in one picture, and not for a tree to the front and one to the back', async () => {
    const street = 'demo/panoramas';
    for (const name of (await readdir(street)).slice(0, 6)) {
      const left = await sharp(join(street, name)).resize(512, 512, { fit: 'fill' }).raw().toBuffer();
      // The other eye's picture: turned by 1.4 degrees, of another exposure, compressed.
      const right = sharp(Buffer.concat([left.subarray(6), left.subarray(0, 6)]), {
        raw: { width: 512, height: 512, channels: 3 },
      });
      const both = await sharp({ create: { width: 1024, height: 512, channels: 3, background: 'black' } })
        .composite([
          { input: left, raw: { width: 512, height: 512, channels: 3 }, left: 0, top: 0 },
          { input: await right.linear(0.9, 8).png().toBuffer(), left: 512, top: 0 },
        ])
        .jpeg({ quality: 60 })
        .toBuffer();
      await assert.rejects(decodePanorama(both, { headingDeg: 0 }), {
        ...NOT_ONE,
        message: /stereo panorama, left-right/,
      });
    }
    const random = seededRandom(5);
    const ground = Uint8Array.from({ length: 1024 * 512 }, (_, k) => {
      const [x, y] = [k % 1024, Math.floor(k / 1024)];
      const inTree = Math.hypot((x % 512) - 256, (y - 180) * 1.2) < 150;
      return (inTree ? 20 : y < 260 ? 210 : 70) + 12 * random();
    });
    for (let k = 0; k < 900; k++) {
      const [left, top, grey] = [
        Math.floor(1008 * random()),
        200 + Math.floor(90 * random()),
        255 * random(),
      ];
      for (let y = top; y < top + 16; y++) ground.fill(grey, y * 1024 + left, y * 1024 + left + 16);
    }
    const trees = sharp(ground, { raw: { width: 1024, height: 512, channels: 1 } });
    const { image } = await decodePanorama(await trees.png().toBuffer(), { headingDeg: 0 });
    const { scene, detail } = halvesLikeness(image, 'left-right');
    assert.ok(scene > 0.7 && detail < 0.6, `${scene}, ${detail}`);
    // The roof of the car, dark and bent in the same way to the front and to the back, in a picture of little else.
    const roof = Uint8Array.from({ length: 1024 * 512 }, (_, k) => {
      const [x, y] = [k % 1024, Math.floor(k / 1024)];
      const edge = 415 - 25 * Math.cos((4 * Math.PI * x) / 1024);
      return (y > edge ? 15 + 8 * Math.sin(x / 20) : y < 250 ? 190 - y / 5 : 150) + 40 * random();
    });
    const car = sharp(roof, { raw: { width: 1024, height: 512, channels: 1 } });
    const desert = halvesLikeness(
      (await decodePanorama(await car.png().toBuffer(), { headingDeg: 0 })).image,
      'left-right',
    );
    assert.ok(desert.scene > 0.7 && desert.detail < 0.6, JSON.stringify(desert));
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

describe('where the horizon lies', () => {
  /** CVUSA: 65.4545 degrees, of which the share 0.585 is above the horizon. */
  const fieldOfView = { horizontalDeg: 360, verticalDeg: (360 * 224) / 1232, horizonShare: 0.585 };
  const seen = async (file: Uint8Array, options: DecodeOptions) => {
    const { window, warnings } = await readPanoramaMetadata(file, { headingDeg: 0, ...options });
    const { fullHeightPx, heightPx, topPx } = window;
    const share = (fullHeightPx / 2 - topPx) / heightPx;
    return { degrees: (180 * heightPx) / fullHeightPx, share, warnings };
  };
  const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-9, `${a} is not ${b}`);

  test("is the bundle's where a request says the strip's height alone, and the request's where it says it", async () => {
    const strip = await solid(1232, 224).png().toBuffer();
    for (const [given, degrees, share] of [
      [{}, fieldOfView.verticalDeg, 0.585],
      [{ verticalFovDeg: 80 }, 80, 0.585],
      [{ verticalFovDeg: 80, horizonShare: 0.5 }, 80, 0.5],
      [{ horizonShare: 0.4 }, fieldOfView.verticalDeg, 0.4],
      [{ verticalFovDeg: 20, horizonShare: -0.5 }, 20, -0.5],
    ] as const) {
      const found = await seen(strip, { fieldOfView, ...given });
      near(found.degrees, degrees);
      near(found.share, share);
    }
    const plain = await seen(strip, { verticalFovDeg: 80 });
    assert.deepEqual([plain.degrees, plain.share], [80, 0.5]);
  });

  test("is the middle row where the bundle's would put rows beyond the zenith; the request's is refused", async () => {
    const tall = await solid(600, 300).png().toBuffer();
    const guessed = await seen(tall, { fieldOfView, verticalFovDeg: 170 });
    assert.equal(guessed.share, 0.5);
    assert.match(guessed.warnings.join(), /middle row.*0\.585.*170 degrees.*horizonShare/);
    const sphere = await seen(tall, { fieldOfView, verticalFovDeg: 180 });
    assert.deepEqual([sphere.share, sphere.warnings], [0.5, []]);
    for (const given of [{ verticalFovDeg: 170, horizonShare: 0.585 }, { horizonShare: 0.585 }]) {
      const message = /horizonShare is 0\.585, but with verticalDeg 1[78]0/;
      await assert.rejects(readPanoramaMetadata(tall, given), { code: 'PARAMETER_INVALID', message });
    }
  });

  test("of a request wins over the file's own", async () => {
    const crop =
      'GPano:FullPanoWidthPixels="400" GPano:FullPanoHeightPixels="200" GPano:CroppedAreaImageWidthPixels="400" ' +
      'GPano:CroppedAreaImageHeightPixels="100" GPano:CroppedAreaLeftPixels="0" GPano:CroppedAreaTopPixels="40"';
    const file = await withXmp(400, 100, crop);
    const own = await seen(file, { fieldOfView });
    assert.deepEqual([own.degrees, own.share], [90, 0.6]);
    const told = await seen(file, { fieldOfView, horizonShare: 0.45 });
    near(told.degrees, 90);
    near(told.share, 0.45);
  });

  test('of a 2:1 image is the middle: it is a full sphere, unless all images are said to be strips', async () => {
    const sphere = await solid(400, 200).png().toBuffer();
    const found = await seen(sphere, { fieldOfView });
    assert.deepEqual([found.degrees, found.share], [180, 0.5]);
    assert.match(found.warnings.join(), /2:1 .*full sphere.*360 x 65\.45.*verticalFovDeg/);
    const squeezed = await seen(sphere, { fieldOfView, ofEveryShape: true });
    near(squeezed.degrees, fieldOfView.verticalDeg);
    near(squeezed.share, 0.585);
    // A field of view of 2:1 is what an image of 2:1 shows.
    const half = await seen(sphere, { fieldOfView: { horizontalDeg: 180, verticalDeg: 90 } });
    assert.equal(half.degrees, 90);
  });
});
