// Reads run folders and puts together the runs that differ by their seed only.
import { SkyfixError } from 'skyfix/errors';
import { type RetrievalResult, type RunResult, readRunResult } from '../runs/index.js';
import { compareMethods, type Method, methodOf } from './method.js';
import type { Sample } from './statistics.js';

export interface Run {
  readonly folder: string;
  readonly result: RunResult;
}

/** The runs of one method on one data set, one for each seed, in the order of their seeds. */
export interface Group {
  readonly name: string;
  readonly dataset: string;
  readonly method: Method;
  readonly runs: readonly Run[];
}

/**
 * Reads result.json of every folder. Groups come plain methods first. Throws DATASET_INVALID where a result is
 * unreadable, two runs of a group have one seed (a deviation over them would say too little), or their configurations differ.
 */
export async function collectRuns(folders: readonly string[]): Promise<Group[]> {
  const unique = [...new Set(folders)];
  const runs = await Promise.all(
    unique.map(async (folder): Promise<Run> => ({ folder, result: await readRunResult(folder) })),
  );
  const byName = new Map<string, Run[]>();
  for (const run of runs) {
    const key = JSON.stringify([run.result.dataset, run.result.group]);
    const own = byName.get(key) ?? [];
    const [first] = own;
    const twin = own.find(({ result }) => result.seed === run.result.seed);
    if (twin) throw clash(twin, run, `both are seed ${run.result.seed} of group "${run.result.group}"`);
    if (
      first &&
      JSON.stringify(methodOf(first.result.config)) !== JSON.stringify(methodOf(run.result.config))
    ) {
      throw clash(first, run, `both are group "${run.result.group}", but they are configured differently`);
    }
    byName.set(key, [...own, run]);
  }
  const groups = [...byName.values()].flatMap((own): Group[] => {
    const sorted = [...own].sort((a, b) => a.result.seed - b.result.seed);
    const [first] = sorted;
    if (!first) return [];
    const { group: name, dataset, config } = first.result;
    return [{ name, dataset, method: methodOf(config), runs: sorted }];
  });
  return groups.sort((a, b) => compareMethods(a.method, b.method) || (a.name < b.name ? -1 : 1));
}

function clash(a: Run, b: Run, what: string): SkyfixError {
  return new SkyfixError('DATASET_INVALID', `${a.folder} and ${b.folder}: ${what}.`);
}

/** A figure of every run of a group that has it. */
export function samplesOf(
  { runs }: Pick<Group, 'runs'>,
  figure: (result: RunResult) => number | null | undefined,
): Sample[] {
  return runs.flatMap(({ result }) => {
    const value = figure(result);
    return value === null || value === undefined ? [] : [{ seed: result.seed, value }];
  });
}

/** The figures of one area and model; undefined where the run has none. */
export function retrievalOf(
  result: RunResult,
  area: string,
  model: RetrievalResult['model'] = 'trained',
): RetrievalResult | undefined {
  return result.retrieval.find((entry) => entry.area === area && entry.model === model);
}

/** Paired R@1 of the trained model in an area. */
export function recallSamples(group: Group, area: string): Sample[] {
  return samplesOf(group, (result) => retrievalOf(result, area)?.paired.at1);
}

/** All areas of the groups, in order of appearance; "test" comes first where there is one. */
export function areasOf(groups: readonly Group[]): string[] {
  const areas = new Set(
    groups.flatMap(({ runs }) => runs.flatMap(({ result }) => result.retrieval.map((r) => r.area))),
  );
  return [...areas].sort((a, b) => Number(b === 'test') - Number(a === 'test'));
}
