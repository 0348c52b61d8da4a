// A camera between the tiles is found where the evidence of all tiles around it agrees; held against the formula itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { lookCorners, lookOffsets } from '../../src/describe/index.js';
import {
  bestApart,
  LookLattice,
  type Offset,
  planTrial,
  scorePositions,
  shiftsOntoTile,
  votesOfLooks,
} from '../../src/places/index.js';

const GEOMETRY = { tileSizeM: 64, inputSizePx: 64, searchMarginPx: 16, searchStepPx: 4 };
const LOOKS = lookOffsets(GEOMETRY);
const LATTICE = new LookLattice(LOOKS);
const STRIDE_M = 16;
const SIDE = 12;
const TILES: Offset[] = Array.from({ length: SIDE * SIDE }, (_, t) => ({
  eastM: (t % SIDE) * STRIDE_M,
  northM: Math.floor(t / SIDE) * STRIDE_M,
}));

/** Every tile may speak for every centre. */
const surroundings = (centres: number) => ({
  east: TILES.map(({ eastM }) => eastM),
  north: TILES.map(({ northM }) => northM),
  around: Array.from({ length: centres }, () => TILES.map((_, t) => t)),
});

/** The score of a position, written down from its formula: each tile within the reach, with the look nearest to it. */
function scoreByFormula(p: Offset, similarities: readonly Float32Array[]): number {
  let evidence = 0;
  let weight = 1;
  TILES.forEach((tile, t) => {
    const nearest = LOOKS.map((look, l) => ({
      l,
      apartM: Math.max(
        Math.abs(p.eastM + look.eastM - tile.eastM),
        Math.abs(p.northM + look.northM - tile.northM),
      ),
    })).sort((a, b) => a.apartM - b.apartM)[0];
    if (!nearest || nearest.apartM > 2 - 1e-6) return;
    const look = LOOKS[nearest.l] as Offset;
    const w = Math.exp(-(look.eastM ** 2 + look.northM ** 2) / (2 * 16 ** 2));
    evidence += w * Math.exp(((similarities[nearest.l]?.[t] ?? 0) - 1) / 0.2);
    weight += w;
  });
  return 1 + 0.2 * Math.log(evidence / weight);
}

test('looks lie around the camera, the middle first, rows from north to south', () => {
  assert.equal(LOOKS.length, 81);
  assert.deepEqual(LOOKS[0], { eastM: 0, northM: 0 });
  assert.deepEqual(lookCorners(GEOMETRY)[1], { leftPx: 0, topPx: 0 });
  assert.deepEqual(LOOKS[1], { eastM: -16, northM: 16 });
  assert.deepEqual(lookOffsets({ tileSizeM: 50, inputSizePx: 100 }), [{ eastM: 0, northM: 0 }]);
});

test('scores are those of the formula, positions are apart and in order', () => {
  const numbers = fc.infiniteStream(fc.double({ min: -0.2, max: 1, noNaN: true }));
  fc.assert(
    fc.property(numbers, (stream) => {
      const next = () => stream.next().value as number;
      const similarities = LOOKS.map(() => Float32Array.from(TILES, next));
      const candidates = TILES.map((_, t) => t).filter((t) => t % 5 === 0);
      const centres = candidates.map((t) => TILES[t] as Offset);
      const shifts = shiftsOntoTile(LATTICE);
      const plan = planTrial(LATTICE, surroundings(centres.length), { centres, shifts });
      const cosines = Float32Array.from(plan.looks, (l, c) => {
        return similarities[l]?.[plan.tiles[c] as number] ?? Number.NaN;
      });
      const found = bestApart(scorePositions(plan, cosines, votesOfLooks(LATTICE)), 32, 6);
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
          LOOKS.map((look) => {
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
