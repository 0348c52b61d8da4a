// Robustness changes against geometry: where a ground point is looked for after the change.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  type CameraPose,
  fullSphere,
  LEVEL_NORTH,
  panoramaPointOfGround,
  projectBev,
  sphereWindowFromVerticalFov,
} from 'skyfix/geometry';
import { makeRng } from 'skyfix/random';
import {
  type BevInput,
  PERTURBATIONS,
  parseChange,
  withCameraHeight,
  withHeadingError,
  withOcclusion,
  withRowsBetween,
  withSlope,
} from '../../evaluation/perturbations.js';

const WIDTH = 256;
const window = fullSphere(WIDTH, WIDTH / 2);
const white = {
  widthPx: WIDTH,
  heightPx: WIDTH / 2,
  data: new Uint8Array((WIDTH * WIDTH * 3) / 2).fill(255),
};
const bev = { sizePx: 32, gsdM: 0.5, cameraHeightM: 2.5 };

const input = (pose: CameraPose = LEVEL_NORTH): BevInput => ({ image: white, window, pose, bev });
const metres = fc.double({ min: 0.5, max: 30, noNaN: true });
const azimuth = fc.double({ min: 0, max: 360, noNaN: true });
const tilt = fc.double({ min: -20, max: 20, noNaN: true });
const pose = fc.record({ headingDeg: azimuth, pitchDeg: tilt, rollDeg: tilt });

/** Columns compare on the circle. */
function samePoint(a: { u: number; v: number }, b: { u: number; v: number }): void {
  const apart = Math.abs(a.u - b.u) % WIDTH;
  assert.ok(Math.min(apart, WIDTH - apart) < 1e-6 && Math.abs(a.v - b.v) < 1e-6, JSON.stringify([a, b]));
}

const pointOf = ({ window, pose, bev }: BevInput, eastM: number, northM: number) =>
  panoramaPointOfGround(eastM, northM, bev.cameraHeightM, window, pose);

describe('camera height', () => {
  it('off by a factor scales every radius by exactly that factor', () => {
    fc.assert(
      fc.property(
        metres,
        azimuth,
        pose,
        fc.double({ min: 0.5, max: 2, noNaN: true }),
        (r, a, given, factor) => {
          const [x, y] = [r * Math.sin(a), r * Math.cos(a)];
          const changed = withCameraHeight(input(given), factor);
          samePoint(pointOf(changed, x * factor, y * factor), pointOf(input(given), x, y));
        },
      ),
    );
  });
  it('a ring on the ground is drawn wider by the factor', () => {
    // The ring that lies 4 m away: one bright row of the panorama.
    const v = Math.floor(panoramaPointOfGround(0, 4, bev.cameraHeightM, window, LEVEL_NORTH).v);
    const data = new Uint8Array(white.data.length);
    data.fill(255, v * WIDTH * 3, (v + 1) * WIDTH * 3);
    const fine = { ...bev, sizePx: 256, gsdM: 0.1 };
    const radiusOf = (one: BevInput): number => {
      const { image } = projectBev({ ...white, data }, one.window, one.pose, one.bev);
      let [sum, weight] = [0, 0];
      for (let j = 128; j < 256; j++) {
        const value = image.data[(128 * 256 + j) * 3] as number;
        sum += value * (j - 127.5) * 0.1;
        weight += value;
      }
      return sum / weight;
    };
    const ring = { ...input(), bev: fine };
    const ratio = radiusOf(withCameraHeight(ring, 1.2)) / radiusOf(ring);
    assert.ok(Math.abs(ratio - 1.2) < 0.01, String(ratio));
  });
  it('a factor of zero is refused', () => {
    assert.throws(() => withCameraHeight(input(), 0), RangeError);
  });
});

describe('slope', () => {
  it('straight ahead of a level camera it is a pitch, to the left a roll', () => {
    const ahead = withSlope(input({ headingDeg: 70, pitchDeg: 0, rollDeg: 0 }), 5, 70).pose;
    assert.ok(Math.abs(ahead.headingDeg - 70) < 1e-9 && Math.abs(ahead.pitchDeg - 5) < 1e-9);
    assert.ok(Math.abs(ahead.rollDeg) < 1e-9);
    const left = withSlope(input(), 5, 270).pose;
    assert.ok(Math.abs(left.rollDeg - 5) < 1e-9 && Math.abs(left.pitchDeg) < 1e-9, JSON.stringify(left));
  });
  it('draws what lies uphill at height over tangent of the lowered angle', () => {
    // A point uphill at depression atan(H / r) is seen raised by the slope n: the flat ground has it at
    // H / tan(atan(H / r) - n).
    const n = (3 * Math.PI) / 180;
    const r = 6;
    const drawn = bev.cameraHeightM / Math.tan(Math.atan2(bev.cameraHeightM, r) - n);
    assert.ok(drawn > r);
    const a = (40 * Math.PI) / 180;
    const to = (one: BevInput, metres: number) => pointOf(one, metres * Math.sin(a), metres * Math.cos(a));
    samePoint(to(withSlope(input(), 3, 40), drawn), to(input(), r));
  });
  it('turns every direction by the slope: with a rotation matrix by Rodrigues', () => {
    fc.assert(
      fc.property(
        pose,
        fc.double({ min: 0, max: 15, noNaN: true }),
        azimuth,
        metres,
        azimuth,
        (given, n, up, r, at) => {
          const rad = Math.PI / 180;
          const [x, y, z] = [r * Math.sin(at * rad), r * Math.cos(at * rad), -bev.cameraHeightM];
          // The inverse turn: about the axis to the right of the uphill direction, uphill goes down.
          const k = [Math.cos(up * rad), -Math.sin(up * rad), 0] as const;
          const t = -n * rad;
          const cross = [k[1] * z - k[2] * y, k[2] * x - k[0] * z, k[0] * y - k[1] * x] as const;
          const along = (k[0] * x + k[1] * y) * (1 - Math.cos(t));
          const turned = [x, y, z].map(
            (v, i) => v * Math.cos(t) + (cross[i] as number) * Math.sin(t) + (k[i] as number) * along,
          ) as [number, number, number];
          const expected = panoramaPointOfGround(turned[0], turned[1], -turned[2], window, given);
          samePoint(pointOf(withSlope(input(given), n, up), x, y), expected);
        },
      ),
    );
  });
});

describe('occlusion', () => {
  const solid = (row: number) => Math.cos(Math.PI * ((row + 0.5) / (WIDTH / 2) - 0.5));
  const coveredShare = (data: Uint8Array): number => {
    let [covered, ground] = [0, 0];
    for (let row = WIDTH / 4; row < WIDTH / 2; row++) {
      for (let column = 0; column < WIDTH; column++) {
        ground += solid(row);
        if (data[(row * WIDTH + column) * 3] !== 255) covered += solid(row);
      }
    }
    return covered / ground;
  };
  it('covers the share of the lower hemisphere to a pixel, and nothing above the horizon', () => {
    const pixel = 1 / ((WIDTH * WIDTH) / 4 / (Math.PI / 2));
    for (const share of [0, 0.1, 0.3, 0.5]) {
      const { data } = withOcclusion(input(), share, makeRng(4)).image;
      const found = coveredShare(data);
      assert.ok(found >= share - 1e-9 && found <= share + pixel + 1e-9, `${found} for ${share}`);
      assert.ok(data.subarray(0, (WIDTH * WIDTH * 3) / 4).every((value) => value === 255));
    }
    assert.ok(
      white.data.every((value) => value === 255),
      'the panorama given must not change',
    );
  });
  it('is drawn from the seed', () => {
    const of = (seed: number) => withOcclusion(input(), 0.2, makeRng(seed)).image.data;
    assert.deepEqual(of(1), of(1));
    assert.notDeepEqual(of(1), of(2));
  });
  it('hides ground in the BEV', () => {
    const changed = withOcclusion(input(), 0.3, makeRng(2));
    const before = projectBev(white, window, LEVEL_NORTH, bev).image.data;
    const after = projectBev(changed.image, changed.window, changed.pose, changed.bev).image.data;
    const share = after.filter((value, k) => value !== before[k]).length / after.length;
    assert.ok(share > 0.15 && share < 0.9, String(share));
  });
  it('works on strips and refuses shares that figures cannot cover', () => {
    const strip = sphereWindowFromVerticalFov(WIDTH, 46, 65.45);
    const image = { widthPx: WIDTH, heightPx: 46, data: new Uint8Array(WIDTH * 46 * 3).fill(255) };
    const { data } = withOcclusion({ ...input(), image, window: strip }, 0.2, makeRng(3)).image;
    assert.ok(data.some((value) => value !== 255));
    assert.throws(() => withOcclusion(input(), 0.6, makeRng(1)), RangeError);
  });
});

describe('heading', () => {
  it('off by some degrees turns every point by as much about the camera', () => {
    fc.assert(
      fc.property(metres, azimuth, pose, fc.integer({ min: -170, max: 170 }), (r, a, given, degrees) => {
        const turned = a + (degrees * Math.PI) / 180;
        const changed = withHeadingError(input(given), degrees);
        samePoint(
          pointOf(changed, r * Math.sin(turned), r * Math.cos(turned)),
          pointOf(input(given), r * Math.sin(a), r * Math.cos(a)),
        );
      }),
    );
  });
});

describe('rows that were not taken', () => {
  it('leave ground black nearer or farther than their depression, and the rest as it was', () => {
    const { image: whole } = projectBev(white, window, LEVEL_NORTH, bev);
    const cases = [
      [-45, 90, 2.5, Number.POSITIVE_INFINITY], // a hole of 45 degrees at a height of 2.5 m
      [-90, -20, 0, 2.5 / Math.tan((20 * Math.PI) / 180)],
    ] as const;
    for (const [lowest, highest, nearM, farM] of cases) {
      const cut = withRowsBetween(input(), lowest, highest);
      const seen = projectBev(cut.image, cut.window, cut.pose, cut.bev).image.data;
      for (let k = 0; k < 32 * 32; k++) {
        const distance = Math.hypot((k % 32) - 15.5, 15.5 - Math.floor(k / 32)) * 0.5;
        if (Math.min(Math.abs(distance - nearM), Math.abs(distance - farM)) < 0.3) continue; // a row is not a line
        const expected = distance > nearM && distance < farM ? whole.data[k * 3] : 0;
        assert.equal(seen[k * 3], expected, `${lowest} ${highest} ${distance}`);
      }
    }
  });
  it('must leave some', () => {
    assert.throws(() => withRowsBetween(input(), 10, 10), RangeError);
  });
});

it('names say what was changed', () => {
  assert.deepEqual(
    PERTURBATIONS.map(({ name }) => name).filter((name) => parseChange(name) === undefined),
    [],
  );
  assert.deepEqual(parseChange('camera height -15 %'), { kind: 'camera height', amount: -15 });
  assert.deepEqual(parseChange('slope 5°'), { kind: 'slope', amount: 5 });
  assert.deepEqual(parseChange('occlusion 20 %'), { kind: 'occlusion', amount: 20 });
  assert.deepEqual(parseChange('heading ±10°'), { kind: 'heading', amount: 10 });
  assert.deepEqual(parseChange('strip 65°'), { kind: 'strip', amount: 65 });
  assert.equal(parseChange('fog'), undefined);
  const height = PERTURBATIONS.find(({ name }) => name === 'camera height -20 %');
  assert.equal(height?.apply(input(), makeRng(1)).bev.cameraHeightM, 2);
});
