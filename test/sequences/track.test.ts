// Sequences against an outside truth: every path of small made-up problems, and a walk whose single answers are often wrong.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { distanceM, offsetLonLat } from '../../src/geometry/index.js';
import { seededRandom } from '../../src/random/index.js';
import { decodeChain, type Frame, stepLogDensity, trackOf } from '../../src/sequences/index.js';

/** All paths of a chain. */
function* paths(counts: readonly number[]): Generator<number[]> {
  const [first, ...rest] = counts;
  if (first === undefined) {
    yield [];
    return;
  }
  for (let state = 0; state < first; state++) for (const path of paths(rest)) yield [state, ...path];
}

test('path, probabilities and evidence are those of all paths, one by one', () => {
  const problems = fc
    .array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 })
    .chain((counts) => fc.record({ counts: fc.constant(counts), seed: fc.nat() }));
  fc.assert(
    fc.property(problems, ({ counts, seed }) => {
      const random = seededRandom(seed);
      const emissions = counts.map((count) => Array.from({ length: count }, () => -5 * random()));
      const steps = counts.map(() =>
        Array.from({ length: 4 }, () => Array.from({ length: 4 }, () => -5 * random())),
      );
      const transition = (k: number, from: number, to: number) => steps[k]?.[from]?.[to] ?? 0;
      const { path, posteriors, logEvidence } = decodeChain({ emissions, transition });
      let [total, most] = [0, Number.NEGATIVE_INFINITY];
      const shares = counts.map((count) => new Float64Array(count));
      const weightOf = (states: readonly number[]) =>
        states.reduce(
          (sum, state, k) =>
            sum + (emissions[k]?.[state] ?? 0) + (k > 0 ? transition(k - 1, states[k - 1] ?? 0, state) : 0),
          0,
        );
      for (const states of paths(counts)) {
        const weight = weightOf(states);
        most = Math.max(most, weight);
        total += Math.exp(weight);
        for (const [k, state] of states.entries()) {
          const share = shares[k] as Float64Array;
          share[state] = (share[state] as number) + Math.exp(weight);
        }
      }
      assert.ok(Math.abs(weightOf(path) - most) < 1e-9);
      assert.ok(Math.abs(logEvidence - Math.log(total)) < 1e-9);
      for (const [k, share] of shares.entries()) {
        for (const [s, value] of share.entries()) {
          assert.ok(Math.abs((posteriors[k]?.[s] ?? -1) - value / total) < 1e-9);
        }
      }
    }),
  );
});

test('the lengths of steps are a density: over all lengths it is 1, and its middle is where it was said', () => {
  for (const step of [
    { frames: 1 },
    { frames: 3 },
    { frames: 1, distanceM: 80 },
    { frames: 1, seconds: 4 },
  ]) {
    let sum = 0;
    for (let length = 0.25; length < 5000; length += 0.5)
      sum += Math.exp(stepLogDensity(step, length, 5000)) / 2;
    assert.ok(Math.abs(sum - 1) < 0.01, `${JSON.stringify(step)}: ${sum}`);
  }
  const at = (length: number) => stepLogDensity({ frames: 1, distanceM: 80 }, length, 5000);
  assert.ok(at(80) > at(50) && at(80) > at(110));
});

const START = { lon: 10, lat: 48 };

/** A walk of steps of 20 m to the east; in a share of the frames the best candidate is some wrong place. */
function walk(frames: number, wrongShare: number, seed: number, more: Partial<Frame> = {}) {
  const random = seededRandom(seed);
  const truth = Array.from({ length: frames }, (_, k) => offsetLonLat(START, 20 * k, 0));
  const made = truth.map((place): Frame => {
    const anywhere = () => offsetLonLat(START, 2000 * random() - 1000, 2000 * random() - 1000);
    const wrong = random() < wrongShare;
    const others = Array.from({ length: 19 }, (_, k) => ({ ...anywhere(), score: 0.7 - 0.004 * k }));
    const candidates = [{ ...place, score: wrong ? 0.69 : 0.74 }, ...others];
    return { candidates: candidates.sort((a, b) => b.score - a.score), ...more };
  });
  return { truth, made };
}

test('ten frames of which four in ten are wrong alone: nearly all are right together, and say so', () => {
  let [alone, together, frames, probability] = [0, 0, 0, 0];
  for (let seed = 0; seed < 20; seed++) {
    const { truth, made } = walk(10, 0.4, seed);
    const { points } = trackOf(made);
    for (const [k, place] of truth.entries()) {
      const [first] = made[k]?.candidates ?? [];
      const point = points[k];
      if (first && distanceM(first, place) < 25) alone++;
      if (point && distanceM(point, place) < 25) together++;
      probability += point?.probability ?? 0;
      frames++;
    }
  }
  assert.ok(alone / frames < 0.7, `${alone} of ${frames} alone`);
  assert.ok(together / frames >= 0.95, `${together} of ${frames} together`);
  assert.ok(probability / frames > 0.9);
});

test('a frame that failed is left out, and the way goes on behind it; a jump is one', () => {
  const { truth, made } = walk(12, 0, 3, { distanceM: 20 });
  made[4] = { candidates: [], distanceM: 20 };
  const far = offsetLonLat(START, 900, 900);
  for (let k = 8; k < 12; k++) {
    const there = offsetLonLat(far, 20 * (k - 8), 0);
    made[k] = {
      candidates: [
        { ...there, score: 0.8 },
        { ...START, score: 0.6 },
      ],
      distanceM: 20,
    };
    truth[k] = there;
  }
  const { points, verdict } = trackOf(made);
  assert.equal(points[4], undefined);
  for (const [k, point] of points.entries()) {
    if (k !== 4) assert.ok(point && distanceM(point, truth[k] ?? START) < 1, `frame ${k}`);
  }
  assert.equal(verdict, 'located');
});

test('headings that go along with the way tell two ways apart, and the angle between both is found', () => {
  // Two parallel ways, one going east and one west, alike in all scores; the camera looks to the left of the way: north.
  const made = Array.from({ length: 8 }, (_, k): Frame => {
    const east = { ...offsetLonLat(START, 20 * k, 0), score: 0.7 };
    const west = { ...offsetLonLat(START, -20 * k, 300), score: 0.7 };
    return { candidates: [west, east], headingDeg: 0 };
  });
  const alike = trackOf(made.map(({ candidates }) => ({ candidates })));
  assert.ok((alike.points[0]?.probability ?? 1) < 0.6);
  assert.equal(alike.travelMinusHeadingDeg, undefined);
  // Half-way both turn to the north, and the camera with one of them.
  const turning = made.map((frame, k): Frame => {
    if (k < 4) return frame;
    const east = { ...offsetLonLat(START, 60, 20 * (k - 3)), score: 0.7 };
    const west = { ...offsetLonLat(START, -60, 300 + 20 * (k - 3)), score: 0.7 };
    return { candidates: [west, east], headingDeg: 270 };
  });
  turning[3] = { ...(turning[3] as Frame), headingDeg: 270 };
  const tied = trackOf(turning);
  assert.equal(tied.travelMinusHeadingDeg, 90);
  for (const point of tied.points) assert.equal(point?.candidate, 1);
});

test('nothing, and nothing usable', () => {
  assert.deepEqual(trackOf([]).points, []);
  assert.deepEqual(trackOf([{ candidates: [] }]), {
    points: [undefined],
    verdict: 'unusable image',
    probability: 0,
    travelMinusHeadingDeg: undefined,
  });
});

test('frames whose only places lie together stand there, however small that ground is', () => {
  const place = { lon: 10, lat: 50, score: 0.8 };
  const { points, verdict } = trackOf([{ candidates: [place] }, { candidates: [place], distanceM: 10 }]);
  assert.equal(verdict, 'located');
  assert.deepEqual(
    points.map((point) => point?.candidate),
    [0, 0],
  );
});
