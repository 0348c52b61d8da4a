// Tiles are cut in true metres and to true north, whatever the imagery's projection.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { writeArrayBuffer } from 'geotiff';
import proj4 from 'proj4';
import { cutTile, openGrid, openImagery } from '../../index/index.js';
import type { LonLat, RgbImage } from '../../src/geometry/index.js';
import { encodePng } from '../../src/imaging/index.js';
import { largestErrorPx, paint } from './positions.js';

const SIZE_M = 60;
const SIZE_PX = 200;
const NORTH: LonLat = { lon: 11.8, lat: 60 };
const MERCATOR_RADIUS_M = 6378137;
const UTM_32 = '+proj=utm +zone=32 +datum=WGS84 +units=m +no_defs';

const folder = await mkdtemp(join(tmpdir(), 'skyfix-imagery-'));
after(() => rm(folder, { recursive: true, force: true }));

/** Web mercator as its definition has it: a sphere. */
const fromMercator = (x: number, y: number): LonLat => ({
  lon: ((x / MERCATOR_RADIUS_M) * 180) / Math.PI,
  lat: (Math.atan(Math.sinh(y / MERCATOR_RADIUS_M)) * 180) / Math.PI,
});
const toMercator = ({ lon, lat }: LonLat): readonly [number, number] => [
  (MERCATOR_RADIUS_M * lon * Math.PI) / 180,
  MERCATOR_RADIUS_M * Math.asinh(Math.tan((lat * Math.PI) / 180)),
];

async function writeGeoTiff(
  path: string,
  image: RgbImage,
  epsg: number,
  left: number,
  top: number,
  stepM: number,
) {
  const bytes = await writeArrayBuffer(image.data, {
    width: image.widthPx,
    height: image.heightPx,
    SamplesPerPixel: 3,
    BitsPerSample: [8, 8, 8],
    PhotometricInterpretation: 2,
    PlanarConfiguration: 1,
    ModelPixelScale: [stepM, stepM, 0],
    ModelTiepoint: [0, 0, 0, left, top, 0],
    GTModelTypeGeoKey: 1,
    GTRasterTypeGeoKey: 1,
    ProjectedCSTypeGeoKey: epsg,
  });
  await writeFile(path, new Uint8Array(bytes as ArrayBuffer));
}

async function errorOf(path: string, options = {}): Promise<number> {
  const source = await openImagery(path, options);
  try {
    const tile = await cutTile(source, NORTH, SIZE_M, SIZE_PX);
    assert.ok(tile, 'the tile lies in the imagery');
    return largestErrorPx(tile, SIZE_M);
  } finally {
    await source.close();
  }
}

test('GeoTIFF in UTM, far from the central meridian: true north, not grid north', async () => {
  const path = join(folder, 'utm.tif');
  const projection = proj4(UTM_32, 'WGS84');
  const [east, north] = projection.inverse([NORTH.lon, NORTH.lat]) as [number, number];
  const [left, top, stepM] = [east - 57.3, north + 55.8, 0.25];
  const placeOf = (x: number, y: number): LonLat => {
    const [lon, lat] = projection.forward([left + x * stepM, top - y * stepM]) as [number, number];
    return { lon, lat };
  };
  await writeGeoTiff(path, paint(450, 450, NORTH, placeOf), 32632, left, top, stepM);
  assert.ok((await errorOf(path)) < 0.3);
});

test('GeoTIFF in web mercator at 60 degrees: true metres, not mercator metres', async () => {
  const path = join(folder, 'mercator.tif');
  const [x0, y0] = toMercator(NORTH);
  const [left, top, stepM] = [x0 - 100.2, y0 + 99.1, 0.5];
  const image = paint(400, 400, NORTH, (x, y) => fromMercator(left + x * stepM, top - y * stepM));
  await writeGeoTiff(path, image, 3857, left, top, stepM);
  assert.ok((await errorOf(path)) < 0.3);
});

for (const tms of [false, true]) {
  test(`${tms ? 'TMS' : 'XYZ'} folder at 60 degrees`, async () => {
    const zoom = 18;
    const dir = join(folder, tms ? 'tms' : 'xyz');
    const worldM = 2 * Math.PI * MERCATOR_RADIUS_M;
    const tileM = worldM / 2 ** zoom;
    const [x0, y0] = toMercator(NORTH);
    const column = Math.floor((x0 + worldM / 2) / tileM);
    const row = Math.floor((worldM / 2 - y0) / tileM);
    for (let n = 0; n < 9; n++) {
      const [x, y] = [column - 1 + (n % 3), row - 1 + Math.floor(n / 3)];
      const [left, top] = [x * tileM - worldM / 2, worldM / 2 - y * tileM];
      const image = paint(256, 256, NORTH, (px, py) =>
        fromMercator(left + (px / 256) * tileM, top - (py / 256) * tileM),
      );
      const path = join(dir, String(zoom), String(x), `${tms ? 2 ** zoom - 1 - y : y}.png`);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, await encodePng(image));
    }
    assert.ok((await errorOf(dir, { tms })) < 0.3);
    const source = await openImagery(dir, { tms });
    assert.equal(
      await cutTile(source, { lon: 11.9, lat: 60 }, SIZE_M, SIZE_PX),
      null,
      'outside there is no tile',
    );
    await source.close();
  });
}

test('a folder of tiles is another one as soon as a tile in it changes, which its own time does not tell', async () => {
  const dir = join(folder, 'changing');
  const path = join(dir, '18', '136000', '90000.png');
  const write = async (red: number) => {
    await mkdir(dirname(path), { recursive: true });
    const data = new Uint8Array(256 * 256 * 3).fill(red);
    await writeFile(path, await encodePng({ widthPx: 256, heightPx: 256, data }));
  };
  const digest = async () => {
    const grid = await openGrid({ imagery: dir, tileSizeM: 20, strideM: 20 });
    await grid.close();
    return grid.digest;
  };
  await write(10);
  const [first, before] = [await digest(), await stat(dir)];
  assert.equal(await digest(), first);
  await write(200);
  assert.equal((await stat(dir)).mtimeMs, before.mtimeMs);
  assert.notEqual(await digest(), first);
});

test('what is no imagery is refused by name', async () => {
  const text = join(folder, 'text.tif');
  await writeFile(text, 'not a TIFF at all');
  await mkdir(join(folder, 'empty'), { recursive: true });
  for (const path of [text, join(folder, 'empty'), join(folder, 'nowhere')]) {
    await assert.rejects(openImagery(path), { code: 'IMAGERY_INVALID', message: new RegExp(path) });
  }
});
