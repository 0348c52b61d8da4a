import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import sharp from 'sharp';
import { projectBev } from '../../src/geometry/index.js';
import { decodePanorama } from '../../src/imaging/index.js';

const make = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: '#c86432' } });
const gpano = (fields: Readonly<Record<string, string | number>>) =>
  '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">' +
  '<rdf:Description rdf:about="" xmlns:GPano="http://ns.google.com/photos/1.0/panorama/" ' +
  `${Object.entries(fields)
    .map(([name, value]) => `GPano:${name}="${value}"`)
    .join(' ')}/></rdf:RDF></x:xmpmeta>`;

describe('GPano crops', () => {
  // A quarter of the sphere to the right of the heading: columns 1/2 to 3/4 of 1600, rows from the horizon down.
  const quarter = {
    ProjectionType: 'equirectangular',
    FullPanoWidthPixels: 1600,
    FullPanoHeightPixels: 800,
    CroppedAreaImageWidthPixels: 400,
    CroppedAreaImageHeightPixels: 400,
    CroppedAreaLeftPixels: 800,
    CroppedAreaTopPixels: 400,
    PoseHeadingDegrees: 30,
  };

  test('of a part of the horizon show that part of the ground and mask the rest', async () => {
    const file = await make(200, 200).withXmp(gpano(quarter)).png().toBuffer();
    const { image, window, pose } = await decodePanorama(file);
    assert.deepEqual(window, {
      fullWidthPx: 800,
      fullHeightPx: 400,
      leftPx: 400,
      topPx: 200,
      widthPx: 200,
      heightPx: 200,
    });
    const bev = projectBev(image, window, pose, { sizePx: 64, gsdM: 0.25, cameraHeightM: 2 });
    for (let k = 0; k < 64 * 64; k++) {
      const [east, north] = [(k % 64) - 31.5, 31.5 - Math.floor(k / 64)];
      // Heading 30: the crop shows azimuths 30 to 120.
      const azimuth = (Math.atan2(east, north) * 180) / Math.PI;
      if (Math.min(Math.abs(azimuth - 30), Math.abs(azimuth - 120)) < 0.5) continue;
      const shown = azimuth > 30 && azimuth < 120;
      assert.equal(bev.mask[k], shown ? 1 : 0, `azimuth ${azimuth}`);
      assert.equal(bev.image.data[k * 3], shown ? 200 : 0);
    }
  });

  test('keep their angles when the panorama is shrunk while it is decoded', async () => {
    const file = await make(400, 400).withXmp(gpano(quarter)).jpeg().toBuffer();
    const { image, window } = await decodePanorama(file, { targetWidthPx: 400 });
    assert.deepEqual([image.widthPx, image.heightPx], [100, 100]);
    assert.deepEqual(window, {
      fullWidthPx: 400,
      fullHeightPx: 200,
      leftPx: 200,
      topPx: 100,
      widthPx: 100,
      heightPx: 100,
    });
  });

  test('that do not fit the image are ignored with a warning', async () => {
    for (const wrong of [
      { CroppedAreaImageHeightPixels: 100 },
      { CroppedAreaTopPixels: 700 },
      { CroppedAreaLeftPixels: -5 },
      { FullPanoWidthPixels: 0 },
    ]) {
      const file = await make(400, 200)
        .withXmp(gpano({ ...quarter, CroppedAreaImageHeightPixels: 200, ...wrong }))
        .png()
        .toBuffer();
      const { window, warnings } = await decodePanorama(file);
      assert.equal(window.fullWidthPx, 400, 'a 2:1 image is taken for the full sphere');
      assert.match(warnings.join(), /does not fit the image's 400x200; it was ignored/);
    }
  });

  test('with impossible angles keep the rest', async () => {
    const text = gpano({ PoseHeadingDegrees: 1e9, PosePitchDegrees: 'NaN', PoseRollDegrees: 2 });
    const found = await decodePanorama(await make(200, 100).withXmp(text).jpeg().toBuffer());
    assert.deepEqual(found.pose, { headingDeg: 0, pitchDeg: 0, rollDeg: 2 });
    assert.equal(found.headingSource, 'assumed');
    assert.match(found.warnings.join(), /PoseHeadingDegrees is 1000000000/);
    assert.match(found.warnings.join(), /PosePitchDegrees is "NaN"/);
  });
});

describe('damaged metadata', () => {
  for (const text of [
    '<x:xmpmeta><unclosed',
    '<'.repeat(3000),
    '<a b="1" b="2"/>',
    '<a>'.repeat(2000),
    '{}',
  ]) {
    test(`XMP ${JSON.stringify(text.slice(0, 20))} leaves the picture as it is`, async () => {
      const found = await decodePanorama(await make(200, 100).withXmp(text).jpeg().toBuffer());
      assert.equal(found.headingSource, 'assumed');
      assert.equal(found.image.widthPx, 200);
    });
  }

  test('XMP entities are not expanded', async () => {
    const bomb = `<!DOCTYPE a [<!ENTITY b "45">]>${gpano({ PoseHeadingDegrees: '&b;' })}`;
    const found = await decodePanorama(await make(200, 100).withXmp(bomb).jpeg().toBuffer());
    assert.equal(found.headingSource, 'assumed');
  });

  const withGps = () =>
    make(200, 100)
      .withExif({
        IFD3: {
          GPSLatitudeRef: 'N',
          GPSLatitude: '48/1 12/1 0/1',
          GPSLongitudeRef: 'W',
          GPSLongitude: '10/1 30/1 0/1',
        },
      })
      .jpeg()
      .toBuffer();

  test('EXIF with any bytes overwritten never stops the upload, and its position is one or none', async () => {
    const file = await withGps();
    const start = file.indexOf('Exif\0\0') + 6;
    const length = file.readUInt16BE(start - 8) - 8;
    assert.deepEqual((await decodePanorama(file)).gps, { lon: -10.5, lat: 48.2 });
    await fc.assert(
      fc.asyncProperty(
        fc.nat(length - 1),
        fc.uint8Array({ minLength: 1, maxLength: 8 }),
        async (at, bytes) => {
          const damaged = Buffer.from(file);
          damaged.set(bytes.subarray(0, length - at), start + at);
          const { gps, image } = await decodePanorama(damaged);
          assert.equal(Math.max(image.widthPx, image.heightPx), 200);
          if (gps) assert.ok(Math.abs(gps.lat) <= 90 && Math.abs(gps.lon) <= 180);
        },
      ),
      { seed: 41, numRuns: 150 },
    );
  });

  test('a latitude over 90 and a division by zero are no position', async () => {
    for (const latitude of ['91/1 0/1 0/1', '1/0 0/1 0/1']) {
      const gps = {
        GPSLatitudeRef: 'N',
        GPSLatitude: latitude,
        GPSLongitudeRef: 'E',
        GPSLongitude: '1/1 0/1 0/1',
      };
      const file = await make(200, 100).withExif({ IFD3: gps }).jpeg().toBuffer();
      assert.equal((await decodePanorama(file)).gps, undefined);
    }
  });
});
