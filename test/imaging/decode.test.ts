import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';
import { type DecodeOptions, decodePanorama, readPanoramaMetadata } from '../../src/imaging/index.js';

const make = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: '#c86432' } });
const noise = (width: number, height: number) =>
  sharp(
    Uint8Array.from({ length: width * height * 3 }, (_, k) => (k * 2654435761) >>> 13),
    { raw: { width, height, channels: 3 } },
  );
const xmp = (attributes: string, elements = '') =>
  `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">` +
  `<rdf:Description rdf:about="" xmlns:GPano="http://ns.google.com/photos/1.0/panorama/" ${attributes}>${elements}` +
  `</rdf:Description></rdf:RDF></x:xmpmeta>`;

const half = (file: Buffer) => file.subarray(0, file.length >> 1);
const bad: [string, string, () => Promise<Uint8Array>][] = [
  ['zero bytes', 'IMAGE_EMPTY', async () => new Uint8Array(0)],
  ['text', 'IMAGE_UNDECODABLE', async () => Buffer.from('this is not an image, it is a sentence')],
  [
    'SVG',
    'IMAGE_UNDECODABLE',
    async () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100"/>'),
  ],
  ['still GIF', 'IMAGE_UNDECODABLE', () => make(200, 100).gif().toBuffer()],
  ['truncated JPEG', 'IMAGE_UNDECODABLE', async () => half(await noise(400, 200).jpeg().toBuffer())],
  ['truncated PNG', 'IMAGE_UNDECODABLE', async () => half(await noise(400, 200).png().toBuffer())],
  ['1x1', 'PANORAMA_TOO_SMALL', () => make(1, 1).png().toBuffer()],
  ['4:1 without field of view', 'PANORAMA_FOV_UNKNOWN', () => make(800, 200).jpeg().toBuffer()],
  ['over the pixel limit', 'IMAGE_TOO_LARGE_PIXELS', () => make(2002, 1001).png().toBuffer()],
  [
    'animated WebP',
    'IMAGE_ANIMATED',
    () =>
      sharp([still, other], { join: { animated: true } })
        .webp()
        .toBuffer(),
  ],
];
const still = await make(200, 100).png().toBuffer();
const other = await noise(200, 100).png().toBuffer();

for (const [name, code, bytes] of bad) {
  test(`refused: ${name} is ${code}`, async () => {
    await assert.rejects(decodePanorama(await bytes(), { maxPixels: 2_000_000 }), { code });
  });
}

test('every accepted kind becomes 8-bit RGB of the same colour', async () => {
  const files: Record<string, Buffer> = {
    jpeg: await make(200, 100).jpeg({ quality: 100 }).toBuffer(),
    png: await make(200, 100).png().toBuffer(),
    'alpha png': await make(200, 100).ensureAlpha().png().toBuffer(),
    '16-bit png': await make(200, 100).toColourspace('rgb16').png().toBuffer(),
    webp: await make(200, 100).webp({ lossless: true }).toBuffer(),
    avif: await make(200, 100).avif({ lossless: true }).toBuffer(),
    tiff: await make(200, 100).tiff().toBuffer(),
  };
  for (const [name, bytes] of Object.entries(files)) {
    const { image } = await decodePanorama(bytes);
    assert.equal(image.data.length, 200 * 100 * 3, name);
    [200, 100, 50].forEach((want, c) => {
      assert.ok(Math.abs((image.data[c] ?? -99) - want) <= 4, `${name}: channel ${c} is ${image.data[c]}`);
    });
  }
  const grey = await decodePanorama(await make(200, 100).greyscale().png().toBuffer());
  assert.equal(grey.image.data.length, 60000);
  const cmyk = await decodePanorama(await make(200, 100).toColourspace('cmyk').jpeg().toBuffer());
  assert.equal(cmyk.image.data.length, 60000);
});

test('GPano as attributes: crop scaled to the file, pose; a request wins', async () => {
  const text = xmp(
    'GPano:FullPanoWidthPixels="800" GPano:FullPanoHeightPixels="400" GPano:CroppedAreaImageWidthPixels="800" ' +
      'GPano:CroppedAreaImageHeightPixels="200" GPano:CroppedAreaLeftPixels="0" GPano:CroppedAreaTopPixels="150" ' +
      'GPano:PoseHeadingDegrees="123.5" GPano:PosePitchDegrees="-2" GPano:PoseRollDegrees="oops"',
  );
  const file = await make(400, 100).withXmp(text).jpeg().toBuffer();
  const found = await decodePanorama(file, { pitchDeg: 1 });
  assert.deepEqual(found.window, {
    fullWidthPx: 400,
    fullHeightPx: 200,
    leftPx: 0,
    topPx: 75,
    widthPx: 400,
    heightPx: 100,
  });
  assert.deepEqual(found.pose, { headingDeg: 123.5, pitchDeg: 1, rollDeg: 0 });
  assert.equal(found.headingSource, 'metadata');
  assert.match(found.warnings.join(), /PoseRollDegrees is "oops"/);
  assert.equal((await decodePanorama(file, { headingDeg: 7 })).headingSource, 'request');
});

test('GPano as elements', async () => {
  const text = xmp('', '<GPano:PoseHeadingDegrees>45</GPano:PoseHeadingDegrees>');
  const found = await decodePanorama(await make(200, 100).withXmp(text).jpeg().toBuffer());
  assert.equal(found.pose.headingDeg, 45);
});

test('a strip with verticalFovDeg; no heading is assumed; shrinking keeps the angles', async () => {
  const strip = await make(1232, 224).jpeg().toBuffer();
  const found = await decodePanorama(strip, { verticalFovDeg: 65.45, targetWidthPx: 616 });
  assert.equal(found.headingSource, 'assumed');
  assert.deepEqual(found.warnings, []);
  assert.equal(found.image.widthPx, 616);
  assert.equal(found.image.heightPx, 112);
  assert.ok(Math.abs((found.window.heightPx / found.window.fullHeightPx) * 180 - 65.45) < 1e-9);
});

test('a field of view is assumed where neither the request nor a GPano crop says it, with a warning', async () => {
  const fieldOfView = { horizontalDeg: 120, verticalDeg: 60, horizonShare: 0.25 };
  const windowFor = async (bytes: Uint8Array, more: DecodeOptions = {}) => {
    const { window, warnings } = await readPanoramaMetadata(bytes, { fieldOfView, headingDeg: 0, ...more });
    return { window, assumed: /taken to show 120 x 60 degrees/.test(warnings.join()) };
  };
  const strip = await make(400, 200).png().toBuffer();
  const expected = {
    fullWidthPx: 1200,
    fullHeightPx: 600,
    leftPx: 400,
    topPx: 250,
    widthPx: 400,
    heightPx: 200,
  };
  assert.deepEqual(await windowFor(strip), { window: expected, assumed: true });
  // A heading alone says nothing of what is seen; nor does a crop that does not fit the file.
  for (const attributes of [
    'GPano:PoseHeadingDegrees="9"',
    'GPano:FullPanoWidthPixels="100" GPano:FullPanoHeightPixels="100"',
  ]) {
    const file = await make(400, 200).withXmp(xmp(attributes)).png().toBuffer();
    assert.deepEqual(await windowFor(file), { window: expected, assumed: true });
  }
  const { window: given, assumed } = await windowFor(strip, { verticalFovDeg: 90 });
  // A quarter of 200 rows is above the horizon, as the field of view has it.
  assert.deepEqual([given.fullWidthPx, given.fullHeightPx, given.topPx, assumed], [400, 400, 150, false]);
  const crop = 'GPano:FullPanoWidthPixels="400" GPano:FullPanoHeightPixels="200"';
  const full = await make(400, 200).withXmp(xmp(crop)).png().toBuffer();
  const { window: whole, assumed: guessed } = await windowFor(full);
  assert.deepEqual([whole.fullHeightPx, whole.topPx, guessed], [200, 0, false]);
});

test('EXIF orientation is applied and GPS is read', async () => {
  const file = await make(100, 200)
    .withExif({
      IFD3: {
        GPSLatitudeRef: 'S',
        GPSLatitude: '35/1 18/1 0/1',
        GPSLongitudeRef: 'E',
        GPSLongitude: '149/1 6/1 0/1',
      },
    })
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer();
  const found = await decodePanorama(file);
  assert.deepEqual([found.originalWidthPx, found.image.heightPx], [200, 100]);
  assert.ok(found.gps && Math.abs(found.gps.lat + 35.3) < 1e-9 && Math.abs(found.gps.lon - 149.1) < 1e-9);
});

test('metadata alone say what decoding says of a file, and need no pixels', async () => {
  const file = await noise(400, 200)
    .withXmp(
      xmp(
        'GPano:PoseHeadingDegrees="123.5" GPano:PosePitchDegrees="2" GPano:FullPanoWidthPixels="800" ' +
          'GPano:FullPanoHeightPixels="400" GPano:CroppedAreaImageWidthPixels="400" GPano:CroppedAreaImageHeightPixels="200"',
      ),
    )
    .withExif({
      IFD3: {
        GPSLatitudeRef: 'S',
        GPSLatitude: '10/1 30/1 0/1',
        GPSLongitudeRef: 'E',
        GPSLongitude: '20/1 0/1 0/1',
      },
    })
    .jpeg()
    .toBuffer();
  const { image, ...decoded } = await decodePanorama(file);
  assert.equal(image.widthPx, 400);
  const metadata = await readPanoramaMetadata(file);
  assert.deepEqual(metadata, decoded);
  assert.deepEqual([metadata.pose.headingDeg, metadata.gps], [123.5, { lon: 20, lat: -10.5 }]);
  await assert.rejects(decodePanorama(half(file)), { code: 'IMAGE_UNDECODABLE' });
  assert.deepEqual(await readPanoramaMetadata(half(file)), decoded);
  await assert.rejects(readPanoramaMetadata(file, { headingDeg: Number.NaN }), { code: 'PARAMETER_INVALID' });
});
