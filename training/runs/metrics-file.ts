// metrics.jsonl: one line of JSON for the losses of a step or for something that happened at one. It holds no times,
// so that two runs with the same seed write the same bytes, and so does a run that was killed and continued.
import { readFile } from 'node:fs/promises';
import { SkyfixError } from 'skyfix/errors';
import { writeFileAtomic } from 'skyfix/files';

/** Numbers of a step; JSON has no NaN and no Infinity: they are null. */
export interface ScalarsLine {
  readonly stage: string;
  /** Steps done, so the first step's line has 1. */
  readonly step: number;
  readonly kind: 'scalars';
  readonly values: Readonly<Record<string, number | null>>;
}

/** Something else that happened, e.g. an update of pseudo-labels. */
export interface EventLine {
  readonly stage: string;
  readonly step: number;
  /** Anything but "scalars". */
  readonly kind: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export type MetricLine = ScalarsLine | EventLine;

export function isScalars(line: MetricLine): line is ScalarsLine {
  return line.kind === 'scalars';
}

/**
 * The lines of the file, in its order; none where there is no file. A last line without its end, as a kill leaves it,
 * is left out. Throws DATASET_INVALID with the number of a line that is damaged otherwise.
 */
export async function readMetrics(path: string): Promise<MetricLine[]> {
  return (await wholeLines(path)).lines.map((text, k) => parseLine(text, `${path} line ${k + 1}`));
}

/**
 * Drops a half-written last line and, of each stage in `resume`, the lines after that step. Atomic: a kill leaves the
 * old file or the new one.
 */
export async function rewindMetrics(path: string, resume: Readonly<Record<string, number>>): Promise<void> {
  const { lines, halfLine } = await wholeLines(path);
  const kept = lines.filter((text, k) => {
    const { stage, step } = parseLine(text, `${path} line ${k + 1}`);
    return step <= (resume[stage] ?? Number.POSITIVE_INFINITY);
  });
  if (kept.length === lines.length && !halfLine) return;
  await writeFileAtomic(path, kept.map((text) => `${text}\n`).join(''));
}

/** The line as it stands in the file. Keys keep their order, so equal runs write equal bytes. */
export function formatLine(line: MetricLine): string {
  return `${JSON.stringify(line)}\n`;
}

async function wholeLines(path: string): Promise<{ lines: string[]; halfLine: boolean }> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw new SkyfixError('DATASET_INVALID', `${path} cannot be read.`, { cause: error });
  });
  const lines = text.split('\n');
  const halfLine = lines.pop() !== '';
  return { lines, halfLine };
}

function parseLine(text: string, where: string): MetricLine {
  let line: Partial<ScalarsLine & EventLine> | null = null;
  try {
    line = JSON.parse(text) as Partial<ScalarsLine & EventLine> | null;
  } catch {
    // told below, like every other damage
  }
  const content = line?.kind === 'scalars' ? line.values : line?.data;
  if (
    typeof line?.stage !== 'string' ||
    !Number.isInteger(line.step) ||
    typeof line.kind !== 'string' ||
    !content
  ) {
    const shown = text.length > 80 ? `${text.slice(0, 80)}…` : text;
    throw new SkyfixError('DATASET_INVALID', `${where} is no line of a run's metrics: ${shown}`);
  }
  return line as MetricLine;
}
