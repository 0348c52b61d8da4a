// What every kind of imagery must do: the same ground as a GeoTIFF, a folder and a VRT of four, an XYZ and a TMS folder.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { before, test } from 'node:test';
import proj4 from 'proj4';
import { cutTile, type ImageryOptions, openImagery } from '../../index/index.js';
import { insideBbox, type LonLat, offsetLonLat, type RgbImage } from '../../src/geometry/index.js';
import { encodePng } from '../../src/imaging/index.js';
import { geoKeys, placedAt, writeTiff } from '../support/tiff.js';
import { temporaryFolder } from './fixtures.js';
import { largestErrorPx, paint } from './positions.js';

const folder = await temporaryFolder();
const CENTRE: LonLat = { lon: 10.3, lat: 48.2 };
const UTM_32 = proj4('+proj=utm +zone=32 +datum=WGS84 +units=m +no_defs', 'WGS84');
const [EAST, NORTH] = UTM_32.inverse([CENTRE.lon, CENTRE.lat]) as [number, number];
/** A whole number of pixels, so that the four files meet at a pixel's border in the middle of the tile. */
const STEP = 0.25;
const HALF_PX = 240;
const [LEFT, TOP] = [EAST - HALF_PX * STEP, NORTH + HALF_PX * STEP];
const KEYS = { 34735: geoKeys(32632) };

function quarter(column: number, row: number, columns: number, rows: number): RgbImage {
  return paint(columns, rows, CENTRE, (x, y) => {
    const [lon, lat] = UTM_32.forward([LEFT + (column + x) * STEP, TOP - (row + y) * STEP]) as [
      number,
      number,
    ];
    return { lon, lat };
  });
}

async function writePart(
  path: string,
  column: number,
  row: number,
  columns: number,
  rows: number,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const { data } = quarter(column, row, columns, rows);
  const doubles = placedAt(LEFT + column * STEP, TOP - row * STEP, STEP);
  await writeTiff(path, [{ widthPx: columns, heightPx: rows, block: data, shorts: KEYS, doubles }]);
}

/** Four files with a border at column 200 and row 280; upper-case names, as Windows writes them, count too. */
const PARTS = [
  ['a.tif', 0, 0, 200, 280],
  ['b.TIF', 200, 0, 280, 280],
  ['sub/c.tiff', 0, 280, 200, 200],
  ['sub/d.tif', 200, 280, 280, 200],
] as const;

function vrt(): string {
  const band = (number: number, colour: string) => {
    const sources = PARTS.map(
      ([
        name,
        x,
        y,
        width,
        height,
      ]) => `<SimpleSource><SourceFilename relativeToVRT="1">parts/${name}</SourceFilename>
        <SourceBand>${number}</SourceBand><SrcRect xOff="0" yOff="0" xSize="${width}" ySize="${height}" />
        <DstRect xOff="${x}" yOff="${y}" xSize="${width}" ySize="${height}" /></SimpleSource>`,
    );
    return `<VRTRasterBand dataType="Byte" band="${number}"><ColorInterp>${colour}</ColorInterp>
      ${sources.join('')}</VRTRasterBand>`;
  };
  return `<VRTDataset rasterXSize="480" rasterYSize="480">
    <SRS>PROJCS["WGS 84 / UTM zone 32N",GEOGCS["WGS 84"],AUTHORITY["EPSG","32632"]]</SRS>
    <GeoTransform> ${LEFT}, ${STEP}, 0, ${TOP}, 0, ${-STEP}</GeoTransform>
    ${band(1, 'Red')}${band(2, 'Green')}${band(3, 'Blue')}</VRTDataset>`;
}

const RADIUS = 6378137;
const ZOOM = 19;
async function writeTiles(dir: string, tms: boolean): Promise<void> {
  const tileM = (2 * Math.PI * RADIUS) / 2 ** ZOOM;
  const half = Math.PI * RADIUS;
  const column = Math.floor(((RADIUS * CENTRE.lon * Math.PI) / 180 + half) / tileM);
  const row = Math.floor((half - RADIUS * Math.asinh(Math.tan((CENTRE.lat * Math.PI) / 180))) / tileM);
  for (let n = 0; n < 9; n++) {
    const [x, y] = [column - 1 + (n % 3), row - 1 + Math.floor(n / 3)];
    const image = paint(256, 256, CENTRE, (px, py) => ({
      lon: (((x + px / 256) * tileM - half) / RADIUS) * (180 / Math.PI),
      lat: Math.atan(Math.sinh((half - (y + py / 256) * tileM) / RADIUS)) * (180 / Math.PI),
    }));
    const name = `${tms ? 2 ** ZOOM - 1 - y : y}.${n % 2 ? 'png' : 'PNG'}`;
    const path = join(dir, String(ZOOM), String(x), name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, await encodePng(image));
  }
}

before(async () => {
  await writePart(join(folder, 'whole.tif'), 0, 0, 480, 480);
  for (const [name, x, y, width, height] of PARTS) {
    await writePart(join(folder, 'parts', name), x, y, width, height);
  }
  await writeFile(join(folder, 'mosaic.vrt'), vrt());
  await writeTiles(join(folder, 'xyz'), false);
  await writeTiles(join(folder, 'tms'), true);
});

const SOURCES: readonly (readonly [kind: string, path: string, options: ImageryOptions])[] = [
  ['a GeoTIFF', 'whole.tif', {}],
  ['a folder of GeoTIFFs', 'parts', {}],
  ['a VRT', 'mosaic.vrt', {}],
  ['an XYZ folder', 'xyz', {}],
  ['a TMS folder', 'tms', { tms: true }],
];

for (const [kind, path, options] of SOURCES) {
  test(`${kind} has its pixels where they are on the ground, and none beside`, async () => {
    const source = await openImagery(join(folder, path), options);
    try {
      for (const [east, north] of [
        [0, 0],
        [-15, -15],
        [12, -14],
      ] as const) {
        const tile = await cutTile(source, offsetLonLat(CENTRE, east, north), 48, 160);
        assert.ok(tile, `${east}, ${north}`);
        if (east === 0) assert.ok(largestErrorPx(tile, 48) < 0.3);
      }
      assert.equal(await cutTile(source, offsetLonLat(CENTRE, 5000, 0), 48, 160), null);
      assert.equal(await cutTile(source, { lon: -100, lat: -40 }, 48, 160), null);
      assert.ok(insideBbox(CENTRE, source.bounds));
      assert.ok(!insideBbox(offsetLonLat(CENTRE, 250, 0), source.bounds));
      assert.ok(source.gsdM > 0.1 && source.gsdM < 0.3, `${source.gsdM} m`);
      assert.match(source.crs, /^EPSG:(32632|3857)$/);
      assert.ok(source.description.length > 5 && source.warnings.length === 0);
      for (const layer of source.layersNear(CENTRE, 20)) {
        assert.equal(await layer.block(-1, 0), null);
        const [x, y] = layer.toPixel(CENTRE);
        const block = await layer.block(Math.floor(x / layer.blockPx), Math.floor(y / layer.blockPx));
        if (!block) continue;
        assert.deepEqual([block.image.widthPx, block.image.heightPx], [layer.blockPx, layer.blockPx]);
        assert.equal(block.image.data.length, 3 * layer.blockPx ** 2);
        assert.ok(block.valid === undefined || block.valid.length === layer.blockPx ** 2);
      }
    } finally {
      await source.close();
    }
  });
}

test('files side by side are the same pixels as one file, seams included', async () => {
  const whole = await openImagery(join(folder, 'whole.tif'));
  for (const path of ['parts', 'mosaic.vrt']) {
    const source = await openImagery(join(folder, path));
    for (let n = 0; n < 6; n++) {
      const place = offsetLonLat(CENTRE, 8 * n - 20, 13 * (n % 3) - 15);
      const [a, b] = [await cutTile(whole, place, 48, 96), await cutTile(source, place, 48, 96)];
      assert.ok(a && b);
      assert.deepEqual(b.data, a.data, `${path}, tile ${n}`);
    }
  }
});

test('a VRT that computes pixels, or shows what is no GeoTIFF, is refused by its name', async () => {
  const path = join(folder, 'refused.vrt');
  for (const [change, message] of [
    [['<VRTDataset ', '<VRTDataset subClass="VRTWarpedDataset" '], /VRTWarpedDataset.*gdal_translate/],
    [['<VRTRasterBand ', '<VRTRasterBand subClass="VRTDerivedRasterBand" '], /VRTDerivedRasterBand/],
    [['</SourceBand>', '</SourceBand><LUT>0:0,255:1</LUT>'], /LUT/],
    [['a.tif', 'a.jp2'], /"parts\/a\.jp2" is no GeoTIFF/],
    [['a.tif', 'gone.tif'], /gone\.tif.*cannot be read/],
    [['</GeoTransform>', ', 7</GeoTransform>'], /GeoTransform/],
    [['</VRTDataset>', ''], /VRTDataset|well-formed|bands/],
  ] as const) {
    await writeFile(path, vrt().replaceAll(change[0], change[1]));
    await assert.rejects(
      openImagery(path).then(async (source) => cutTile(source, CENTRE, 48, 96)),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'IMAGERY_INVALID', error.stack);
        assert.match(error.message, message);
        return true;
      },
    );
  }
});

test('other kinds of files and addresses are named', async () => {
  for (const [name, message] of [
    ['area.mbtiles', /MBTiles/],
    ['area.pmtiles', /PMTiles/],
    ['photo.jp2', /JPEG 2000.*gdal_translate/],
  ] as const) {
    await writeFile(join(folder, name), 'x');
    await assert.rejects(openImagery(join(folder, name)), { code: 'IMAGERY_INVALID', message });
  }
  await assert.rejects(openImagery('https://example.org/a.tif'), { message: /is an address/ });
});
