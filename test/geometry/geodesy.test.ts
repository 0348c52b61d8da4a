import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import proj4 from 'proj4';
import {
  boundsOf,
  distanceM,
  insideBbox,
  insideRadius,
  localOffsetM,
  offsetLonLat,
  wrapLonDeg,
} from '../../src/geometry/index.js';

const lats = fc.double({ min: -80, max: 80, noNaN: true });
const lons = fc.double({ min: -180, max: 179.999, noNaN: true });
const metres = fc.double({ min: -2000, max: 2000, noNaN: true });

test('offsets agree with a transverse Mercator projection centred on the point (proj4)', () => {
  fc.assert(
    fc.property(lons, lats, metres, metres, (lon, lat, eastM, northM) => {
      const there = offsetLonLat({ lon, lat }, eastM, northM);
      const plane = proj4(`+proj=tmerc +lat_0=${lat} +lon_0=${lon} +k=1 +ellps=WGS84`);
      const [x, y] = plane.forward([there.lon, there.lat]) as [number, number];
      // 2 km at 80 degrees: convergence bends the parallel by up to x^2 tan(lat) / 2R, about 2 m.
      const tolerance =
        0.01 +
        (eastM * eastM * Math.abs(Math.tan((lat * Math.PI) / 180))) / 6.3e6 +
        (0.002 * Math.abs(northM * eastM)) / 1e3;
      assert.ok(Math.abs(x - eastM) < tolerance, `east ${x}, expected ${eastM} within ${tolerance}`);
      assert.ok(Math.abs(y - northM) < tolerance, `north ${y}, expected ${northM} within ${tolerance}`);
    }),
    { seed: 21 },
  );
});

test('offset and its inverse undo each other, across the antimeridian too', () => {
  fc.assert(
    fc.property(lons, lats, metres, metres, (lon, lat, eastM, northM) => {
      const back = localOffsetM({ lon, lat }, offsetLonLat({ lon, lat }, eastM, northM));
      assert.ok(Math.abs(back.eastM - eastM) < 1e-4 && Math.abs(back.northM - northM) < 1e-4);
    }),
    { seed: 22 },
  );
});

test('distances: published geodesics on WGS 84', () => {
  // Vincenty's formula between Flinders Peak and Buninyong (Geoscience Australia's GDA94 example, GRS80): 54,972.271 m.
  const flinders = { lon: 144 + 25 / 60 + 29.5244 / 3600, lat: -(37 + 57 / 60 + 3.7203 / 3600) };
  const buninyong = { lon: 143 + 55 / 60 + 35.3839 / 3600, lat: -(37 + 39 / 60 + 10.1561 / 3600) };
  assert.ok(Math.abs(distanceM(flinders, buninyong) - 54972.271) < 1);
  // One degree of the meridian at the equator and of the equator itself (WGS 84).
  assert.ok(Math.abs(distanceM({ lon: 0, lat: 0 }, { lon: 0, lat: 0.5 }) - 55287.15) < 0.5);
  assert.ok(Math.abs(distanceM({ lon: 179.75, lat: 0 }, { lon: -179.75, lat: 0 }) - 55659.75) < 0.5);
  // Far: a quarter of the meridian is 10,001,965.729 m.
  assert.ok(Math.abs(distanceM({ lon: 5, lat: 0 }, { lon: 5, lat: 90 }) / 10001965.729 - 1) < 0.005);
});

test('bounds and boxes cross the antimeridian', () => {
  assert.equal(boundsOf([]), undefined);
  assert.deepEqual(
    boundsOf([
      { lon: 1, lat: 2 },
      { lon: -3, lat: 5 },
    ]),
    [-3, 2, 1, 5],
  );
  const across = boundsOf([
    { lon: 179, lat: 0 },
    { lon: -179, lat: 1 },
  ]);
  assert.deepEqual(across, [179, 0, -179, 1]);
  assert.ok(insideBbox({ lon: 180, lat: 0.5 }, [179, 0, -179, 1]));
  assert.ok(!insideBbox({ lon: 0, lat: 0.5 }, [179, 0, -179, 1]));
  assert.ok(insideBbox({ lon: 180, lat: 0 }, [-180, -90, 180, 90]));
  assert.ok(insideBbox({ lon: -180, lat: 0 }, [170, -10, 180, 10]));
  assert.equal(wrapLonDeg(540), -180);
  assert.equal(wrapLonDeg(-190), 170);
});

test('every point lies in its own bounds and radius', () => {
  const points = fc.array(fc.record({ lon: lons, lat: lats }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(points, (all) => {
      const bounds = boundsOf(all);
      assert.ok(bounds);
      for (const p of all) assert.ok(insideBbox(p, bounds));
    }),
    { seed: 23 },
  );
  const centre = { lon: 179.9999, lat: 40 };
  assert.ok(insideRadius(offsetLonLat(centre, 60, 70), centre, 93));
  assert.ok(!insideRadius(offsetLonLat(centre, 60, 70), centre, 92));
});
