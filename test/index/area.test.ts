// Areas as GIS programs write them, and grids in them.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gridCentres, readArea } from '../../index/index.js';
import { distanceM } from '../../src/geometry/index.js';
import { temporaryFolder } from './fixtures.js';

const folder = await temporaryFolder();
const path = join(folder, 'area.geojson');

type Point = readonly [number, number];
const box = (west: number, south: number, east: number, north: number): Point[] => [
  [west, south],
  [east, south],
  [east, north],
  [west, north],
  [west, south],
];
const polygon = (...rings: Point[][]) => ({ type: 'Polygon', coordinates: rings });
const feature = (geometry: unknown) => ({ type: 'Feature', properties: null, geometry });

async function areaOf(json: unknown) {
  await writeFile(path, typeof json === 'string' ? json : JSON.stringify(json));
  return readArea(path);
}

test('byte order marks, UTF-16, null geometries, collections', async () => {
  const square = polygon(box(10, 50, 10.01, 50.01));
  const text = JSON.stringify(square);
  await writeFile(path, `\ufeff${text}`);
  assert.ok((await readArea(path)).contains({ lon: 10.005, lat: 50.005 }));
  await writeFile(path, Buffer.from(`\ufeff${text}`, 'utf16le'));
  assert.ok((await readArea(path)).contains({ lon: 10.005, lat: 50.005 }));
  const collection = { type: 'FeatureCollection', features: [feature(null), feature(square)] };
  assert.deepEqual((await areaOf(collection)).warnings, []);
  const mixed = { type: 'GeometryCollection', geometries: [{ type: 'Point', coordinates: [1, 2] }, square] };
  assert.match((await areaOf(mixed)).warnings.join(), /1 parts .* no polygons \(Point\)/);
});

test('holes, several polygons, and a hole filled by another one', async () => {
  const area = await areaOf({
    type: 'MultiPolygon',
    coordinates: [
      [box(10, 50, 10.1, 50.1), box(10.02, 50.02, 10.08, 50.08)],
      [box(10.04, 50.04, 10.06, 50.06)],
    ],
  });
  const inside = (lon: number, lat: number) => area.contains({ lon, lat });
  assert.deepEqual([inside(10.01, 50.05), inside(10.03, 50.05), inside(10.05, 50.05)], [true, false, true]);
});

test('an area across the antimeridian, in the three ways that people write it', async () => {
  const split = {
    type: 'MultiPolygon',
    coordinates: [[box(179.9, -17.1, 180, -17)], [box(-180, -17.1, -179.9, -17)]],
  };
  const beyond = polygon(box(179.9, -17.1, 180.1, -17));
  const backwards = polygon(box(179.9, -17.1, -179.9, -17));
  for (const json of [split, beyond, backwards]) {
    const area = await areaOf(json);
    const [west, , east] = area.bounds;
    assert.ok(Math.abs(west - 179.9) < 1e-9 && Math.abs(east + 179.9) < 1e-9, area.bounds.join());
    assert.ok(area.contains({ lon: 179.95, lat: -17.05 }) && area.contains({ lon: -179.95, lat: -17.05 }));
    assert.ok(!area.contains({ lon: 0, lat: -17.05 }) && !area.contains({ lon: 179.8, lat: -17.05 }));
    const grid = gridCentres([179.8, -17.2, -179.8, -16.9], 100, 500, area);
    const lons = Array.from({ length: grid.count }, (_, n) => grid.place(n).lon);
    const west180 = lons.filter((lon) => lon > 0).length;
    assert.ok(
      Math.abs(2 * west180 - lons.length) < 0.1 * lons.length && lons.length > 800,
      `${west180} of ${lons.length}`,
    );
  }
});

test('what is no area is told as what it is', async () => {
  for (const [json, message] of [
    ['<kml></kml>', /no GeoJSON \(KML\?\).*ogr2ogr/],
    ['{"type":', /not JSON/],
    [{ type: 'Point', coordinates: [1, 2] }, /Point is no polygon/],
    [{ type: 'Topology' }, /"Topology" is no polygon/],
    [{ type: 'FeatureCollection', features: [feature(null)] }, /holds no polygon/],
    [polygon(box(596521, 5340294, 596600, 5340400)), /596521, 5340294 is no longitude and latitude/],
    [polygon(box(27.6, 120, 27.7, 121)), /swapped\?/],
    [
      { ...polygon(box(1, 1, 2, 2)), crs: { properties: { name: 'urn:ogc:def:crs:EPSG::25832' } } },
      /EPSG::25832.*ogr2ogr/,
    ],
    [
      {
        type: 'Polygon',
        coordinates: [
          [
            [1, 2],
            [3, 4],
          ],
        ],
      },
      /at least 4 points/,
    ],
  ] as const) {
    await assert.rejects(areaOf(json), { code: 'PARAMETER_INVALID', message });
  }
  const named = {
    ...polygon(box(1, 1, 2, 2)),
    crs: { properties: { name: 'urn:ogc:def:crs:OGC:1.3:CRS84' } },
  };
  assert.ok((await areaOf(named)).contains({ lon: 1.5, lat: 1.5 }));
});

test('a country as area, a village as imagery: the cells that the whole grid would have, in no time', async () => {
  const area = await areaOf(polygon(box(5, 47, 16, 55)));
  const village = [10.3, 48.2, 10.302, 48.201] as const;
  const began = performance.now();
  const grid = gridCentres(village, 48, 16, area);
  assert.ok(performance.now() - began < 10_000);
  // 148.6 m x 111.2 m at one in 16 m.
  assert.ok(Math.abs(grid.count - (148.6 * 111.2) / 256) < 17, `${grid.count}`);
  for (let n = 0; n < grid.count; n++) {
    const { lon, lat } = grid.place(n);
    assert.ok(lon > 10.2999 && lon < 10.3021 && lat > 48.1999 && lat < 48.2011);
  }
  assert.match(grid.name(0), /^r\d{5}c\d{5}$/);
  assert.ok(Math.abs(distanceM(grid.place(0), grid.place(1)) - 16) < 0.01);
});
