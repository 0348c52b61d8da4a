// What can be wrong with an entry of a data set, and what becomes of it: an error that names file and line, or a
// dropped entry that is counted.
import { SkyfixError } from 'skyfix/errors';

export const REASONS = [
  'wrong-count',
  'bad-value',
  'duplicate-id',
  'missing-file',
  'unreadable-image',
  'no-panorama',
  'no-field-of-view',
  'no-heading',
  'outside-imagery',
  'near-test',
] as const;
export type Reason = (typeof REASONS)[number];

/** One entry that cannot be used. */
export interface Problem {
  readonly reason: Reason;
  /** File and line, or file, variable and row. */
  readonly where: string;
  /** What is wrong, with the value. */
  readonly detail: string;
}

/** What to do about strips and crops whose files do not say what they show. */
export const FIELD_OF_VIEW_ADVICE =
  'What such panoramas show is said once for all of them: source.fieldOfView of a run, e.g. ' +
  '{ verticalDeg: 90 }, or --field-of-view 360,90.';

/** How many problems an error lists before it only counts. */
const LISTED = 10;

/** A line of a text file, as it is named in messages. */
export function lineOf(path: string, line: number): string {
  return `${path} line ${line}`;
}

/** The problem as a line of text. */
export function formatProblem({ reason, where, detail }: Problem): string {
  return `${where}: ${detail} (${reason})`;
}

/** How often each reason occurs, e.g. "missing-file 3, duplicate-id 1"; reasons that do not occur are left out. */
export function countByReason(problems: readonly Problem[]): string {
  return REASONS.map((reason) => ({ reason, count: problems.filter((p) => p.reason === reason).length }))
    .filter(({ count }) => count > 0)
    .map(({ reason, count }) => `${reason} ${count}`)
    .join(', ');
}

/** The first problems, one a line, and how many more there are. */
export function formatProblems(problems: readonly Problem[]): string {
  const lines = problems.slice(0, LISTED).map(formatProblem);
  if (problems.length > LISTED) lines.push(`and ${problems.length - LISTED} more`);
  return lines.join('\n');
}

/** Throws DATASET_INVALID with the first problems, the count of all and some advice; does nothing for an empty list. */
export function refuse(root: string, problems: readonly Problem[], advice: string): void {
  if (problems.length === 0) return;
  throw new SkyfixError(
    'DATASET_INVALID',
    `${root} has ${problems.length} unusable entries: ${countByReason(problems)}.\n${formatProblems(problems)}\n${advice}`,
  );
}
