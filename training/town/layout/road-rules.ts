// How a country builds and paints its roads: data that the drawing of a world's streets reads.
import { M } from '../scene/materials.js';
import type { StreetKind } from './streets.js';

/** The line in the middle of a carriageway. */
export type CentreLine = 'none' | 'yellow-double' | 'yellow-dashed' | 'white-dashed' | 'white-solid';

/** One kind of street of a country. Widths in metres, chances 0..1; where several are given, each street draws one. */
export interface RoadRule {
  readonly surfaces: readonly number[];
  /** How often a piece was rebuilt, and with what. */
  readonly rebuilt: number;
  readonly rebuiltSurfaces: readonly number[];
  readonly centre: readonly CentreLine[];
  /** How likely white lines run along the edges. */
  readonly edges: number;
  /** Loose ground right beside the carriageway. */
  readonly shoulderM: readonly [number, number];
  readonly shoulders: readonly number[];
  /** Grass between shoulder and pavement. */
  readonly vergeM: readonly [number, number];
  readonly verges: readonly number[];
  readonly pavementM: readonly [number, number];
  readonly pavements: readonly number[];
  readonly kerb: boolean;
  /** How likely a parking place at the kerb is taken; cars stand on the carriageway. */
  readonly parked: number;
  /** Cars on the move, to 6 m of street. */
  readonly traffic: number;
  /** Two ruts with grass between them. */
  readonly ruts: number;
  readonly zebras: number;
  /** Red cycle lanes: rare in the world. */
  readonly redCycleLanes: number;
  /** Row of trees: how likely, and their radius. */
  readonly trees: number;
  readonly treeRadiusM: readonly [number, number];
}

export type RoadRules = Record<StreetKind, RoadRule>;

const ASPHALTS = [M.asphalt, M.asphalt, M.asphaltOld, M.asphaltNew, M.chipSeal];

const RURAL: RoadRule = {
  surfaces: ASPHALTS,
  rebuilt: 0.08,
  rebuiltSurfaces: [M.asphaltNew, M.asphalt, M.asphaltOld],
  centre: ['yellow-double', 'yellow-dashed', 'yellow-dashed'],
  edges: 0.75,
  shoulderM: [0.4, 1.8],
  shoulders: [M.gravelRoad, M.gravelRoad, M.dirtRoad, M.chipSeal, M.drySoil],
  vergeM: [2, 7],
  verges: [M.meadow, M.lawn, M.lawnDry, M.pasture],
  pavementM: [0, 0],
  pavements: [M.slab],
  kerb: false,
  parked: 0,
  traffic: 0.03,
  ruts: 0,
  zebras: 0,
  redCycleLanes: 0,
  trees: 0.3,
  treeRadiusM: [2.4, 4.8],
};

const TRACK: RoadRule = {
  ...RURAL,
  surfaces: [M.dirtRoad, M.gravelRoad, M.dirtRoad],
  rebuilt: 0,
  centre: ['none'],
  edges: 0,
  shoulderM: [0.2, 1],
  shoulders: [M.dirtRoad, M.lawnDry],
  vergeM: [0.5, 3],
  traffic: 0,
  ruts: 0.5,
};

/** Two-lane roads of North America: yellow in the middle, white at the edges, gravel beside. */
export const COUNTRY_ROADS: RoadRules = {
  avenue: {
    ...RURAL,
    centre: ['yellow-double', 'yellow-dashed'],
    edges: 0.95,
    traffic: 0.05,
    shoulderM: [1, 2.6],
    vergeM: [4, 9],
  },
  street: RURAL,
  residential: {
    ...RURAL,
    surfaces: [M.chipSeal, M.asphaltOld, M.asphalt, M.gravelRoad, M.dirtRoad, M.gravelRoad],
    centre: ['none', 'none', 'yellow-dashed', 'yellow-double'],
    edges: 0.3,
    traffic: 0.015,
  },
  lane: TRACK,
};

/** Highways and dirt roads through dry land. */
export const DRY_ROADS: RoadRules = {
  ...COUNTRY_ROADS,
  avenue: {
    ...COUNTRY_ROADS.avenue,
    shoulders: [M.drySoil, M.gravelRoad, M.chipSeal],
    verges: [M.drySoil, M.sandSoil, M.scrub],
    trees: 0,
  },
  street: {
    ...RURAL,
    shoulders: [M.drySoil, M.dirtRoad, M.gravelRoad],
    verges: [M.drySoil, M.sandSoil, M.scrub],
    trees: 0,
  },
  residential: {
    ...COUNTRY_ROADS.residential,
    surfaces: [M.dirtRoad, M.dirtRoad, M.gravelRoad, M.asphaltOld, M.chipSeal],
    shoulders: [M.drySoil, M.dirtRoad],
    verges: [M.drySoil, M.sandSoil, M.scrub],
    trees: 0,
  },
  lane: { ...TRACK, shoulders: [M.drySoil], verges: [M.drySoil, M.scrub, M.sandSoil], trees: 0 },
};

const SUBURBAN: RoadRule = {
  ...RURAL,
  rebuilt: 0.12,
  centre: ['none', 'none', 'white-dashed'],
  edges: 0,
  shoulderM: [0, 0],
  vergeM: [1.2, 3.4],
  verges: [M.lawn, M.lawn, M.lawnDry, M.meadow],
  pavementM: [1.1, 1.6],
  pavements: [M.slab, M.concrete, M.slab, M.slabDark],
  kerb: true,
  parked: 0.1,
  traffic: 0.03,
  trees: 0.42,
  treeRadiusM: [1.6, 3.8],
};

/** Streets of Australian and North American suburbs: grass between kerb and footpath. */
export const SUBURB_ROADS: RoadRules = {
  avenue: {
    ...SUBURBAN,
    centre: ['white-solid', 'white-dashed', 'yellow-double'],
    edges: 0.4,
    traffic: 0.1,
    parked: 0,
  },
  street: { ...SUBURBAN, centre: ['white-dashed', 'none', 'yellow-dashed'], traffic: 0.05 },
  residential: SUBURBAN,
  lane: {
    ...SUBURBAN,
    surfaces: [M.asphaltOld, M.concrete, M.gravelRoad],
    vergeM: [0, 0.6],
    pavementM: [0, 0],
    trees: 0,
    parked: 0.02,
  },
};

const URBAN: RoadRule = {
  ...SUBURBAN,
  surfaces: [M.asphalt, M.asphaltNew, M.asphalt, M.asphaltOld],
  rebuilt: 0.35,
  rebuiltSurfaces: [M.asphalt, M.asphaltNew, M.asphaltOld, M.chipSeal],
  centre: ['none', 'none', 'white-dashed'],
  vergeM: [0, 0],
  pavementM: [1.6, 2.6],
  pavements: [M.slabDark, M.slab, M.slabDark, M.slabWarm],
  parked: 0.62,
  traffic: 0.03,
  zebras: 0.1,
  trees: 0.3,
  treeRadiusM: [2, 4.2],
};

/** Streets of old European cities: narrow, kerbs full of cars, white lines. */
export const CITY_ROADS: RoadRules = {
  avenue: {
    ...URBAN,
    centre: ['white-dashed', 'white-solid'],
    edges: 0.2,
    parked: 0.12,
    traffic: 0.22,
    pavementM: [2.6, 4],
    zebras: 0.6,
    redCycleLanes: 0.08,
  },
  street: {
    ...URBAN,
    centre: ['white-dashed', 'none'],
    traffic: 0.1,
    zebras: 0.35,
    redCycleLanes: 0.04,
    parked: 0.4,
  },
  residential: URBAN,
  lane: {
    ...URBAN,
    surfaces: [M.asphaltOld, M.cobble, M.asphalt, M.concrete],
    pavementM: [0, 0.9],
    parked: 0.2,
    trees: 0,
    zebras: 0,
  },
};
