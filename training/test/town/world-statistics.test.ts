// The statistics of worlds: the spectrum against its definition, and small worlds against three real places.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fullSphere } from 'skyfix/geometry';
import { makeRng } from 'skyfix/random';
import {
  DEFAULT_WORLD,
  makeWorld,
  REAL_PLACES,
  STYLE_NAMES,
  statisticsTable,
  type WorldStatistics,
  worldStatistics,
} from '../../town/index.js';
import { skylineDeg } from '../../town/statistics/skyline.js';
import { bandPower } from '../../town/statistics/spectrum.js';
import { tileStatistics } from '../../town/statistics/tile-statistics.js';

const N = 64;

describe('the variance by wavelength', () => {
  it('puts a sine into its band with half its squared amplitude', () => {
    const sine = (waves: number, angle: number): Float64Array =>
      Float64Array.from({ length: N * N }, (_, k) => {
        const along = Math.cos(angle) * (k % N) + Math.sin(angle) * Math.floor(k / N);
        return 100 + 10 * Math.sin((2 * Math.PI * waves * along) / N);
      });
    const slow = bandPower(sine(1, 0), N, [1, 2, 20]);
    assert.ok(Math.abs(slow.total - 50) < 1e-9 && Math.abs((slow.bands[0] as number) - 50) < 1e-9);
    const fast = bandPower(sine(25, Math.PI / 2), N, [1, 2, 20]);
    assert.ok(Math.abs(fast.above - 50) < 1e-9 && Math.abs(fast.bands[0] as number) < 1e-9);
  });

  it('adds up to the variance of any picture (Parseval), and refuses sides that are no power of two', () => {
    const rng = makeRng(4);
    const picture = Float64Array.from({ length: N * N }, () => rng.range(0, 255));
    const mean = picture.reduce((sum, value) => sum + value, 0) / picture.length;
    const variance = picture.reduce((sum, value) => sum + (value - mean) ** 2, 0) / picture.length;
    const { total, bands, above } = bandPower(picture, N, [0, 5, 9]);
    assert.ok(Math.abs(total - variance) < 1e-6 * variance);
    assert.ok(Math.abs(above + bands.reduce((sum, band) => sum + band, 0) - variance) < 1e-6 * variance);
    assert.throws(() => bandPower(new Float64Array(9), 3, [1]), RangeError);
  });
});

describe('the shares of a tile', () => {
  it('count dark and green pixels', () => {
    const data = new Uint8Array(N * N * 3);
    for (let k = 0; k < N * N; k++)
      data.set(k % 4 === 0 ? [20, 30, 50] : k % 4 === 1 ? [90, 140, 60] : [120, 120, 120], k * 3);
    const { dark, green, rgb } = tileStatistics({ widthPx: N, heightPx: N, data }, 60);
    assert.deepEqual([dark, green], [0.25, 0.25]);
    assert.deepEqual(rgb, [(20 + 90 + 240) / 4, (30 + 140 + 240) / 4, (50 + 60 + 240) / 4]);
  });
});

describe('the skyline', () => {
  it('stands where the sky ends, also of a strip', () => {
    const [width, rows] = [128, 64];
    const sky = (top: number, count: number, endDeg: number) => {
      const data = new Uint8Array(width * count * 3).fill(60);
      for (let v = 0; v < count; v++) {
        if (90 - ((top + v + 0.5) * 180) / rows > endDeg) data.fill(220, v * width * 3, (v + 1) * width * 3);
      }
      return { widthPx: width, heightPx: count, data };
    };
    const whole = fullSphere(width, rows);
    assert.ok(Math.abs(skylineDeg(sky(0, rows, 20), whole) - 20) < 4);
    const strip = { ...whole, topPx: 16, heightPx: 32 };
    assert.ok(Math.abs(skylineDeg(sky(16, 32, 20), strip) - 20) < 4);
    assert.ok(skylineDeg(sky(0, rows, -5), whole) < 1);
  });
});

describe('worlds beside real places', () => {
  let folder = '';
  after(() => rm(folder, { recursive: true, force: true }));

  it('cover what was measured there', async () => {
    folder = await mkdtemp(join(tmpdir(), 'worlds-'));
    const measured: [string, WorldStatistics][] = [];
    for (const [style, seed] of WORLDS) {
      const out = join(folder, `${style}-${seed}`);
      await makeWorld({ ...DEFAULT_WORLD, style, seed, places: 12, panoramaWidthPx: 256, out });
      measured.push([`${style} ${seed}`, await worldStatistics(out)]);
    }
    const table = statisticsTable([...Object.entries(REAL_PLACES), ...measured]);
    const range = (name: string, read: (s: WorldStatistics) => number, slack: number): void => {
      const values = measured.map(([, s]) => read(s));
      const [low, high] = [Math.min(...values) - slack, Math.max(...values) + slack];
      for (const [place, s] of Object.entries(REAL_PLACES)) {
        const value = read(s);
        assert.ok(
          value >= low && value <= high,
          `${place}: ${name} ${value} is not in ${low}..${high}\n${table}`,
        );
      }
    };
    for (const channel of [0, 1, 2] as const) {
      range(`tiles' mean, channel ${channel}`, (s) => s.tileRgb[channel], 6);
      range(`BEV minus tile, channel ${channel}`, (s) => s.gapRgb[channel], 10);
    }
    range('deviation of tile means', (s) => s.tileDeviation, 3);
    range('dark', (s) => s.dark, 0.06);
    range('green', (s) => s.green, 0.03);
    range('variance in 60-30 m', (s) => s.coarse, 0.05);
    range('variance under 2 m', (s) => s.fine, 0.06);
    range('spread of BEV minus tile', (s) => s.gapSpread, 4);
    range('skyline', (s) => s.skylineDeg, 3);
    assert.ok(STYLE_NAMES.length >= 5);
  });
});

/** Small worlds that between them look like all three places. */
const WORLDS = [
  ['country', 6],
  ['country', 19],
  ['suburb', 21],
  ['city', 1],
] as const;
