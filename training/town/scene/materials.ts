// What a cell of the town is made of: its colour in early summer and in autumn, and how grainy it looks.

type Rgb = readonly [number, number, number];

interface Material {
  readonly summer: Rgb;
  readonly autumn: Rgb;
  /** Strength of the fine grain, 0..1. */
  readonly grain: number;
  /** Strength of metre-sized blotches, 0..1. */
  readonly blotch: number;
}

const material = (summer: Rgb, autumn: Rgb = summer, grain = 0.05, blotch = 0.05): Material => ({
  summer,
  autumn,
  grain,
  blotch,
});

// What is added goes to the end: numbers order the table (free ground first, carriageways in a row, roofs).
const TABLE = {
  // free ground: lots may take it
  meadow: material([104, 128, 66], [142, 132, 82], 0.12, 0.08),
  yard: material([139, 133, 122], [128, 121, 112], 0.07, 0.08),
  concrete: material([166, 163, 155], [148, 146, 142], 0.04, 0.06),
  courtyard: material([150, 140, 126], [134, 124, 113], 0.06, 0.08),
  // streets
  asphalt: material([92, 92, 95], [78, 79, 83], 0.06, 0.05),
  asphaltOld: material([122, 120, 116], [106, 105, 103], 0.08, 0.08),
  asphaltNew: material([66, 67, 71], [54, 55, 60], 0.04, 0.03),
  cobble: material([128, 120, 112], [108, 101, 97], 0.16, 0.06),
  brick: material([160, 104, 84], [134, 86, 72], 0.1, 0.06),
  slab: material([176, 171, 161], [152, 149, 143], 0.06, 0.05),
  slabDark: material([140, 137, 132], [120, 118, 116], 0.06, 0.05),
  slabWarm: material([188, 168, 140], [164, 146, 124], 0.07, 0.05),
  kerb: material([198, 195, 188], [172, 171, 168], 0.04, 0.02),
  markWhite: material([232, 231, 226], [214, 214, 212], 0.05, 0.05),
  markYellow: material([224, 184, 62], [204, 166, 60], 0.05, 0.05),
  bikeRed: material([160, 76, 62], [136, 66, 56], 0.05, 0.05),
  patchDark: material([54, 54, 57], [44, 45, 49], 0.05, 0.03),
  patchLight: material([150, 147, 141], [132, 130, 127], 0.06, 0.04),
  manhole: material([58, 54, 50], [46, 43, 41], 0.1, 0),
  parking: material([112, 106, 102], [95, 91, 89], 0.1, 0.05),
  busPad: material([182, 178, 170], [160, 158, 153], 0.04, 0.04),
  // gardens, parks
  lawn: material([92, 140, 62], [118, 132, 66], 0.08, 0.1),
  lawnDark: material([66, 112, 50], [92, 106, 54], 0.08, 0.1),
  lawnDry: material([150, 150, 84], [142, 126, 78], 0.1, 0.16),
  gravel: material([186, 178, 162], [164, 156, 142], 0.14, 0.05),
  path: material([202, 184, 148], [170, 152, 122], 0.07, 0.06),
  soil: material([112, 86, 64], [88, 68, 52], 0.14, 0.12),
  flowers: material([172, 92, 110], [128, 96, 62], 0.5, 0.2),
  hedge: material([52, 90, 44], [74, 82, 42], 0.2, 0.1),
  fence: material([150, 122, 92], [132, 108, 84], 0.06, 0.04),
  stone: material([158, 152, 142], [140, 136, 130], 0.1, 0.05),
  deck: material([168, 128, 92], [140, 106, 78], 0.08, 0.04),
  pool: material([86, 186, 206], [104, 166, 176], 0.02, 0.03),
  water: material([62, 92, 98], [72, 84, 86], 0.03, 0.06),
  sand: material([224, 204, 160], [196, 178, 142], 0.06, 0.06),
  turf: material([74, 144, 70], [96, 138, 72], 0.04, 0.06),
  turfDark: material([62, 128, 60], [84, 122, 62], 0.04, 0.06),
  tartan: material([178, 84, 64], [154, 72, 58], 0.04, 0.03),
  playBlue: material([84, 128, 180], [80, 114, 156], 0.04, 0.03),
  // roofs
  roofRed: material([170, 86, 62], [150, 76, 58], 0.1, 0.05),
  roofBrown: material([122, 82, 64], [108, 74, 60], 0.1, 0.05),
  roofOrange: material([196, 112, 72], [174, 100, 66], 0.1, 0.05),
  roofSlate: material([86, 90, 98], [76, 80, 88], 0.08, 0.04),
  roofGrey: material([150, 150, 150], [134, 135, 137], 0.05, 0.06),
  roofGravel: material([176, 170, 160], [156, 152, 144], 0.1, 0.06),
  roofWhite: material([222, 222, 220], [204, 205, 206], 0.03, 0.04),
  roofGreen: material([112, 134, 84], [124, 124, 76], 0.12, 0.12),
  roofBlue: material([110, 136, 158], [98, 122, 142], 0.03, 0.03),
  roofTar: material([84, 80, 78], [74, 71, 70], 0.06, 0.08),
  solar: material([42, 50, 78], [40, 46, 68], 0.04, 0),
  glass: material([70, 84, 94], [66, 78, 88], 0.03, 0),
  box: material([190, 190, 188], [170, 171, 171], 0.03, 0.02),
  trunk: material([92, 74, 58], [82, 66, 54], 0.15, 0.05),
  // cars, people, containers
  carWhite: material([232, 232, 230], [224, 225, 226], 0.02, 0),
  carSilver: material([172, 176, 180], [164, 168, 172], 0.02, 0),
  carGrey: material([104, 108, 112], [98, 101, 106], 0.02, 0),
  carBlack: material([40, 41, 44], [36, 37, 40], 0.02, 0),
  carRed: material([176, 40, 38], [164, 38, 36], 0.02, 0),
  carBlue: material([48, 80, 146], [44, 74, 134], 0.02, 0),
  carGreen: material([52, 96, 72], [48, 88, 66], 0.02, 0),
  carYellow: material([222, 176, 46], [206, 164, 44], 0.02, 0),
  carGlass: material([38, 44, 50], [36, 41, 47], 0.02, 0),
  person: material([74, 68, 92], [74, 68, 92], 0.1, 0),
  container: material([56, 104, 132], [52, 96, 122], 0.04, 0.03),
  containerRed: material([150, 66, 48], [138, 60, 46], 0.04, 0.03),
  // open country
  dirtRoad: material([152, 128, 98], [138, 116, 90], 0.14, 0.14),
  gravelRoad: material([168, 160, 146], [152, 144, 132], 0.16, 0.1),
  chipSeal: material([128, 126, 122], [118, 116, 112], 0.1, 0.06),
  crop: material([82, 116, 50], [128, 118, 66], 0.12, 0.1),
  cropRipe: material([178, 154, 92], [160, 138, 86], 0.12, 0.08),
  ploughed: material([116, 92, 70], [100, 80, 62], 0.16, 0.12),
  stubble: material([166, 148, 104], [152, 136, 98], 0.14, 0.1),
  pasture: material([112, 130, 68], [132, 126, 76], 0.12, 0.14),
  forestFloor: material([74, 72, 46], [96, 78, 50], 0.2, 0.16),
  scrub: material([104, 104, 66], [110, 100, 66], 0.24, 0.2),
  drySoil: material([174, 146, 112], [166, 140, 110], 0.12, 0.12),
  sandSoil: material([198, 172, 134], [190, 166, 130], 0.1, 0.1),
  rock: material([142, 128, 112], [136, 122, 108], 0.2, 0.16),
  darkWater: material([46, 58, 54], [44, 54, 52], 0.03, 0.06),
  // roofs and paving of worlds
  roofMetal: material([158, 162, 164], [150, 154, 156], 0.04, 0.04),
  roofTerracotta: material([158, 92, 66], [148, 86, 62], 0.1, 0.06),
  roofDark: material([66, 64, 64], [60, 58, 58], 0.1, 0.05),
  roofPale: material([206, 200, 190], [196, 190, 182], 0.05, 0.06),
  roofFlat: material([120, 116, 110], [112, 108, 104], 0.08, 0.12),
  paver: material([140, 114, 98], [128, 104, 92], 0.1, 0.06),
} as const satisfies Record<string, Material>;

export type MaterialName = keyof typeof TABLE;

const NAMES = Object.keys(TABLE) as MaterialName[];

/** Number of each material as it stands in a cell. */
export const M = Object.fromEntries(NAMES.map((name, index) => [name, index])) as Record<
  MaterialName,
  number
>;

/** The materials by number. */
export const MATERIALS: readonly Material[] = NAMES.map((name) => TABLE[name]);

/** Ground that lots, parks and water may take. */
export const FREE_MATERIALS = M.courtyard;

/** Colours a parked car can have; white and grey ones are common. */
export const CAR_MATERIALS: readonly number[] = [
  M.carWhite,
  M.carWhite,
  M.carSilver,
  M.carSilver,
  M.carGrey,
  M.carGrey,
  M.carBlack,
  M.carBlack,
  M.carRed,
  M.carBlue,
  M.carGreen,
  M.carYellow,
];

/** The same as most countries have them: two in three are white, grey or black. */
export const PLAIN_CAR_MATERIALS: readonly number[] = [
  ...[M.carWhite, M.carWhite, M.carWhite, M.carWhite, M.carWhite, M.carSilver, M.carSilver, M.carSilver],
  ...[M.carGrey, M.carGrey, M.carGrey, M.carGrey, M.carBlack, M.carBlack, M.carBlack, M.carBlack],
  ...[M.carRed, M.carRed, M.carBlue, M.carBlue, M.carGreen],
];
