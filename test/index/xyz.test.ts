// Folders of tiles as they are found: real ones, other orders, strangers among them, the antimeridian.
import assert from 'node:assert/strict';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import sharp from 'sharp';
import { cutTile, openGrid, openImagery } from '../../index/index.js';
import { insideBbox } from '../../src/geometry/index.js';
import { temporaryFolder } from './fixtures.js';

const folder = await temporaryFolder();
/** Real aerial tiles at zoom 19: see the attribution beside them. */
const BANEPA = join(import.meta.dirname, '../../../test/index/banepa');
const [FIRST_COLUMN, FIRST_ROW] = [386686, 220247];

async function tile(path: string, colour: { r: number; g: number; b: number; alpha?: number }, size = 64) {
  await mkdir(dirname(path), { recursive: true });
  const background = { alpha: 1, ...colour };
  await writeFile(
    path,
    await sharp({ create: { width: size, height: size, channels: 4, background } })
      .png()
      .toBuffer(),
  );
}

test('real tiles of Banepa: where they are, how fine, and what they look like', async () => {
  const source = await openImagery(BANEPA);
  assert.ok(insideBbox({ lon: 85.5169, lat: 27.63 }, source.bounds), source.bounds.join());
  // 2 pi 6378137 m / 2^19 / 512 px x cos(27.63 deg)
  assert.ok(Math.abs(source.gsdM - 0.13225) < 0.0005, `${source.gsdM}`);
  const [west, south, east, north] = source.bounds;
  const cut = await cutTile(source, { lon: (west + east) / 2, lat: (south + north) / 2 }, 48, 96);
  assert.ok(cut);
  const mean = cut.data.reduce((sum, value) => sum + value, 0) / cut.data.length;
  assert.ok(mean > 40 && mean < 220, `${mean}`);
});

const areaAt = async (name: string, lon: number, lat: number) => {
  const path = join(folder, `${name}.geojson`);
  const d = 0.0002;
  const ring = [
    [lon - d, lat - d],
    [lon + d, lat - d],
    [lon + d, lat + d],
    [lon - d, lat + d],
    [lon - d, lat - d],
  ];
  await writeFile(path, JSON.stringify({ type: 'Polygon', coordinates: [ring] }));
  return path;
};

test('an area that is not there is told where the tiles are, and what reading would bring them together', async () => {
  const inside = await areaAt('inside', 85.5169, 27.63);
  const grid = await openGrid({ imagery: BANEPA, tileSizeM: 20, strideM: 20, areaGeoJson: inside });
  assert.ok(grid.count > 0);
  assert.match(
    grid.facts.join('\n'),
    /covers longitude 85\.\d+ to 85\.\d+, latitude 27\.\d+ to 27\.\d+, 0\.132 m a pixel/,
  );
  const arcGis = join(folder, 'arcgis');
  const tms = join(folder, 'tms');
  for (const [x, y] of [
    [FIRST_COLUMN, FIRST_ROW],
    [FIRST_COLUMN + 1, FIRST_ROW + 1],
  ] as const) {
    const from = join(BANEPA, '19', String(x), `${y}.jpg`);
    await cp(from, join(arcGis, '19', String(y), `${x}.jpg`));
    await cp(from, join(tms, '19', String(x), `${2 ** 19 - 1 - y}.jpg`));
  }
  for (const [imagery, hint] of [
    [arcGis, /rows and columns swapped.*z\/y\/x.*it would lie there/],
    [tms, /read with --tms it would lie there/],
  ] as const) {
    await assert.rejects(
      openGrid({ imagery, tileSizeM: 20, strideM: 20, areaGeoJson: inside }),
      (error: Error) => {
        assert.match(error.message, /lies outside of the imagery: .* covers longitude/);
        assert.match(error.message, hint);
        return true;
      },
    );
  }
  const swapped = await areaAt('swapped', 27.63, 85.5169);
  await assert.rejects(openGrid({ imagery: BANEPA, tileSizeM: 20, strideM: 20, areaGeoJson: swapped }), {
    code: 'IMAGERY_INVALID',
    message: /longitude and latitude of the area swapped it would lie there/,
  });
});

test('upper-case names, sidecars and strangers among the tiles', async () => {
  const dir = join(folder, 'strangers');
  await tile(join(dir, '18', '136000', '90000.PNG'), { r: 250, g: 0, b: 0 });
  await tile(join(dir, '18', '136001', '90000.png'), { r: 0, g: 250, b: 0 });
  await writeFile(join(dir, '18', '136001', '90000.png.aux.xml'), '<PAMDataset/>');
  await writeFile(join(dir, '18', '136001', '7.txt'), 'no tile');
  await writeFile(join(dir, '18', '136002'), 'a file among the columns');
  await mkdir(join(dir, '18', '136003'));
  const source = await openImagery(dir);
  const [layer] = source.layersNear({ lon: 0, lat: 0 }, 1);
  assert.deepEqual((await layer?.block(136000, 90000))?.image.data.subarray(0, 3), Uint8Array.of(250, 0, 0));
  assert.equal(await layer?.block(136002, 90000), null);
  const width = 360 / 2 ** 18;
  assert.ok(Math.abs(source.bounds[2] - source.bounds[0] - 2 * width) < 1e-9, 'two columns');
});

test('what is wrong in a folder is named with its file', async () => {
  const page = join(folder, 'page');
  await tile(join(page, '10', '5', '5.png'), { r: 1, g: 1, b: 1 });
  await writeFile(join(page, '10', '5', '6.png'), '<html>404</html>');
  const source = await openImagery(page);
  await assert.rejects(async () => source.layersNear({ lon: 0, lat: 0 }, 1)[0]?.block(5, 6), {
    code: 'IMAGERY_INVALID',
    message: /5\/6\.png: it is no image/,
  });
  await tile(join(page, '10', '5', '7.png'), { r: 1, g: 1, b: 1 }, 32);
  const again = await openImagery(page);
  await assert.rejects(async () => again.layersNear({ lon: 0, lat: 0 }, 1)[0]?.block(5, 7), {
    message: /7\.png: it is 32 x 32/,
  });
  await tile(join(folder, 'beyond', '3', '9', '1.png'), { r: 1, g: 1, b: 1 });
  await assert.rejects(openImagery(join(folder, 'beyond')), { message: /column or row 9; zoom 3 has 8/ });
  await mkdir(join(folder, 'no-tiles', '5', '6'), { recursive: true });
  await writeFile(join(folder, 'no-tiles', '5', '6', '1@2x.png'), 'x');
  await assert.rejects(openImagery(join(folder, 'no-tiles')), { message: /holds no tile images.*1@2x\.png/ });
});

test('transparent pixels are no imagery', async () => {
  const dir = join(folder, 'clear');
  await tile(join(dir, '10', '5', '5.png'), { r: 9, g: 9, b: 9, alpha: 0.2 });
  const source = await openImagery(dir);
  const block = await source.layersNear({ lon: 0, lat: 0 }, 1)[0]?.block(5, 5);
  assert.ok(block?.valid && !block.valid.includes(1));
});

test('tiles on both sides of the antimeridian are one piece', async () => {
  const dir = join(folder, 'antimeridian');
  const count = 2 ** 17;
  for (const [x, red] of [
    [count - 2, 50],
    [count - 1, 100],
    [0, 150],
    [1, 200],
  ] as const) {
    for (const y of [72000, 72001])
      await tile(join(dir, '17', String(x), `${y}.png`), { r: red, g: 0, b: 0 });
  }
  const source = await openImagery(dir);
  const [west, south, east, north] = source.bounds;
  assert.ok(west > 179.99 && east < -179.99, source.bounds.join());
  const cut = await cutTile(source, { lon: -180, lat: (south + north) / 2 }, 400, 40);
  assert.ok(cut);
  assert.deepEqual([cut.data[0], cut.data[3 * 39]], [100, 150], 'west half, east half');
  const grid = await openGrid({ imagery: dir, tileSizeM: 100, strideM: 50 });
  const lons = Array.from({ length: grid.count }, (_, n) => grid.tile(n).lon);
  const [left, right] = [lons.filter((lon) => lon > 0).length, lons.filter((lon) => lon < 0).length];
  assert.ok(left > 10 && Math.abs(left - right) <= 0.2 * left, `${left} west of 180, ${right} east of it`);
});
