// Locate: an upload and a loaded region in, places out; and the regions that a process serves.
export { DEFAULT_THRESHOLDS, VERDICTS, type Verdict, type VerdictThresholds } from '../confidence/index.js';
export type { Prior } from '../places/index.js';
export { type Calibrated, calibrationOf, evidenceOfPhoto } from './calibrated.js';
export { asksForHeading, checkHeadingOptions } from './heading.js';
export { locate } from './locate.js';
export { type ListOptions, type LocatedPanorama, readLocatedPanoramas } from './located-panoramas.js';
export { type MissingPicture, PICTURES, type Picture, type PictureName, type Pictures } from './picture.js';
export {
  HEADING_SOURCES,
  type HeadingAnswer,
  type HeadingMode,
  type HeadingSource,
  type LocateAnswer,
  type LocateOptions,
  type Place,
  STEPS,
  type Step,
  type StepOutcome,
} from './types.js';
export { warmRegion } from './warm-region.js';
