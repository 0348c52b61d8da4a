// Large JPEGs are decoded at a half, a quarter or an eighth where what is left is at least what they are shrunk to: against the
// whole file, decoded and then shrunk.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import sharp, { type WriteableMetadata } from 'sharp';
import { panoramaWidthOf } from '../../src/bundles/index.js';
import { isPinhole, projectBev, type RgbImage } from '../../src/geometry/index.js';
import { decodePhoto, type PhotoOptions, resizeImage } from '../../src/imaging/index.js';
import { seededRandom } from '../../src/random/index.js';

/** Waves, and the grain of a sensor: finer than what is left, so that it has to be averaged away. */
function scene(widthPx: number, heightPx: number): Buffer {
  const random = seededRandom(3);
  const data = Buffer.alloc(3 * widthPx * heightPx);
  for (let y = 0, k = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++) {
      const [u, v] = [(2 * Math.PI * x) / widthPx, (Math.PI * y) / heightPx];
      const waves = Math.sin(9 * u) * Math.cos(7 * v) + Math.sin(24 * u + 20 * v);
      const grain = 20 * random() - 10;
      for (let c = 0; c < 3; c++, k++) data[k] = 128 + 30 * waves + 25 * Math.sin(3 * v + 2 * c) + grain;
    }
  }
  return data;
}

async function jpegOf(widthPx: number, heightPx: number, metadata: WriteableMetadata = {}, xmp?: string) {
  const raw = { width: widthPx, height: heightPx, channels: 3 } as const;
  const image = sharp(scene(widthPx, heightPx), { raw }).jpeg({ quality: 92 }).withMetadata(metadata);
  return (xmp === undefined ? image : image.withXmp(xmp)).toBuffer();
}

function meanDifference(a: RgbImage, b: RgbImage): number {
  assert.deepEqual([a.widthPx, a.heightPx], [b.widthPx, b.heightPx]);
  return a.data.reduce((sum, value, k) => sum + Math.abs(value - (b.data[k] ?? 0)), 0) / a.data.length;
}

const TARGET_PX = 256;
const GROUND = { sizePx: 128, gsdM: 0.3, cameraHeightM: 2.5 };
/** Levels of 255: libjpeg rounds half a level down where it shrinks. */
const MOST_LEVELS = 1;

describe('a JPEG that is shrunk while it is decoded is the whole one, shrunk', () => {
  const part = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
    <rdf:Description rdf:about="" xmlns:GPano="http://ns.google.com/photos/1.0/panorama/"
      GPano:ProjectionType="equirectangular" GPano:FullPanoWidthPixels="2048" GPano:FullPanoHeightPixels="1024"
      GPano:CroppedAreaImageWidthPixels="1024" GPano:CroppedAreaImageHeightPixels="512"
      GPano:CroppedAreaLeftPixels="700" GPano:CroppedAreaTopPixels="400"/></rdf:RDF></x:xmpmeta>`;
  const cases: Record<string, { readonly file: () => Promise<Buffer>; readonly options?: PhotoOptions }> = {
    'twice as wide': { file: () => jpegOf(512, 256) },
    'three times and a bit': { file: () => jpegOf(800, 400) },
    'four times': { file: () => jpegOf(1024, 512) },
    'by no whole number': { file: () => jpegOf(1350, 675) },
    'by no whole number, on its side (EXIF)': { file: () => jpegOf(1351, 2700, { orientation: 8 }) },
    'eight times': { file: () => jpegOf(2048, 1024) },
    'sixteen times': { file: () => jpegOf(4096, 2048) },
    'upside down (EXIF)': { file: () => jpegOf(1400, 700, { orientation: 3 }) },
    'on its side (EXIF)': { file: () => jpegOf(700, 1400, { orientation: 6 }) },
    'a mirror image on its side (EXIF)': { file: () => jpegOf(700, 1400, { orientation: 5 }) },
    'a cropped sphere (GPano)': { file: () => jpegOf(1024, 512, {}, part) },
    'a strip': { file: () => jpegOf(1400, 250), options: { verticalFovDeg: 65.45 } },
    'of rows that are finer than its columns': {
      file: () => jpegOf(512, 2048),
      options: { verticalFovDeg: 180 },
    },
    'a perspective photo': {
      file: () => jpegOf(1600, 1200),
      options: { projection: 'perspective', horizontalFovDeg: 70 },
    },
  };
  for (const [name, { file, options = {} }] of Object.entries(cases)) {
    test(name, async () => {
      const bytes = await file();
      const asked = { headingDeg: 0, ...options };
      const whole = await decodePhoto(bytes, asked);
      const shrunk = await decodePhoto(bytes, { ...asked, targetWidthPx: TARGET_PX });
      const { image, model, pose } = shrunk;
      assert.ok(image.data.length < whole.image.data.length, 'it was to be shrunk');
      const expected = await resizeImage(whole.image, image.widthPx, image.heightPx);
      const levels = meanDifference(image, expected);
      assert.ok(levels <= MOST_LEVELS, `the image differs by ${levels} levels`);
      if (isPinhole(model)) return;
      const bev = projectBev(image, model, pose, GROUND);
      const from = projectBev(expected, model, pose, GROUND);
      assert.deepEqual(bev.mask, from.mask);
      assert.ok(bev.mask.includes(1));
      const ground = meanDifference(bev.image, from.image);
      assert.ok(ground <= MOST_LEVELS, `the ground differs by ${ground} levels`);
    });
  }
});

test('columns are left for every pixel of the ring that the looks share, and more at the nadir', () => {
  for (const bevSizePx of [96, 448, 512, 1024]) {
    const columns = panoramaWidthOf({ bevSizePx });
    for (const share of [0.01, 0.5, 1]) {
      // Pixels of the ring whose radius is that share of half the BEV.
      const ringPx = Math.PI * bevSizePx * share;
      assert.ok(columns >= ringPx, `${columns} columns for ${ringPx} pixels`);
    }
  }
});
