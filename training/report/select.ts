// Which groups stand for what a table or a claim speaks of.
import type { Group } from './collect.js';
import { type Method, sameForm, variantOf } from './method.js';

export type Kind = 'panorama' | 'bev' | 'cycleGan' | 'bevCycleGan' | 'contrast';

/** What the encoder is asked with, as the paper's tables name it. */
export function kindOf({ queries, generator }: Method): Kind {
  if (queries !== 'views') return queries;
  if (generator?.source === 'panorama') return 'cycleGan';
  return generator?.contrast ? 'contrast' : 'bevCycleGan';
}

/** The kind of generator that a run trained; undefined where it trained none. */
export function generatorKindOf({ generator }: Method): Kind | undefined {
  return generator && kindOf({ queries: 'views', generator, fraction: 1, strategy: 'none', loss: '' });
}

/** Groups of a kind; those with another share of labels or strategy are left out where these are given. */
export function groupsOf(
  groups: readonly Group[],
  kind: Kind,
  { fraction, strategy }: { readonly fraction?: number; readonly strategy?: string } = {},
): Group[] {
  return groups.filter(
    ({ method }) =>
      kindOf(method) === kind &&
      (fraction === undefined || method.fraction === fraction) &&
      (strategy === undefined || method.strategy === strategy),
  );
}

/** Those with the most labels: tables that are not about labels show them. */
export function mostLabelled(groups: readonly Group[]): Group[] {
  const most = Math.max(...groups.map(({ method }) => method.fraction));
  return groups.filter(({ method }) => method.fraction === most);
}

/** Label fractions of the groups, few labels first. */
export function fractionsOf(groups: readonly Group[]): number[] {
  return [...new Set(groups.map(({ method }) => method.fraction))].sort((a, b) => a - b);
}

/** Pairs of a group from each list that were trained with one loss, and asked with views of one form where both are. */
export function sameLoss(a: readonly Group[], b: readonly Group[]): [Group, Group][] {
  return a.flatMap((x) =>
    b
      .filter((y) => x.method.loss === y.method.loss && viewsOfOneForm(x, y))
      .map((y): [Group, Group] => [x, y]),
  );
}

function viewsOfOneForm({ method: a }: Group, { method: b }: Group): boolean {
  return a.queries !== 'views' || b.queries !== 'views' || sameForm(a.generator, b.generator);
}

/** Pairs that differ by strategy (and nothing else that a report reads). */
export function sameVariant(a: readonly Group[], b: readonly Group[]): [Group, Group][] {
  return a.flatMap((x) =>
    b
      .filter((y) => variantOf(x.method) === variantOf(y.method) && x.method.fraction === y.method.fraction)
      .map((y): [Group, Group] => [x, y]),
  );
}
