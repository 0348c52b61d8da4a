// What covers the open land of a world: data that the drawing of parcels reads.
import { M } from '../scene/materials.js';

/** A use of land. Lengths in metres, 0 for none. */
export interface Cover {
  readonly material: number;
  /** What else shows in patches. */
  readonly others: readonly number[];
  /** How common it is beside the others. */
  readonly share: number;
  /** Distance of the rows in which it was sown or ploughed and how strongly they show. */
  readonly rowM: number;
  readonly rowContrast: number;
  /** Distance of the tractor's tracks. */
  readonly tramM: number;
  /** Distance of trees or shrubs, and their radius. */
  readonly treeM: number;
  readonly treeRadiusM: readonly [number, number];
  readonly shrubs: boolean;
  /** Trees stand in straight rows. */
  readonly orchard: boolean;
}

export interface Landscape {
  readonly covers: readonly Cover[];
  /** Mean size of a parcel, m². */
  readonly parcelM2: number;
  /** Strip along a parcel's edge. */
  readonly marginM: number;
  readonly margin: number;
  /** How likely trees stand along an edge; share of conifers. */
  readonly treeRows: number;
  readonly conifers: number;
}

const OPEN: Cover = {
  material: M.meadow,
  others: [],
  share: 1,
  rowM: 0,
  rowContrast: 0,
  tramM: 0,
  treeM: 0,
  treeRadiusM: [2, 4],
  shrubs: false,
  orchard: false,
};

/** Fields, pasture and woods of temperate country. */
export const FARMLAND: Landscape = {
  covers: [
    { ...OPEN, material: M.forestFloor, others: [M.meadow], share: 2.4, treeM: 4.4, treeRadiusM: [1.5, 5.2] },
    { ...OPEN, material: M.pasture, others: [M.lawnDry, M.meadow], share: 1.2, treeM: 34 },
    { ...OPEN, material: M.crop, share: 1, rowM: 1.5, rowContrast: 0.16, tramM: 21 },
    { ...OPEN, material: M.cropRipe, share: 0.5, rowM: 1.25, rowContrast: 0.08, tramM: 24 },
    { ...OPEN, material: M.ploughed, share: 0.55, rowM: 1.6, rowContrast: 0.12 },
    { ...OPEN, material: M.stubble, others: [M.drySoil], share: 0.4, rowM: 2.2, rowContrast: 0.1 },
    { ...OPEN, material: M.meadow, others: [M.scrub, M.lawnDry], share: 0.8, treeM: 22 },
    {
      ...OPEN,
      material: M.scrub,
      others: [M.meadow],
      share: 0.4,
      treeM: 6,
      treeRadiusM: [0.7, 2],
      shrubs: true,
    },
    { ...OPEN, material: M.lawnDark, share: 0.2, treeM: 6.5, treeRadiusM: [1.8, 2.4], orchard: true },
  ],
  parcelM2: 14000,
  marginM: 1.2,
  margin: M.meadow,
  treeRows: 0.6,
  conifers: 0.25,
};

/** Bare soil, shrubs, rock and a few watered fields. */
export const DRYLAND: Landscape = {
  covers: [
    {
      ...OPEN,
      material: M.drySoil,
      others: [M.sandSoil, M.rock],
      share: 1.6,
      treeM: 8,
      treeRadiusM: [0.5, 1.5],
      shrubs: true,
    },
    {
      ...OPEN,
      material: M.sandSoil,
      others: [M.drySoil],
      share: 1,
      treeM: 12,
      treeRadiusM: [0.5, 1.3],
      shrubs: true,
    },
    {
      ...OPEN,
      material: M.scrub,
      others: [M.drySoil, M.sandSoil],
      share: 1.1,
      treeM: 4.6,
      treeRadiusM: [0.6, 1.9],
      shrubs: true,
    },
    {
      ...OPEN,
      material: M.rock,
      others: [M.drySoil, M.scrub],
      share: 0.5,
      treeM: 10,
      treeRadiusM: [0.5, 1.4],
      shrubs: true,
    },
    { ...OPEN, material: M.drySoil, others: [M.scrub], share: 0.5, treeM: 9, treeRadiusM: [1.6, 3] },
    { ...OPEN, material: M.crop, share: 0.18, rowM: 1.5, rowContrast: 0.14, tramM: 21 },
    { ...OPEN, material: M.ploughed, share: 0.15, rowM: 1.6, rowContrast: 0.1 },
  ],
  parcelM2: 12000,
  marginM: 0.3,
  margin: M.drySoil,
  treeRows: 0.06,
  conifers: 0.12,
};
