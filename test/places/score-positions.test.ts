// A camera between the tiles is found where the evidence of all tiles around it agrees; held against the formula itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { viewWindows, windowOffsetsM } from '../../src/describe/index.js';
import { distanceM, offsetLonLat } from '../../src/geometry/index.js';
import {
  candidateLooks,
  type Look,
  type Offset,
  scorePositions,
  searchPlaces,
  shiftsOntoTile,
} from '../../src/places/index.js';
import { Catalogue, ExactIndex, type Tile } from '../../src/search/index.js';

const GEOMETRY = { tileSizeM: 64, inputSizePx: 64, searchMarginPx: 16, searchStepPx: 4 };
const LATTICE = windowOffsetsM(GEOMETRY);
const STRIDE_M = 16;
const SIDE = 12;
const TILES: Offset[] = Array.from({ length: SIDE * SIDE }, (_, t) => ({
  eastM: (t % SIDE) * STRIDE_M,
  northM: Math.floor(t / SIDE) * STRIDE_M,
}));

/** The score of a position, written down from its formula: each tile within the reach, with the window nearest to it. */
function scoreByFormula(p: Offset, similarities: readonly Float32Array[]): number {
  let evidence = 0;
  let weight = 1;
  TILES.forEach((tile, t) => {
    const nearest = LATTICE.map((look, l) => ({
      l,
      apartM: Math.max(
        Math.abs(p.eastM + look.eastM - tile.eastM),
        Math.abs(p.northM + look.northM - tile.northM),
      ),
    })).sort((a, b) => a.apartM - b.apartM)[0];
    if (!nearest || nearest.apartM > 2 - 1e-6) return;
    const look = LATTICE[nearest.l] as Offset;
    const w = Math.exp(-(look.eastM ** 2 + look.northM ** 2) / (2 * 16 ** 2));
    evidence += w * Math.exp(((similarities[nearest.l]?.[t] ?? 0) - 1) / 0.2);
    weight += w;
  });
  return 1 + 0.2 * Math.log(evidence / weight);
}

test('windows lie around the camera, the middle first, rows from north to south', () => {
  assert.equal(LATTICE.length, 81);
  assert.deepEqual(LATTICE[0], { eastM: 0, northM: 0 });
  assert.deepEqual(viewWindows(GEOMETRY)[1], { leftPx: 0, topPx: 0 });
  assert.deepEqual(LATTICE[1], { eastM: -16, northM: 16 });
  assert.equal(candidateLooks(LATTICE).length, 9);
  assert.deepEqual(windowOffsetsM({ tileSizeM: 50, inputSizePx: 100 }), [{ eastM: 0, northM: 0 }]);
  assert.equal(candidateLooks([{ eastM: 0, northM: 0 }]).length, 1);
});

test('scores are those of the formula, positions are apart and in order', () => {
  const numbers = fc.infiniteStream(fc.double({ min: -0.2, max: 1, noNaN: true }));
  fc.assert(
    fc.property(numbers, (stream) => {
      const next = () => stream.next().value as number;
      const similarities = LATTICE.map(() => Float32Array.from(TILES, next));
      const candidates = TILES.map((_, t) => t).filter((t) => t % 5 === 0);
      const centres = candidates.map((t) => TILES[t] as Offset);
      const shifts = shiftsOntoTile(LATTICE);
      const found = scorePositions(LATTICE, TILES, similarities, centres, shifts, 32, 6);
      assert.equal(found.length, 6);
      found.forEach((position, i) => {
        assert.ok(Math.abs(position.score - scoreByFormula(position, similarities)) < 1e-6);
        for (const better of found.slice(0, i)) {
          assert.ok(better.score >= position.score);
          assert.ok(Math.hypot(better.eastM - position.eastM, better.northM - position.northM) > 32);
        }
      });
      const best = Math.max(
        ...candidates.flatMap((t) =>
          LATTICE.map((look) => {
            const centre = TILES[t] as Offset;
            const p = { eastM: centre.eastM - look.eastM, northM: centre.northM - look.northM };
            return scoreByFormula(p, similarities);
          }),
        ),
      );
      assert.ok(Math.abs((found[0]?.score ?? 0) - best) < 1e-6);
    }),
    { numRuns: 5 },
  );
});

test('a camera between tiles is found to half a step of the lattice, nearest tile named', async () => {
  const origin = { lon: 11.5, lat: 48.1 };
  // A descriptor that falls off with the distance of what two windows show: cosine = exp(-d^2 / 2 (8 m)^2), by random features.
  const dimensions = 1024;
  let state = 7;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  const normal = () => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
  const waves = Array.from({ length: dimensions / 2 }, () => [normal() / 8, normal() / 8] as const);
  const describe = ({ eastM, northM }: Offset) => {
    const values = waves.flatMap(([a, b]) => {
      const phase = a * eastM + b * northM;
      return [Math.cos(phase), Math.sin(phase)];
    });
    return Float32Array.from(values, (v) => v / Math.sqrt(dimensions / 2));
  };
  const tiles: Tile[] = TILES.map(({ eastM, northM }, t) => ({
    tile: `t${t}`,
    ...offsetLonLat(origin, eastM, northM),
    sizeM: 64,
    source: 's',
  }));
  const data = new Float32Array(TILES.length * dimensions);
  TILES.forEach((tile, t) => {
    data.set(describe(tile), t * dimensions);
  });
  const index = new ExactIndex({ count: TILES.length, dimensions, data });
  const catalogue = new Catalogue(tiles);
  for (const camera of [
    { eastM: 70.5, northM: 93 },
    { eastM: 88, northM: 56.3 },
    { eastM: 1, northM: 2 },
  ]) {
    const looks: Look[] = LATTICE.map((look) => ({
      ...look,
      descriptor: describe({ eastM: camera.eastM + look.eastM, northM: camera.northM + look.northM }),
    }));
    const places = await searchPlaces(index, catalogue, looks, 3);
    const place = places[0];
    assert.ok(place);
    const truth = offsetLonLat(origin, camera.eastM, camera.northM);
    assert.ok(distanceM(place, truth) <= 2.9, `${distanceM(place, truth)} m off`);
    assert.ok(distanceM(catalogue.tile(place.row), place) <= (STRIDE_M / 2) * Math.SQRT2 + 0.1);
    const around = catalogue.rowsInRadius(truth, 20);
    const limited = await searchPlaces(index, catalogue, looks, 3, around.slice(0, 2));
    assert.ok(limited.length > 0 && limited.every(({ row }) => around.slice(0, 2).includes(row)));
  }
});
