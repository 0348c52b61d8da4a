// Report of several runs: what they reached, beside what the paper says; and the page of the matrices of styles and headings.
export { collectRuns, type Group, type Run } from './collect.js';
export { type AnswerRow, failureSheet, topFiveSheet, triplesSheet, writeSheet } from './sheets.js';
export {
  HEADINGS_TOLD,
  type HeadingCell,
  type HeadingsResult,
  type HeadingTold,
  type StyleCell,
  type StyleModelName,
  type StyleProtocol,
  type StylesResult,
  type StyleWorld,
} from './style-result.js';
export { type ReportSummary, summaryText, writeReport } from './write-report.js';
export { styleFolder, writeStylesPage } from './write-styles.js';
