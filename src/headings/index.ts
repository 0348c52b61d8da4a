// Headings: which way a camera looked, where nobody says it.
export {
  type EstimatedHeading,
  estimateHeading,
  type HeadingQuestion,
  placesOfTried,
  type TriedHeading,
} from './estimate-heading.js';
export { looksUnder, type RunStep, seenUnder } from './looks-under.js';
export { evenHeadings, type HeadingRange, peakDeg, type ScoredHeading, spreadDeg } from './turns.js';
