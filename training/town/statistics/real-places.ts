// The same statistics of three real places, measured on panorama/tile pairs that are not part of this repository:
// what the worlds have to cover.
import type { WorldStatistics } from './world-statistics.js';

export const REAL_PLACES: Readonly<Record<string, WorldStatistics>> = {
  'US country': {
    places: 30,
    tileRgb: [103, 108, 94],
    tileDeviation: 30,
    dark: 0.12,
    green: 0.46,
    coarse: 0.3,
    fine: 0.08,
    gapRgb: [-1, -10, -16],
    gapSpread: 35,
    skylineDeg: 12,
  },
  'AU suburb': {
    places: 15,
    tileRgb: [77, 74, 63],
    tileDeviation: 12,
    dark: 0.2,
    green: 0.24,
    coarse: 0.09,
    fine: 0.3,
    gapRgb: [42, 41, 33],
    gapSpread: 15,
    skylineDeg: 13,
  },
  London: {
    places: 10,
    tileRgb: [76, 75, 88],
    tileDeviation: 16,
    dark: 0.32,
    green: 0.07,
    coarse: 0.28,
    fine: 0.03,
    gapRgb: [21, 19, 4],
    gapSpread: 24,
    skylineDeg: 22,
  },
};
