// What kind of picture a file is, and how wide a photo: by the request, GPano, EXIF as another library writes it, and shape.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import sharp from 'sharp';
import { fieldOfViewOf, isPinhole } from '../../src/geometry/index.js';
import { decodePanorama, decodePhoto, type PhotoOptions } from '../../src/imaging/index.js';
import { gpanoPacket, withSegments, xmpSegment } from '../support/image-files.js';

type ExifTags = Readonly<Record<string, string>>;

async function fileOf(width: number, height: number, exif: ExifTags = {}, orientation = 1): Promise<Buffer> {
  const solid = sharp({ create: { width, height, channels: 3, background: '#c86432' } });
  return solid
    .withMetadata({ orientation })
    .withExifMerge({ IFD2: { ...exif } })
    .jpeg()
    .toBuffer();
}

async function photo(file: Buffer, options: PhotoOptions = {}) {
  const { model, warnings, image } = await decodePhoto(file, options);
  const text = warnings.join(' ');
  return { view: isPinhole(model) ? fieldOfViewOf(model) : undefined, model, text, image };
}

const near = (actual: number | undefined, wanted: number, what: string) =>
  assert.ok(actual !== undefined && Math.abs(actual - wanted) < 0.05, `${what}: ${actual}, not ${wanted}`);
/** 28 mm of film's 43.27 mm: the diagonal covers 75.4 degrees, as lens tables say. */
const FILM_28 = { FocalLengthIn35mmFilm: '28' };
const HALF_DIAGONAL = Math.tan((75.38 * Math.PI) / 360);
const coverOf = (share: number) => (2 * Math.atan(HALF_DIAGONAL * share) * 180) / Math.PI;

describe('a focal length in EXIF', () => {
  test('for 35 mm film holds of the diagonal, upright and turned, and says what was assumed', async () => {
    const { view, text } = await photo(await fileOf(400, 300, FILM_28));
    near(view?.across, coverOf(0.8), 'across');
    near(view?.down, coverOf(0.6), 'down');
    assert.match(text, /FocalLengthIn35mmFilm 28 mm.*perspective photo of 63\.\d x 49\.\d degrees/);
    assert.match(text, /taken to look level/);
    const turned = await photo(await fileOf(400, 300, FILM_28, 6));
    near(turned.view?.across, coverOf(0.6), 'across a photo in portrait');
    assert.deepEqual([turned.image.widthPx, turned.image.heightPx], [300, 400]);
  });

  test('in millimetres counts with the resolution of its sensor, in any unit', async () => {
    // 400 pixels on 8 mm, 6 mm behind the lens: 67.38 degrees. The size is in the EXIF that sharp writes.
    const sensor = { FocalLength: '6/1' };
    for (const [unit, perUnit] of [
      ['2', '1270/1'],
      ['3', '500/1'],
      ['4', '50/1'],
      [undefined, '1270/1'],
    ] as const) {
      const tags = {
        ...sensor,
        FocalPlaneXResolution: perUnit,
        ...(unit && { FocalPlaneResolutionUnit: unit }),
      };
      const { view, text } = await photo(await fileOf(400, 300, tags));
      near(view?.across, (2 * Math.atan(4 / 6) * 180) / Math.PI, `unit ${unit}`);
      assert.match(text, /FocalLength 6 mm and FocalPlaneXResolution/);
    }
  });

  test('that is none is no reason to take an image for a photo', async () => {
    for (const tags of [
      { FocalLengthIn35mmFilm: '0' },
      { FocalLengthIn35mmFilm: '1' },
      { FocalLengthIn35mmFilm: '60000' },
      { FocalLength: '6/1' },
      { FocalLength: '6/0', FocalPlaneXResolution: '500/1', PixelXDimension: '400', PixelYDimension: '300' },
      { FocalLength: '6/1', FocalPlaneXResolution: '500/1', FocalPlaneResolutionUnit: '9' },
    ]) {
      const file = await fileOf(400, 300, tags);
      await assert.rejects(decodePhoto(file), { code: 'PANORAMA_FOV_UNKNOWN' }, JSON.stringify(tags));
      const asked = decodePhoto(file, { projection: 'perspective' });
      await assert.rejects(asked, { code: 'PANORAMA_FOV_UNKNOWN', message: /no EXIF says its focal length/ });
    }
  });
});

describe('what is taken for a photo', () => {
  test('2:1, GPano, strips and long pictures are not, whatever their EXIF; decodePanorama takes none', async () => {
    assert.equal((await photo(await fileOf(400, 200, FILM_28))).view, undefined);
    const gpano = 'GPano:FullPanoWidthPixels="800" GPano:FullPanoHeightPixels="400"';
    const crop = withSegments(await fileOf(400, 300, FILM_28), [
      xmpSegment(
        Buffer.from(
          gpanoPacket(
            `${gpano} GPano:CroppedAreaImageWidthPixels="400" GPano:CroppedAreaImageHeightPixels="300"`,
          ),
        ),
      ),
    ]);
    assert.equal((await photo(crop)).view, undefined);
    assert.equal((await photo(await fileOf(400, 300, FILM_28), { verticalFovDeg: 90 })).view, undefined);
    await assert.rejects(photo(await fileOf(1000, 300, FILM_28)), { code: 'PANORAMA_FOV_UNKNOWN' });
    await assert.rejects(decodePanorama(await fileOf(400, 300, FILM_28)), { code: 'PANORAMA_FOV_UNKNOWN' });
  });

  test('an angle across makes one of what is not 2:1; the request has the last word', async () => {
    const plain = await fileOf(400, 300);
    const { view, text } = await photo(plain, { horizontalFovDeg: 90, pitchDeg: 3 });
    near(view?.across, 90, 'across');
    assert.match(text, /not 2:1.*perspective photo of 90\.0 x 73\.7 degrees/);
    assert.doesNotMatch(text, /look level/);
    const told = await photo(plain, { horizontalFovDeg: 90, projection: 'perspective', pitchDeg: 0 });
    assert.equal(told.text, '');
    near((await photo(plain, { verticalFovDeg: 60, projection: 'perspective' })).view?.down, 60, 'down');
    const wide = await fileOf(400, 200);
    near((await photo(wide, { horizontalFovDeg: 80, projection: 'perspective' })).view?.across, 80, '2:1');
    // The request's angle before the file's.
    const both = await photo(await fileOf(400, 300, FILM_28), { horizontalFovDeg: 50 });
    near(both.view?.across, 50, 'across');
  });

  test('part of a panorama: the angle across of an equirectangular image, rows as high as columns are wide', async () => {
    for (const options of [
      { horizontalFovDeg: 90, projection: 'equirectangular' },
      { horizontalFovDeg: 200 },
    ] as const) {
      const { model, text } = await photo(await fileOf(400, 300), options);
      assert.ok(!isPinhole(model));
      assert.ok(Math.abs((model.widthPx / model.fullWidthPx) * 360 - options.horizontalFovDeg) < 1e-9);
      const downDeg = (model.heightPx / model.fullHeightPx) * 180;
      assert.ok(Math.abs(downDeg - options.horizontalFovDeg * 0.75) < 1e-9);
      assert.match(text, /as high as it is wide/);
    }
    const both = await photo(await fileOf(400, 300), { horizontalFovDeg: 120, verticalFovDeg: 65 });
    assert.ok(!isPinhole(both.model) && both.text === '');
    assert.ok(Math.abs((both.model.heightPx / both.model.fullHeightPx) * 180 - 65) < 1e-9);
  });

  test('contradictions and impossible angles are refused by name', async () => {
    const file = await fileOf(400, 300);
    for (const [options, message] of [
      [{ projection: 'perspective', horizontalFovDeg: 90, verticalFovDeg: 60 }, /give one of them/],
      [{ projection: 'perspective', horizontalFovDeg: 90, horizonShare: 0.4 }, /pitchDeg/],
      [{ projection: 'perspective', horizontalFovDeg: 175 }, /horizontalFovDeg is 175/],
      [{ projection: 'perspective', verticalFovDeg: 0 }, /verticalFovDeg is 0/],
      [{ horizontalFovDeg: 400 }, /horizontalFovDeg is 400/],
    ] as const) {
      await assert.rejects(decodePhoto(file, options), { code: 'PARAMETER_INVALID', message });
    }
    const pair = withSegments(file, [xmpSegment(Buffer.from(gpanoPacket('GPano:StereoMode="left-right"')))]);
    await assert.rejects(decodePhoto(pair, { projection: 'perspective', horizontalFovDeg: 90 }), {
      code: 'PANORAMA_PROJECTION_UNSUPPORTED',
    });
  });

  test('GPano may say rectilinear; shrinking keeps the angles', async () => {
    const said = withSegments(await fileOf(400, 300, FILM_28), [
      xmpSegment(Buffer.from(gpanoPacket('GPano:ProjectionType="rectilinear"'))),
    ]);
    near((await photo(said)).view?.across, coverOf(0.8), 'rectilinear');
    const large = await photo(await fileOf(1600, 1200), { horizontalFovDeg: 90, targetWidthPx: 1024 });
    // 1024 columns of a circle are 163 pixels to the radian, and so is the middle of this photo.
    assert.deepEqual([large.image.widthPx, large.image.heightPx], [326, 244]);
    near(large.view?.across, 90, 'across');
  });
});
