// Reads run folders and puts together the runs that differ by their seed only.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
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

/** A folder that was named and is no part of a report, and why. */
export interface LeftOut {
  readonly folder: string;
  readonly why: string;
}

export interface Collected {
  readonly groups: readonly Group[];
  readonly leftOut: readonly LeftOut[];
}

/**
 * Reads result.json of every folder. Groups come plain methods first; runs of one group that do not differ by their seed alone
 * stand apart, by their names or, where these are the same too, by their folders. What is no run or has not ended is left out.
 * Throws DATASET_INVALID where a result is unreadable, or where no folder has one.
 */
export async function collectRuns(folders: readonly string[]): Promise<Collected> {
  const leftOut: LeftOut[] = [];
  const runs: Run[] = [];
  for (const folder of new Set(folders.map((path) => path.replace(/(?<=.)\/+$/, '')))) {
    const why = reasonToLeaveOut(folder);
    const run = why === undefined ? { folder, result: await readRunResult(folder) } : undefined;
    if (run && run.result.retrieval.length > 0) runs.push(run);
    else leftOut.push({ folder, why: why ?? 'it was measured on nothing' });
  }
  if (runs.length === 0) {
    const reasons = leftOut.map(({ folder, why }) => `${folder}: ${why}`).join('; ');
    throw new SkyfixError('DATASET_INVALID', `There is no finished run among these: ${reasons}.`);
  }
  const groups = partedBy(runs, ({ result }) => result.group).flatMap((group) => {
    if (onlySeedsDiffer(group.runs)) return [group];
    return partedBy(group.runs, nameOf).flatMap((named) =>
      onlySeedsDiffer(named.runs)
        ? [named]
        : partedBy(named.runs, ({ folder }) => `${named.name} (${folder})`),
    );
  });
  groups.sort((a, b) => compareMethods(a.method, b.method) || (a.name < b.name ? -1 : 1));
  return { groups, leftOut };
}

function reasonToLeaveOut(folder: string): string | undefined {
  if (existsSync(join(folder, 'result.json'))) return undefined;
  if (!existsSync(folder)) return 'it does not exist';
  return existsSync(join(folder, 'config.yaml')) ? 'the run has not ended' : 'it is no folder of a run';
}

/** The run's name without its seed. */
function nameOf({ result }: Run): string {
  const end = `-seed${result.seed}`;
  return result.run.endsWith(end) ? result.run.slice(0, -end.length) : result.run;
}

/** Deviations over runs that were configured differently, or that are the same run twice, would say too little. */
function onlySeedsDiffer(runs: readonly Run[]): boolean {
  const seeds = new Set(runs.map(({ result }) => result.seed));
  const methods = new Set(runs.map(({ result }) => JSON.stringify(methodOf(result.config))));
  return seeds.size === runs.length && methods.size === 1;
}

/** Runs of one data set and one key, in the order of their seeds. */
function partedBy(runs: readonly Run[], keyOf: (run: Run) => string): Group[] {
  const parts = new Map<string, Run[]>();
  for (const run of runs) {
    const key = JSON.stringify([run.result.dataset, keyOf(run)]);
    parts.set(key, [...(parts.get(key) ?? []), run]);
  }
  return [...parts.values()].flatMap((own): Group[] => {
    const sorted = [...own].sort((a, b) => a.result.seed - b.result.seed);
    const [first] = sorted;
    if (!first) return [];
    const { dataset, config } = first.result;
    return [{ name: keyOf(first), dataset, method: methodOf(config), runs: sorted }];
  });
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
