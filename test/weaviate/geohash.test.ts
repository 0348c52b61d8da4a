// Cells of the map, held against published geohashes and against themselves.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { insideBbox } from '../../src/geometry/index.js';
import {
  aliasOf,
  boundsOfGeohash,
  collectionOf,
  generationIn,
  generationOf,
  geohash,
  incompleteness,
} from '../../src/weaviate/index.js';

test('published examples', () => {
  // https://en.wikipedia.org/wiki/Geohash and http://geohash.org
  assert.equal(geohash({ lon: 10.40744, lat: 57.64911 }, 8), 'u4pruydq');
  assert.equal(geohash({ lon: -5.6, lat: 42.6 }, 5), 'ezs42');
  const [west, south, east, north] = boundsOfGeohash('ezs42');
  assert.ok(Math.abs((west + east) / 2 + 5.603) < 0.001 && Math.abs((south + north) / 2 - 42.605) < 0.001);
});

test('a place lies in its cell, which lies in the shorter one, up to the borders of the map', () => {
  // As a catalogue keeps them: 8 decimals.
  const degrees = (most: number) => fc.integer({ min: -most * 1e8, max: most * 1e8 }).map((n) => n / 1e8);
  const places = fc.record({ lon: degrees(180), lat: degrees(90) });
  fc.assert(
    fc.property(places, fc.integer({ min: 2, max: 8 }), (place, length) => {
      const name = geohash(place, length);
      assert.equal(name.length, length);
      assert.ok(insideBbox(place, boundsOfGeohash(name)));
      assert.ok(name.startsWith(geohash(place, length - 1)));
    }),
  );
});

test('collections are named by region and version, and no two alike', () => {
  const names = ['1-2', '1.2', '1_2'].map((version) => collectionOf('town-a', version));
  assert.equal(new Set(names).size, 3);
  for (const name of names) assert.match(name, /^SkyfixV_town_a__1_2__[0-9a-f]{8}$/);
  assert.equal(aliasOf('town-a'), 'Skyfix_town_a');
});

test('a collection is whole with one whole copy of each shard, and none that is behind', () => {
  const shards = { a: 5, b: 7 };
  const copy = (node: string, shard: string, objects: number) => ({ node, shard, objects });
  assert.equal(incompleteness([copy('1', 'a', 5), copy('2', 'b', 7)], shards), undefined);
  assert.match(incompleteness([copy('1', 'a', 5)], shards) ?? '', /the shard b/);
  const behind = [copy('1', 'a', 5), copy('2', 'b', 7), copy('3', 'b', 6)];
  assert.match(incompleteness(behind, shards) ?? '', /3 has 6 of 7 objects/);
});

test('generations of a collection are told from each other and from other collections', () => {
  const first = collectionOf('town', '1');
  for (const generation of [1, 2, 17]) {
    assert.equal(generationIn(first, generationOf(first, generation)), generation);
  }
  assert.match(generationOf(first, 17), /^[A-Z][0-9A-Za-z_]*$/);
  const others = [
    collectionOf('town', '2'),
    `${first}__g1`,
    `${first}__g02`,
    `${first}x__g2`,
    `${first}__g2__g2`,
  ];
  for (const other of others) assert.equal(generationIn(first, other), undefined, other);
});
