// The loss curves of a run, read from its metrics.jsonl one line at a time.
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { messageOf, SkyfixError } from 'skyfix/errors';

export interface ScalarLine {
  readonly stage: string;
  readonly step: number;
  readonly values: Readonly<Record<string, number>>;
}

/**
 * The scalar lines of the given stages, in order; nothing where the run has no metrics.jsonl. A last line without its
 * end (a killed run) is left out. Throws DATASET_INVALID that names file and line for anything else.
 */
export async function readScalars(folder: string, stages: readonly string[]): Promise<ScalarLine[]> {
  const path = join(folder, 'metrics.jsonl');
  const lines: ScalarLine[] = [];
  let number = 0;
  let broken: string | undefined;
  try {
    const input = createReadStream(path, 'utf8');
    for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      number++;
      if (broken !== undefined) throw new SkyfixError('DATASET_INVALID', broken);
      if (text.trim() === '') continue;
      const line = scalarLine(text);
      if (line === 'broken')
        broken = `${path} line ${number} is not a line of metrics: ${text.slice(0, 80)}.`;
      else if (line && stages.includes(line.stage)) lines.push(line);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    if (error instanceof SkyfixError) throw error;
    throw new SkyfixError('DATASET_INVALID', `${path}: ${messageOf(error)}.`, { cause: error });
  }
  return lines;
}

function scalarLine(text: string): ScalarLine | undefined | 'broken' {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return 'broken';
  }
  const { stage, step, kind, values } = (json ?? {}) as Partial<ScalarLine> & { kind?: unknown };
  if (typeof stage !== 'string' || typeof step !== 'number') return 'broken';
  if (kind !== 'scalars' || typeof values !== 'object' || values === null) return undefined;
  return { stage, step, values };
}

/** Means of at most `buckets` stretches of equal length: [middle of the steps, mean]. */
export function smoothed(
  points: readonly (readonly [number, number])[],
  buckets: number,
): [number, number][] {
  const size = Math.max(1, Math.ceil(points.length / buckets));
  const out: [number, number][] = [];
  for (let start = 0; start < points.length; start += size) {
    const own = points.slice(start, start + size);
    const mean = (k: 0 | 1) => own.reduce((sum, point) => sum + point[k], 0) / own.length;
    out.push([mean(0), mean(1)]);
  }
  return out;
}
