// Pictures lie where their tags say: every way to write a transform, every coordinate system that is known, and a name for
// what is not.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import proj4 from 'proj4';
import { cutTile, openImagery } from '../../index/index.js';
import { distanceM, type LonLat } from '../../src/geometry/index.js';
import { geoKeys, placedAt, type TiffOptions, type TiffPicture, writeTiff } from '../support/tiff.js';
import { temporaryFolder } from './fixtures.js';
import { largestErrorPx, paint } from './positions.js';

const folder = await temporaryFolder();
const CENTRE: LonLat = { lon: 10.3, lat: 48.2 };
const UTM_32 = proj4('+proj=utm +zone=32 +datum=WGS84 +units=m +no_defs', 'WGS84');
const SIZE = 360;
const [EAST, NORTH] = UTM_32.inverse([CENTRE.lon, CENTRE.lat]) as [number, number];

type Six = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/** A picture whose pixel column, row lies at a*column + b*row + c, d*column + e*row + f in UTM 32. */
function painted([a, b, c, d, e, f]: Six): TiffPicture {
  const image = paint(SIZE, SIZE, CENTRE, (x, y) => {
    const [lon, lat] = UTM_32.forward([a * x + b * y + c, d * x + e * y + f]) as [number, number];
    return { lon, lat };
  });
  return { widthPx: SIZE, heightPx: SIZE, block: image.data };
}

/** Six numbers that turn the picture by an angle, with its middle at the centre. */
function turned(angleDeg: number, stepX: number, stepY: number): Six {
  const [cos, sin] = [Math.cos((angleDeg * Math.PI) / 180), Math.sin((angleDeg * Math.PI) / 180)];
  const [a, b, d, e] = [stepX * cos, -stepY * sin, stepX * sin, stepY * cos];
  return [a, b, EAST - (SIZE / 2) * (a + b), d, e, NORTH - (SIZE / 2) * (d + e)];
}

const transformation = ([a, b, c, d, e, f]: Six) => ({
  34264: [a, b, 0, c, d, e, 0, f, 0, 0, 0, 0, 0, 0, 0, 1],
});
const UTM_KEYS = { 34735: geoKeys(32632) };

async function errorOf(name: string, picture: TiffPicture, options: TiffOptions = {}): Promise<number> {
  const path = join(folder, `${name}.tif`);
  await writeTiff(path, [picture], options);
  const source = await openImagery(path);
  try {
    const tile = await cutTile(source, CENTRE, 48, 160);
    assert.ok(tile, 'the tile lies in the imagery');
    return largestErrorPx(tile, 48);
  } finally {
    await source.close();
  }
}

for (const [name, six] of Object.entries({
  'north-up': turned(0, 0.25, -0.25),
  'south-up': turned(0, 0.25, 0.25),
  'turned by 30 degrees': turned(30, 0.25, -0.25),
  'turned by 200 degrees': turned(200, 0.25, -0.25),
  transposed: [0, 0.25, EAST - 45, 0.25, 0, NORTH - 45] as Six,
  'of oblong pixels': turned(0, 0.3, -0.2),
})) {
  test(`a ModelTransformation that is ${name}`, async () => {
    const picture = { ...painted(six), shorts: UTM_KEYS, doubles: transformation(six) };
    assert.ok((await errorOf(name, picture)) < 0.3);
  });
}

test('any transformation: turned, sheared, mirrored', async () => {
  const step = fc.double({ min: 0.2, max: 0.3, noNaN: true });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 359 }),
      step,
      step,
      fc.boolean(),
      async (angle, x, y, mirrored) => {
        const six = turned(angle, x, mirrored ? y : -y);
        const picture = { ...painted(six), shorts: UTM_KEYS, doubles: transformation(six) };
        assert.ok((await errorOf('any', picture)) < 0.3);
      },
    ),
    { numRuns: 8, seed: 11 },
  );
});

const plain = turned(0, 0.25, -0.25);
const tie = (i: number, j: number) => [i, j, 0, plain[2] + 0.25 * i, plain[5] - 0.25 * j, 0];
const scaled = (tiePoints: readonly number[]) => ({ 33550: [0.25, 0.25, 0], 33922: tiePoints });

test('a tie point that is not at pixel 0,0; and others that agree with it', async () => {
  for (const points of [tie(0, 0), tie(180, 90.5), [...tie(0, 0), ...tie(360, 0), ...tie(360, 360)]]) {
    assert.ok((await errorOf('tie', { ...painted(plain), shorts: UTM_KEYS, doubles: scaled(points) })) < 0.3);
  }
});

test('PixelIsPoint: the tie point is the centre of its pixel', async () => {
  const shorts = { 34735: geoKeys(32632, { point: true }) };
  const centred = [0, 0, 0, plain[2] + 0.125, plain[5] - 0.125, 0];
  assert.ok((await errorOf('point', { ...painted(plain), shorts, doubles: scaled(centred) })) < 0.3);
  // Half a pixel is 0.42 px of the tile, and would show.
  assert.ok((await errorOf('point', { ...painted(plain), shorts, doubles: scaled(tie(0, 0)) })) > 0.35);
});

test('big-endian and BigTIFF files lie where they should', async () => {
  const picture = { ...painted(plain), shorts: UTM_KEYS, doubles: scaled(tie(0, 0)) };
  for (const options of [{ bigEndian: true }, { bigTiff: true }, { bigEndian: true, bigTiff: true }]) {
    assert.ok((await errorOf('endian', picture, options)) < 0.3);
  }
});

test('a world file beside a TIFF without tags; it needs --epsg', async () => {
  const path = join(folder, 'world.tif');
  await writeTiff(path, [painted(plain)]);
  await writeFile(join(folder, 'world.tfw'), `0.25\n0\n0\n-0.25\n${plain[2] + 0.125}\n${plain[5] - 0.125}\n`);
  await assert.rejects(openImagery(path), {
    code: 'IMAGERY_INVALID',
    message: /names no coordinate system.*--epsg/,
  });
  const source = await openImagery(path, { epsg: 32632 });
  const tile = await cutTile(source, CENTRE, 48, 160);
  assert.ok(tile && largestErrorPx(tile, 48) < 0.3);
});

test('what cannot be placed is refused by its name, with the command that mends it', async () => {
  const doubles = scaled(tie(0, 0));
  const keys = (code: number, others: readonly number[][] = [], geographic = false) => ({
    34735: geoKeys(code, { others, geographic }),
  });
  const cases: [RegExp, TiffPicture][] = [
    [/no georeference.*gdal_translate .*-a_ullr/, { ...painted(plain), shorts: UTM_KEYS }],
    [
      /control points \(GCPs\).*gdalwarp/,
      {
        ...painted(plain),
        shorts: UTM_KEYS,
        doubles: { 33922: [...tie(0, 0), ...tie(360, 0), ...tie(0, 360)] },
      },
    ],
    [
      /control points \(GCPs\).*gdalwarp/,
      {
        ...painted(plain),
        shorts: UTM_KEYS,
        doubles: scaled([...tie(0, 0), 360, 0, 0, plain[2] + 95, plain[5] + 5, 0]),
      },
    ],
    [
      /ModelPixelScale is 0/,
      { ...painted(plain), shorts: UTM_KEYS, doubles: { ...doubles, 33550: [0, 0.25, 0] } },
    ],
    [
      /ModelPixelScale is negative/,
      { ...painted(plain), shorts: UTM_KEYS, doubles: { ...doubles, 33550: [0.25, -0.25, 0] } },
    ],
    [/onto a line/, { ...painted(plain), shorts: UTM_KEYS, doubles: transformation([1, 2, 0, 2, 4, 0]) }],
    [/names no coordinate system/, { ...painted(plain), doubles }],
    [/user-defined.*gdalsrsinfo.*gdalwarp/, { ...painted(plain), shorts: keys(32767), doubles }],
    [/EPSG:32599 is not among.*gdalwarp/, { ...painted(plain), shorts: keys(32599), doubles }],
    [/grid shift files/, { ...painted(plain), shorts: keys(26718), doubles }],
    [/coordinates are in feet/, { ...painted(plain), shorts: keys(32632, [[3076, 9002]]), doubles }],
    [/coordinates are in grads/, { ...painted(plain), shorts: keys(4326, [[2054, 9105]], true), doubles }],
    [/no place on Earth in EPSG:4326/, { ...painted(plain), shorts: keys(4326, [], true), doubles }],
  ];
  for (const [message, picture] of cases) {
    const path = join(folder, 'refused.tif');
    await writeTiff(path, [picture]);
    await assert.rejects(openImagery(path), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'IMAGERY_INVALID');
      assert.match(error.message, message);
      assert.ok(error.message.includes(path));
      return true;
    });
  }
});

test('what --proj4 says: codes, white space, datums that are missing', async () => {
  const path = join(folder, 'given.tif');
  await writeTiff(path, [{ ...painted(plain), doubles: scaled(tie(0, 0)) }]);
  for (const definition of [
    'EPSG:32632',
    'epsg:32632',
    '+init=epsg:32632',
    '\n +proj=utm +zone=32\n+datum=WGS84 +units=m ',
  ]) {
    const source = await openImagery(path, { proj4: definition });
    assert.ok(distanceM({ lon: source.bounds[0], lat: source.bounds[1] }, CENTRE) < 100, definition);
  }
  for (const [definition, message] of [
    ['+proj=tmerc +lat_0=49 +lon_0=-2 +ellps=airy +units=m', /names no datum.*--epsg/],
    ['+proj=tmerc +ellps=airy +nadgrids=OSTN15_NTv2_OSGBtoETRS.gsb', /grid shift files.*OSTN15/],
    ['somewhere', /neither a definition .* nor an EPSG code/],
    ['+proj=nonsense +datum=WGS84', /cannot be used/],
  ] as const) {
    await assert.rejects(openImagery(path, { proj4: definition }), { code: 'IMAGERY_INVALID', message });
  }
  await openImagery(path, {
    proj4: '+proj=tmerc +lat_0=0 +lon_0=9 +x_0=500000 +ellps=bessel +towgs84=598,73,418',
  });
});

/** Written by PROJ 9.5.1 (pyproj 3.7.2), its most exact transformation that needs no grid file. */
const PLACES: readonly (readonly [code: number, lon: number, lat: number, x: number, y: number])[] = [
  [26918, -73.985, 40.748, 585688.018, 4511278.728],
  [27700, -0.12835, 51.50399, 530000.277, 179999.914],
  [2056, 7.4386, 46.9511, 2599997.533, 1200001.916],
  [3006, 18.07, 59.33, 674647.882, 6580824.576],
  [31467, 8.68, 50.11, 3477184.169, 5552691.286],
  [3395, 103.85, 1.29, 11560529.119, 142653.03],
  [2154, 2.35, 48.857, 652307.972, 6862081.062],
  [28992, 4.9, 52.37, 121819.365, 487013.762],
  [31370, 4.35, 50.85, 148679.447, 171066.81],
  [5514, 14.42, 50.09, -742866.33, -1042729.033],
  [2193, 174.76, -36.85, 1756911.945, 5920321.818],
  [3035, 9, 50, 4249298.599, 2987999.019],
  [2263, -73.985, 40.748, 988406.218, 211793.578],
  [7855, 147.3, -42.88, 524500.045, 5252467.214],
  [31256, 16.37, 48.2, 2814.771, 340177.441],
  [3067, 24.94, 60.17, 385700.421, 6672126.743],
];

for (const [code, lon, lat, x, y] of PLACES) {
  test(`EPSG:${code} lies where PROJ says, within half a metre`, async () => {
    const path = join(folder, `epsg-${code}.tif`);
    const block = new Uint8Array(3 * 64 * 64);
    const place = { shorts: { 34735: geoKeys(code) }, doubles: placedAt(x - 32, y + 32, 1) };
    await writeTiff(path, [{ widthPx: 64, heightPx: 64, block, ...place }]);
    const source = await openImagery(path);
    const [layer] = source.layersNear({ lon, lat }, 10);
    assert.ok(layer);
    const [column, row] = layer.toPixel({ lon, lat });
    const metre = code === 2263 ? 0.3048 : 1;
    assert.ok(Math.hypot(column - 32, row - 32) * metre < 0.5, `${column}, ${row}`);
  });
}

test('well-known text in a citation, as Esri writes it', async () => {
  const wkt = (datum: string, projection: string) =>
    `ESRI PE String = PROJCS["Somewhere",GEOGCS["GCS",DATUM[${datum}],PRIMEM["Greenwich",0.0],` +
    `UNIT["Degree",0.0174532925199433]],${projection},UNIT["Meter",1.0]]|`;
  const utm =
    'PROJECTION["Transverse_Mercator"],PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],' +
    'PARAMETER["Central_Meridian",9.0],PARAMETER["Scale_Factor",0.9996],PARAMETER["Latitude_Of_Origin",0.0]';
  const path = join(folder, 'citation.tif');
  const write = async (text: string) => {
    const keys = [1, 1, 0, 4, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32767, 3073, 34737, text.length, 0];
    const place = { shorts: { 34735: keys }, ascii: { 34737: text }, doubles: scaled(tie(0, 0)) };
    await writeTiff(path, [{ ...painted(plain), ...place }]);
  };
  await write(wkt('"D_ETRS_1989",SPHEROID["GRS_1980",6378137.0,298.257222101]', utm));
  const source = await openImagery(path);
  const tile = await cutTile(source, CENTRE, 48, 160);
  assert.ok(tile && largestErrorPx(tile, 48) < 0.3);
  await write(wkt('"D_Nobody_Knows",SPHEROID["Bessel_1841",6377397.155,299.1528128]', utm));
  await assert.rejects(openImagery(path), { code: 'IMAGERY_INVALID', message: /Somewhere.*names no datum/ });
});

test('ETRS89 in degrees (EPSG:4258)', async () => {
  const path = join(folder, 'epsg-4258.tif');
  const shorts = { 34735: geoKeys(4258, { geographic: true }) };
  await writeTiff(path, [
    { widthPx: 8, heightPx: 8, block: new Uint8Array(192), shorts, doubles: placedAt(10, 50, 1e-5) },
  ]);
  const source = await openImagery(path);
  assert.ok(Math.abs(source.bounds[0] - 10) < 1e-9 && Math.abs(source.bounds[3] - 50) < 1e-9);
  assert.ok(Math.abs(source.gsdM - Math.sqrt(0.7169 * 1.1123)) < 0.01, 'metres a pixel, both ways averaged');
});
