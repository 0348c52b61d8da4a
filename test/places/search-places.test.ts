// Cameras of a town without noise are found, whatever lattice of looks and grid of tiles there are; a prior holds every
// answer, however small it is.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { geometryFault } from '../../src/bundles/index.js';
import { lookOffsets } from '../../src/describe/index.js';
import { distanceM, insideBbox, offsetLonLat } from '../../src/geometry/index.js';
import { nearestInside, type Offset, type Prior, rowsWithin, searchPlaces } from '../../src/places/index.js';
import { type SmoothTown, smoothTown } from '../support/smooth-town.js';

const GEOMETRY = { tileSizeM: 64, inputSizePx: 64, bevSizePx: 128, cameraHeightM: 2 };
const SINGLE = [{ eastM: 0, northM: 0 }];

/** Towns are made once. */
const towns = new Map<number, SmoothTown>();
function townOf(strideM: number): SmoothTown {
  const known = towns.get(strideM);
  if (known) return known;
  const town = smoothTown({ side: Math.ceil(160 / strideM), strideM, scaleM: 14 });
  towns.set(strideM, town);
  return town;
}

/** From how far a camera may be found: a lattice tells no more than its step, and nothing of ground that no look reaches. */
const fewMetres = (marginM: number, stepM: number, strideM: number) =>
  5 + 0.75 * stepM + Math.SQRT2 * Math.max(0, strideM / 2 - marginM);

const share = fc.double({ min: 0.2, max: 0.75, noNaN: true });
const camera = fc.record({ eastM: share, northM: share });

test('a camera is found within a few metres by every margin and step that a manifest may name', () => {
  const steps = fc.constantFrom(1, 2, 3, 4, 5, 6, 8, 10, 12, 16, undefined);
  const search = fc.record({
    searchMarginPx: fc.integer({ min: 3, max: 32 }),
    searchStepPx: steps,
    strideM: fc.constantFrom(6, 10, 16, 20, 24, 32),
    camera,
  });
  return fc.assert(
    fc.asyncProperty(search, async ({ searchMarginPx, searchStepPx, strideM, camera }) => {
      const geometry = {
        ...GEOMETRY,
        searchMarginPx,
        ...(searchStepPx === undefined ? {} : { searchStepPx }),
      };
      // What the manifest's check refuses never comes here: even numbers of looks and margins that are no multiple of steps.
      fc.pre(geometryFault(geometry) === undefined);
      fc.pre(searchMarginPx / (searchStepPx ?? searchMarginPx) <= 6);
      const town = townOf(strideM);
      const at = { eastM: camera.eastM * 160, northM: camera.northM * 160 };
      const looks = town.looksFrom(at, lookOffsets(geometry));
      const [place] = await searchPlaces(town, looks, 1);
      assert.ok(place);
      const apartM = distanceM(place, town.onMap(at));
      const most = fewMetres(searchMarginPx, searchStepPx ?? searchMarginPx, strideM);
      assert.ok(apartM <= most, `${apartM} m off, at most ${most}`);
    }),
    { numRuns: 120 },
  );
});

test('a camera between the tiles of a grid as it ships is found to half a step, the nearest tile named', async () => {
  const town = townOf(16);
  const lattice = lookOffsets({ ...GEOMETRY, searchMarginPx: 16, searchStepPx: 4 });
  for (const at of [
    { eastM: 70.5, northM: 93 },
    { eastM: 88, northM: 56.3 },
    { eastM: 1, northM: 2 },
  ]) {
    const [place] = await searchPlaces(town, town.looksFrom(at, lattice), 3);
    assert.ok(place);
    assert.ok(distanceM(place, town.onMap(at)) <= 4.3, `${distanceM(place, town.onMap(at))} m off`);
    assert.ok(distanceM(town.catalogue.tile(place.row), place) <= 8 * Math.SQRT2 + 0.1);
  }
});

describe('a prior', () => {
  const inside = (prior: Prior, place: { lon: number; lat: number }) =>
    'bounds' in prior
      ? insideBbox(place, prior.bounds)
      : distanceM(prior.centre, place) <= prior.radiusM + 1e-9;

  const box = (town: SmoothTown, at: Offset, halfM: number): Prior => {
    const southWest = town.onMap({ eastM: at.eastM - halfM, northM: at.northM - halfM });
    const northEast = town.onMap({ eastM: at.eastM + halfM, northM: at.northM + halfM });
    return { bounds: [southWest.lon, southWest.lat, northEast.lon, northEast.lat] };
  };

  const lattices: Record<string, readonly Offset[]> = {
    'one look': SINGLE,
    'nine looks': lookOffsets({ ...GEOMETRY, searchMarginPx: 8 }),
    '49 looks': lookOffsets({ ...GEOMETRY, searchMarginPx: 12, searchStepPx: 4 }),
    'looks that reach no other tile': lookOffsets({ ...GEOMETRY, searchMarginPx: 3, searchStepPx: 1 }),
  };
  const places = {
    'in Bavaria': { lon: 11.5, lat: 48.1 },
    'on the antimeridian': { lon: 179.9995, lat: -17 },
    'far north': { lon: 15.6, lat: 78.2 },
  };

  for (const [where, origin] of Object.entries(places)) {
    const town = smoothTown({ side: 8, strideM: 20, scaleM: 14, origin });
    for (const [what, lattice] of Object.entries(lattices)) {
      test(`${where}, ${what}: every answer lies inside, and there is one wherever the camera is`, async () => {
        const sizes = fc.constantFrom(0, 0.4, 1, 3, 5, 8, 12, 40);
        const beside = fc.double({ min: -0.6, max: 0.6, noNaN: true });
        const asked = fc.record({ camera, halfM: sizes, x: beside, y: beside, round: fc.boolean() });
        await fc.assert(
          fc.asyncProperty(asked, async ({ camera, halfM, x, y, round }) => {
            const at = { eastM: camera.eastM * 140, northM: camera.northM * 140 };
            const middle = { eastM: at.eastM + x * halfM, northM: at.northM + y * halfM };
            const prior = round ? { centre: town.onMap(middle), radiusM: halfM } : box(town, middle, halfM);
            const found = await searchPlaces(town, town.looksFrom(at, lattice), 5, prior);
            assert.ok(found.length > 0, 'nothing was found');
            for (const place of found) assert.ok(inside(prior, place), 'an answer lies outside');
            const [best] = found;
            const offM = best ? distanceM(best, town.onMap(at)) : Number.POSITIVE_INFINITY;
            assert.ok(offM <= Math.max(2 * Math.SQRT2 * halfM, 1e-3) + 1e-6 && offM <= 20, `${offM} m off`);
          }),
          { numRuns: 25 },
        );
      });
    }
  }

  test('that holds no ground of any tile finds nothing', async () => {
    const town = townOf(16);
    const looks = town.looksFrom({ eastM: 50, northM: 50 }, SINGLE);
    const away = { centre: offsetLonLat(town.onMap({ eastM: 0, northM: 0 }), -200, 0), radiusM: 100 };
    assert.deepEqual(await searchPlaces(town, looks, 5, away), []);
  });

  test('of a whole hemisphere takes all tiles, and the same answer comes as without one', async () => {
    const town = townOf(16);
    const lattice = lookOffsets({ ...GEOMETRY, searchMarginPx: 12, searchStepPx: 4 });
    const looks = town.looksFrom({ eastM: 61, northM: 87 }, lattice);
    const free = await searchPlaces(town, looks, 5);
    for (const prior of [
      { bounds: [-170, -80, 170, 89] },
      { bounds: [-180, -90, 180, 90] },
      { centre: { lon: 11, lat: 48 }, radiusM: 900_000 },
    ] satisfies Prior[]) {
      assert.equal(rowsWithin(town.catalogue, prior, 100).length, town.catalogue.count);
      assert.deepEqual(await searchPlaces(town, looks, 5, prior), free);
    }
  });

  test('the nearest point inside is the point itself, or on the border', () => {
    const lonLat = fc.record({
      lon: fc.double({ min: -180, max: 180, noNaN: true }),
      lat: fc.double({ min: -84, max: 84, noNaN: true }),
    });
    const offset = fc.double({ min: -3000, max: 3000, noNaN: true });
    fc.assert(
      fc.property(lonLat, offset, offset, fc.integer({ min: 0, max: 2000 }), (centre, x, y, radiusM) => {
        const place = offsetLonLat(centre, x, y);
        const apartM = distanceM(centre, place);
        const nearest = nearestInside({ centre, radiusM }, place);
        if (apartM <= radiusM) assert.equal(nearest, place);
        else {
          assert.ok(distanceM(centre, nearest) <= radiusM);
          assert.ok(Math.abs(distanceM(place, nearest) - (apartM - radiusM)) <= 0.01 + 1e-4 * apartM);
        }
      }),
    );
    const crossing: Prior = { bounds: [179, -18, -179, -16] };
    const east = { lon: -178, lat: -17 };
    assert.deepEqual(nearestInside(crossing, east), { lon: -179, lat: -17 });
    assert.deepEqual(nearestInside(crossing, { lon: 178, lat: -10 }), { lon: 179, lat: -16 });
    const within = { lon: -180, lat: -17 };
    assert.equal(nearestInside(crossing, within), within);
  });
});
