import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import geographiclib from 'geographiclib-geodesic';
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
  const near = (got: number, published: number) =>
    assert.ok(Math.abs(got - published) < 0.001, `${got}, published ${published}`);
  near(distanceM(flinders, buninyong), 54972.271);
  // Half a degree of the equator and a quarter of the meridian.
  near(distanceM({ lon: 179.75, lat: 0 }, { lon: -179.75, lat: 0 }), (6378137 * Math.PI) / 360);
  near(distanceM({ lon: 5, lat: 0 }, { lon: 5, lat: 90 }), 10001965.729);
  // GeographicLib's documentation: Wellington to Salamanca; a line of Karney's test set (GeodTest).
  near(distanceM({ lat: -41.32, lon: 174.81 }, { lat: 40.96, lon: -5.5 }), 19959679.267);
  near(distanceM({ lat: 35.60777, lon: -139.44815 }, { lat: -11.17491, lon: -69.95921 }), 8935244.56);
});

test('short distances are within a millimetre of the geodesic, at all latitudes, and so are circles', () => {
  fc.assert(
    fc.property(
      lons,
      fc.double({ min: -89.9, max: 89.9, noNaN: true }),
      fc.double({ min: 0, max: 360, noNaN: true }),
      fc.double({ min: 0, max: 6, noNaN: true }),
      (lon, lat, azimuthDeg, exponent) => {
        const exact = 10 ** exponent;
        const { lon2 = 0, lat2 = 0 } = geographiclib.Geodesic.WGS84.Direct(lat, lon, azimuthDeg, exact);
        const [from, to] = [
          { lon, lat },
          { lon: lon2, lat: lat2 },
        ];
        const got = distanceM(from, to);
        assert.ok(Math.abs(got - exact) < 0.001, `${got} m, should be ${exact} m, at ${lat}`);
        assert.equal(insideRadius(to, from, exact + 0.002), true);
        assert.equal(insideRadius(to, from, exact - 0.002), false);
      },
    ),
    { seed: 24, numRuns: 3000 },
  );
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
