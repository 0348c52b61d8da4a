// What wrong heights, slopes and occlusion cost, from the runs' robustness figures.
import { type Change, parseChange } from '../evaluation/index.js';
import type { RunResult } from '../runs/index.js';
import { type Group, recallSamples, samplesOf } from './collect.js';
import { missingText, paragraphs, samplesText, table } from './markdown.js';
import { methodName } from './method.js';
import { PAPER_COLUMN, PAPER_LOSSES } from './paper.js';
import type { Sample } from './statistics.js';

/** Groups with robustness figures. */
export function testedGroups(groups: readonly Group[]): Group[] {
  return groups.filter(({ runs }) => runs.some(({ result }) => (result.robustness ?? []).length > 0));
}

/** The unchanged query's R@1: the entry "none" where a run has one, its paired R@1 in the main area otherwise. */
export function baseSamples(group: Group, area: string): Sample[] {
  const own = samplesOf(group, (result) => changed(result, 'none'));
  return own.length > 0 ? own : recallSamples(group, area);
}

export function changedSamples(group: Group, change: string): Sample[] {
  return samplesOf(group, (result) => changed(result, change));
}

/** For each run the mean R@1 over all changes that `wanted` takes; runs without any are left out. */
export function meanOver(group: Group, wanted: (change: Change) => boolean): Sample[] {
  return samplesOf(group, ({ robustness }) => {
    const own = (robustness ?? []).filter((entry) => {
      const change = parseChange(entry.change);
      return change !== undefined && wanted(change);
    });
    return own.length === 0 ? undefined : own.reduce((sum, { at1 }) => sum + at1, 0) / own.length;
  });
}

export function changesOf(groups: readonly Group[]): string[] {
  const names = groups.flatMap(({ runs }) =>
    runs.flatMap(({ result }) => (result.robustness ?? []).map(({ change }) => change)),
  );
  return [...new Set(names)].filter((name) => name !== 'none');
}

function changed({ robustness }: RunResult, name: string): number | undefined {
  return robustness?.find(({ change }) => change === name)?.at1;
}

/** R@1 after each change, and the points lost against the unchanged query, seed by seed. */
export function robustnessTable(groups: readonly Group[], area: string): string {
  const tested = testedGroups(groups);
  if (tested.length === 0) return missingText(['robustness figures']);
  const cells = (after: (group: Group) => Sample[]) =>
    tested.flatMap((group) => {
      const base = baseSamples(group, area);
      const own = after(group);
      const lost = own.flatMap(({ seed, value }) => {
        const before = base.find((sample) => sample.seed === seed);
        return before ? [{ seed, value: before.value - value }] : [];
      });
      return [samplesText(own), samplesText(lost)];
    });
  const rows = [
    ['none', ...tested.flatMap((group) => [samplesText(baseSamples(group, area)), '']), ''],
    ...changesOf(tested).map((name) => [
      name,
      ...cells((group) => changedSamples(group, name)),
      paperLoss(name),
    ]),
  ];
  const header = tested.flatMap(({ method }) => [`R@1: ${methodName(method)}`, 'points lost']);
  return paragraphs(
    table(['change', ...header, `points lost, ${PAPER_COLUMN}`], rows),
    `The paper also tells of ${PAPER_LOSSES.hallucination} points lost on views with hallucinated things; no run measures that.`,
  );
}

function paperLoss(name: string): string {
  const change = parseChange(name);
  if (change?.kind === 'camera height' && Math.abs(change.amount) > 10) {
    return `${PAPER_LOSSES.cameraHeightOver10Percent} (over 10 %)`;
  }
  return change?.kind === 'slope' && change.amount >= 5 ? `${PAPER_LOSSES.steepSlope} (steep)` : '';
}
