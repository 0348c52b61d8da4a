// What a finished run says about itself: result.json in its folder, and the schema it is checked by.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, SkyfixError, schemaCheck } from 'skyfix/errors';
import type { DistanceFigures, ImageQuality, RecallFigures } from '../evaluation/index.js';
import { RUN_RESULT_SCHEMA } from './result-schema.js';

export type QueryForm = 'views' | 'bev' | 'panorama';

/** The part of a run's resolved configuration that a report reads; everything else is passed over. */
export interface ReportedConfig {
  readonly queries: QueryForm;
  readonly stage1: {
    readonly enabled: boolean;
    readonly pairs?: 'labelled' | 'all';
    readonly lambdaContrast?: number;
    readonly lambdaCycle?: number;
    readonly source?: 'bev' | 'panorama';
    readonly residual?: boolean;
  };
  /** Share, over 0 to 1. */
  readonly labels: { readonly fraction: number };
  readonly selfTraining?: { readonly strategy?: string; readonly enabled?: boolean };
  readonly stage3?: unknown;
}

export interface RetrievalResult {
  readonly area: string;
  readonly model: 'trained' | 'untrained';
  /** Percent, strict. */
  readonly paired: RecallFigures;
  readonly chance: Omit<RecallFigures, 'queries' | 'gallery'>;
  /** From the query's place to the centre of its first tile; where both are known. */
  readonly pairedDistance?: DistanceFigures;
  /** From the query's place to the first place that a server would answer. */
  readonly grid?: DistanceFigures;
  /** Percent of queries found within rank 1, 2, 5, 10, 20, 50, 100. */
  readonly hitCurve: readonly number[];
  readonly byDistrict?: Readonly<Record<string, { readonly queries: number; readonly at1: number }>>;
  readonly confusion?: {
    readonly districts: readonly string[];
    readonly counts: readonly (readonly number[])[];
  };
}

export interface SelfTrainingUpdate {
  readonly iteration: number;
  /** Null for strategies without one. */
  readonly threshold?: number | null;
  readonly lambda?: number | null;
  readonly candidates: number;
  readonly selected: number;
  /** Null where the truth is not known. */
  readonly correct: number | null;
  readonly precision: number | null;
}

export interface NetworkFigures {
  readonly parameters: number;
  readonly flops: number;
}

export interface RunResult {
  readonly schema: 'skyfix-run-result/1';
  readonly run: string;
  readonly seed: number;
  /** The same for runs that differ by their seed only. */
  readonly group: string;
  readonly dataset: string;
  readonly config: ReportedConfig;
  readonly retrieval: readonly RetrievalResult[];
  readonly robustness?: readonly { readonly change: string; readonly at1: number }[];
  readonly generation?: {
    readonly view?: ImageQuality;
    readonly bev?: ImageQuality;
    readonly panorama?: ImageQuality;
    readonly meanTile?: ImageQuality;
  };
  readonly cost?: {
    readonly generator?: NetworkFigures;
    readonly encoder?: NetworkFigures;
    readonly queryMs?: number;
    readonly trainSeconds?: Readonly<Record<string, number>>;
  };
  readonly selfTraining?: readonly SelfTrainingUpdate[];
}

const matchesSchema = schemaCheck<RunResult>(RUN_RESULT_SCHEMA, { allErrors: true, verbose: true });

/** Reads result.json of a run folder. Throws DATASET_INVALID that names the file and each wrong field with its value. */
export async function readRunResult(folder: string): Promise<RunResult> {
  const path = join(folder, 'result.json');
  const invalid = (what: string, cause?: unknown) =>
    new SkyfixError('DATASET_INVALID', `${path}: ${what}.`, { cause });
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const code = (error as NodeJS.ErrnoException).code;
    throw invalid(code === 'ENOENT' ? 'there is no such file; has this run ended?' : messageOf(error), error);
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw invalid(`it is not JSON (${messageOf(error)})`, error);
  }
  if (!matchesSchema(json)) {
    const faults = (matchesSchema.errors ?? []).map(({ instancePath, message, params, data }) => {
      const value = JSON.stringify(data) ?? 'nothing';
      const where = instancePath || 'the document';
      const allowed = 'allowedValues' in params ? ` ${JSON.stringify(params.allowedValues)}` : '';
      return `${where} ${message}${allowed}, but is ${value.length > 60 ? `${value.slice(0, 57)}...` : value}`;
    });
    throw invalid(faults.join('; '));
  }
  const fault = contradictionIn(json);
  if (fault) throw invalid(fault);
  return json;
}

/** Figures that cannot both be true, such as shares given from 0 to 1 where percent are meant. */
function contradictionIn({ retrieval, selfTraining }: RunResult): string | undefined {
  const seen = new Set<string>();
  for (const { area, model, paired, hitCurve, confusion } of retrieval) {
    const name = `${area}, ${model}`;
    if (seen.has(name)) return `retrieval has "${name}" twice`;
    seen.add(name);
    const [first = Number.NaN] = hitCurve;
    if (Math.abs(first - paired.at1) > 1e-6) {
      return `retrieval of "${name}": the hit curve begins with ${first} %, R@1 is ${paired.at1} %`;
    }
    if (hitCurve.some((value, k) => value < (hitCurve[k - 1] ?? 0))) {
      return `retrieval of "${name}": the hit curve falls`;
    }
    if (confusion?.counts.some((row) => row.length !== confusion.districts.length)) {
      return `retrieval of "${name}": the confusion matrix is not ${confusion.districts.length} wide`;
    }
  }
  const wrong = selfTraining?.find(
    ({ candidates, selected, correct }) => selected > candidates || (correct ?? 0) > selected,
  );
  return wrong && `selfTraining at iteration ${wrong.iteration} counts more pairs than there are`;
}
