// Headings: which way a camera looked, where nobody says it.
export {
  type EstimatedHeading,
  estimateHeading,
  type HeadingQuestion,
  type RunStep,
  type TriedHeading,
} from './estimate-heading.js';
export { evenHeadings, type HeadingRange, peakDeg, type ScoredHeading, spreadDeg } from './turns.js';
