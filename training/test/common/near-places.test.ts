// Near places against a comparison of all with all.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { distanceM, type LonLat, offsetLonLat } from 'skyfix/geometry';
import { nearPlaces } from '../../common/near-places.js';

describe('near places', () => {
  it('are those that a comparison of all with all finds', () => {
    const place = fc.record({
      east: fc.double({ min: -400, max: 400, noNaN: true }),
      north: fc.double({ min: -400, max: 400, noNaN: true }),
    });
    const middle = fc.record({
      lon: fc.double({ min: -170, max: 170, noNaN: true }),
      lat: fc.double({ min: -75, max: 75, noNaN: true }),
    });
    fc.assert(
      fc.property(middle, fc.array(fc.option(place), { maxLength: 40 }), (centre, offsets) => {
        const places = offsets.map((o): LonLat | undefined =>
          o ? offsetLonLat(centre, o.east, o.north) : undefined,
        );
        const brute = places.map((a) =>
          places.flatMap((b, k) => (a && b && distanceM(a, b) >= 25 && distanceM(a, b) <= 160 ? [k] : [])),
        );
        assert.deepEqual(nearPlaces(places, 25, 160), brute);
      }),
    );
  });
});
