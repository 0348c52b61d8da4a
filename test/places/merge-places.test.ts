// Neighbouring hits are one place; as many places come back as were asked for, as long as there are so many.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { distanceM, offsetLonLat } from '../../src/geometry/index.js';
import { mergePlaces, placesOfTiles, searchPlaces } from '../../src/places/index.js';
import { Catalogue, ExactIndex, type Hit, type Tile } from '../../src/search/index.js';

const SIZE_M = 64;
const STRIDE_M = 16;
const SIDE = 24;
const tiles: Tile[] = Array.from({ length: SIDE * SIDE }, (_, row) => ({
  tile: `t${row}`,
  ...offsetLonLat({ lon: 8, lat: 49 }, (row % SIDE) * STRIDE_M, Math.floor(row / SIDE) * STRIDE_M),
  sizeM: SIZE_M,
  source: 's',
}));
const catalogue = new Catalogue(tiles);
const hitsOf = (scores: readonly number[]): Hit[] =>
  scores.map((score, row) => ({ row, score })).sort((a, b) => b.score - a.score);

test('places are apart, begin with the best hit, and leave out only what a better one covers', () => {
  const scores = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 200, maxLength: 200 });
  fc.assert(
    fc.property(scores, fc.integer({ min: 1, max: 20 }), (values, k) => {
      const hits = hitsOf(values);
      const places = mergePlaces(placesOfTiles(hits, catalogue), catalogue, k);
      assert.equal(places[0]?.score, hits[0]?.score);
      assert.ok(places.length <= k);
      for (const [i, a] of places.entries()) {
        for (const b of places.slice(0, i)) {
          assert.ok(distanceM(catalogue.tile(a.row), catalogue.tile(b.row)) > SIZE_M / 2);
          assert.ok(b.score >= a.score);
        }
      }
      const taken = new Set(places.map(({ row }) => row));
      const worst = places.length < k ? Number.NEGATIVE_INFINITY : (places[k - 1]?.score ?? 0);
      for (const hit of hits) {
        if (taken.has(hit.row) || hit.score <= worst) continue;
        const here = catalogue.tile(hit.row);
        const covered = places.some(
          (place) => place.score >= hit.score && distanceM(catalogue.tile(place.row), here) <= SIZE_M / 2,
        );
        assert.ok(covered, `row ${hit.row} is in no better place`);
      }
    }),
    { numRuns: 30 },
  );
});

test('of several looks at one query each tile counts with its best score', async () => {
  const index = new ExactIndex({ count: 3, dimensions: 2, data: Float32Array.of(1, 0, 0.6, 0.8, 0, 1) });
  const hits = await index.searchLooks([Float32Array.of(1, 0), Float32Array.of(0.6, 0.8)], 3);
  const rounded = hits.map(({ row, score }) => [row, Math.round(score * 1000) / 1000]);
  assert.deepEqual(rounded, [
    [0, 1],
    [1, 1],
    [2, 0.8],
  ]);
  const allowed = await index.searchLooks(
    [Float32Array.of(1, 0), Float32Array.of(0, 1)],
    1,
    Uint32Array.of(1),
  );
  assert.deepEqual(
    allowed.map(({ row }) => row),
    [1],
  );
});

test('the search goes on until there are k places', async () => {
  // Scores fall with the distance from one corner: the best 64 hits are few places only.
  const data = new Float32Array(tiles.length * 2);
  tiles.forEach((_, row) => {
    const angle = 0.002 * Math.hypot(row % SIDE, Math.floor(row / SIDE));
    data.set([Math.cos(angle), Math.sin(angle)], row * 2);
  });
  const index = new ExactIndex({ count: tiles.length, dimensions: 2, data });
  const query = Float32Array.of(1, 0);
  const look = { eastM: 0, northM: 0, descriptor: query };
  const all = await index.search(query, tiles.length);
  const everything = mergePlaces(placesOfTiles(all, catalogue), catalogue, tiles.length);
  for (const k of [1, 5, 20, 50]) {
    const places = await searchPlaces({ index, catalogue }, [look], k);
    assert.equal(places.length, Math.min(k, everything.length));
    assert.deepEqual(
      places.map(({ row, score }) => ({ row, score })),
      everything.slice(0, k).map(({ row, score }) => ({ row, score })),
    );
    assert.deepEqual(
      places.map(({ lon, lat }) => ({ lon, lat })),
      places.map(({ row }) => catalogue.place(row)),
    );
  }
  assert.equal((await searchPlaces({ index, catalogue }, [look], 1000)).length, everything.length);
});
