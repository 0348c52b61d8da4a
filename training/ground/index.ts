// Ground: whether a data set's geometry is right, seen on a sheet and measured on its own pairs.
export { writeContactSheet } from './contact-sheet.js';
export { type Fitted, fitGeometry, type GeometryFit } from './fit-geometry.js';
export { type FitReport, fitReport } from './fit-text.js';
export type { PolarPair } from './polar-pair.js';
export { readPolarPairs } from './read-pairs.js';
