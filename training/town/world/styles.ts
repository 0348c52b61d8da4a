// The styles of worlds, as data: what is built and grows there, and the ranges that a world is drawn from.
import { DRYLAND, FARMLAND, type Landscape } from '../layout/covers.js';
import { CITY_ROADS, COUNTRY_ROADS, DRY_ROADS, type RoadRules, SUBURB_ROADS } from '../layout/road-rules.js';
import type { NetworkPlan } from '../layout/streets.js';
import type { Species } from '../scene/foliage.js';
import type { Country } from './parameters.js';

type Range = readonly [low: number, high: number];
type Rgb = readonly [number, number, number];

export interface WorldStyle {
  readonly plan: NetworkPlan;
  readonly roads: RoadRules;
  readonly countries: readonly Country[];
  /** Fields and woods between the roads; blocks of lots where absent. */
  readonly land?: Landscape;
  readonly species: readonly Species[];
  readonly soils: readonly Rgb[];
  /** How green grass is in its best season. */
  readonly grass: Range;
  /** Side of the world beside that of a town with as many places. */
  readonly sideScale: number;
  /** Height of what lies beyond the world, degrees. */
  readonly backdropDeg: Range;
  /** How likely panoramas are strips, and taken from a car. */
  readonly strips: number;
  readonly cars: number;
  /** Brightness of the imagery and of the panoramas beside a neutral exposure. */
  readonly imageryGain: Range;
  readonly panoramaGain: Range;
  /** Share of the light in shadows, in the imagery. */
  readonly shadowLight: Range;
  readonly imagerySunDeg: Range;
  readonly clouds: Range;
  /** Spread of the brightness over the imagery's strips where it is patched together from many, and how likely. */
  readonly patchwork: Range;
  readonly patched: number;
  /** How likely the imagery is sharp. */
  readonly sharp: number;
}

const OAK: Species = { rgb: [74, 92, 56], weight: 3, evergreen: false, turned: [156, 104, 50] };
const MAPLE: Species = {
  rgb: [88, 108, 50],
  weight: 2,
  evergreen: false,
  turned: [178, 108, 48],
  loose: 0.14,
};
const BIRCH: Species = {
  rgb: [112, 124, 62],
  weight: 1,
  evergreen: false,
  turned: [190, 158, 66],
  loose: 0.24,
};
const PLANE: Species = {
  rgb: [86, 104, 52],
  weight: 3,
  evergreen: false,
  turned: [158, 128, 62],
  loose: 0.16,
};
const BEECH: Species = { rgb: [66, 84, 52], weight: 2, evergreen: false, turned: [150, 92, 44] };
const COPPER: Species = { rgb: [88, 56, 62], weight: 0.3, evergreen: false };
const PINE: Species = { rgb: [50, 66, 52], weight: 2, evergreen: true, loose: 0.12 };
const SPRUCE: Species = { rgb: [42, 58, 54], weight: 1, evergreen: true };
const GUM: Species = { rgb: [92, 100, 80], weight: 4, evergreen: true, loose: 0.3 };
const WATTLE: Species = { rgb: [74, 88, 58], weight: 2, evergreen: true, loose: 0.16 };
const PALM: Species = { rgb: [88, 104, 70], weight: 0.6, evergreen: true, loose: 0.34 };
const JACARANDA: Species = {
  rgb: [104, 118, 70],
  weight: 1,
  evergreen: false,
  turned: [132, 106, 150],
  loose: 0.24,
};
const SAGE: Species = { rgb: [112, 114, 94], weight: 3, evergreen: true, loose: 0.26 };
const MESQUITE: Species = { rgb: [88, 92, 66], weight: 2, evergreen: true, loose: 0.3 };
const JUNIPER: Species = { rgb: [62, 72, 60], weight: 2, evergreen: true, loose: 0.14 };

const COUNTRY_PLAN: NetworkPlan = {
  spacingM: 176,
  jitterM: 34,
  bendM: 34,
  districts: ['farmland', 'farmland', 'hamlet', 'farmland', 'farmland', 'farmland', 'hamlet', 'farmland'],
  districtM2: 90_000,
  missing: 0.22,
  diagonals: 0.08,
  lanes: { farmland: 0.35, hamlet: 0.2 },
  kinds: {
    avenue: { halfM: 4.6, pavementM: 0 },
    street: { halfM: 3.5, pavementM: 0 },
    residential: { halfM: 3, pavementM: 0 },
    lane: { halfM: 1.9, pavementM: 0 },
  },
  roundabouts: [0, 0],
};

/** All styles that a world can be drawn in; the town of "skyfix-train town" is the style beside them. */
export const STYLES: Readonly<Record<string, WorldStyle>> = {
  country: {
    plan: COUNTRY_PLAN,
    roads: COUNTRY_ROADS,
    countries: ['us', 'us', 'us', 'eu'],
    land: FARMLAND,
    species: [OAK, MAPLE, BIRCH, BEECH, PINE, SPRUCE],
    soils: [
      [134, 106, 80],
      [140, 104, 82],
      [112, 94, 78],
      [158, 134, 102],
    ],
    grass: [0.35, 0.95],
    sideScale: 1.3,
    backdropDeg: [3, 14],
    strips: 0.35,
    cars: 0.2,
    imageryGain: [0.8, 1.12],
    panoramaGain: [0.85, 1.25],
    shadowLight: [0.24, 0.42],
    imagerySunDeg: [30, 66],
    clouds: [0.05, 0.95],
    patchwork: [0.1, 0.34],
    patched: 0.7,
    sharp: 0.6,
  },
  suburb: {
    plan: {
      spacingM: 90,
      jitterM: 9,
      bendM: 22,
      districts: [
        'detached',
        'detached',
        'detached',
        'blocks',
        'detached',
        'detached',
        'industry',
        'detached',
      ],
      districtM2: 70_000,
      missing: 0.2,
      diagonals: 0.02,
      lanes: { detached: 0.12, industry: 0.2 },
      kinds: {
        avenue: { halfM: 6.4, pavementM: 2 },
        street: { halfM: 4.4, pavementM: 1.5 },
        residential: { halfM: 3.6, pavementM: 1.4 },
        lane: { halfM: 2, pavementM: 0 },
      },
      roundabouts: [0.15, 0.08],
    },
    roads: SUBURB_ROADS,
    countries: ['au', 'au', 'us'],
    species: [GUM, WATTLE, PALM, JACARANDA, OAK, MAPLE, PINE],
    soils: [
      [142, 108, 82],
      [128, 112, 92],
    ],
    grass: [0.25, 0.8],
    sideScale: 1,
    backdropDeg: [3, 9],
    strips: 0.1,
    cars: 0.3,
    imageryGain: [0.6, 0.98],
    panoramaGain: [0.95, 1.5],
    shadowLight: [0.2, 0.36],
    imagerySunDeg: [36, 72],
    clouds: [0, 0.8],
    patchwork: [0.06, 0.2],
    patched: 0.5,
    sharp: 0.75,
  },
  city: {
    plan: {
      spacingM: 72,
      jitterM: 13,
      bendM: 20,
      districts: ['rows', 'courts', 'rows', 'old-town', 'rows', 'courts', 'blocks', 'rows'],
      districtM2: 42_000,
      missing: 0.12,
      diagonals: 0.05,
      lanes: { rows: 0.14, courts: 0.3, 'old-town': 0.4 },
      kinds: {
        avenue: { halfM: 6.2, pavementM: 3.2 },
        street: { halfM: 4.4, pavementM: 2.4 },
        residential: { halfM: 3.7, pavementM: 2 },
        lane: { halfM: 2.1, pavementM: 0.8 },
      },
      roundabouts: [0.08, 0.02],
    },
    roads: CITY_ROADS,
    countries: ['gb', 'gb', 'eu'],
    species: [PLANE, OAK, BIRCH, BEECH, COPPER, SPRUCE],
    soils: [[104, 92, 78]],
    grass: [0.5, 0.9],
    sideScale: 0.95,
    backdropDeg: [6, 16],
    strips: 0.08,
    cars: 0.25,
    imageryGain: [0.68, 1.1],
    panoramaGain: [0.85, 1.4],
    shadowLight: [0.2, 0.36],
    imagerySunDeg: [22, 55],
    clouds: [0.1, 1],
    patchwork: [0.08, 0.26],
    patched: 0.6,
    sharp: 0.4,
  },
  dry: {
    plan: {
      ...COUNTRY_PLAN,
      districts: ['arid', 'arid', 'arid', 'arid', 'arid', 'arid', 'industry', 'arid'],
      lanes: { arid: 0.4 },
    },
    roads: DRY_ROADS,
    countries: ['us', 'us', 'au'],
    land: DRYLAND,
    species: [SAGE, MESQUITE, JUNIPER, PALM],
    soils: [
      [182, 148, 112],
      [172, 132, 102],
      [160, 142, 118],
      [196, 170, 134],
    ],
    grass: [0.05, 0.35],
    sideScale: 1.3,
    backdropDeg: [1, 12],
    strips: 0.3,
    cars: 0.25,
    imageryGain: [0.66, 0.98],
    panoramaGain: [0.85, 1.3],
    shadowLight: [0.24, 0.42],
    imagerySunDeg: [32, 70],
    clouds: [0, 0.5],
    patchwork: [0.06, 0.24],
    patched: 0.5,
    sharp: 0.6,
  },
};

/** The style that `skyfix-train town` makes; its bits are those of the town. */
export const TOWN_STYLE = 'town';

/** Names of all styles. */
export const STYLE_NAMES: readonly string[] = [TOWN_STYLE, ...Object.keys(STYLES)];
