// Report of several runs: what they reached, beside what the paper says.
export { collectRuns, type Group, type Run } from './collect.js';
export { type AnswerRow, failureSheet, topFiveSheet, triplesSheet, writeSheet } from './sheets.js';
export { type ReportSummary, summaryText, writeReport } from './write-report.js';
