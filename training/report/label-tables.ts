// Tables 4 and 5 of the paper from runs: shares of labels by strategy, and the ablation. Each function returns Markdown.
import { areasOf, type Group, recallSamples } from './collect.js';
import { fixed, missingText, NONE, paragraphs, samplesText, table } from './markdown.js';
import { fractionName, queryName, STRATEGIES, sawAllPairs, strategyName, variantOf } from './method.js';
import { PAPER_ABLATION, PAPER_FRACTIONS } from './paper.js';
import { fractionsOf, groupsOf, type Kind } from './select.js';

/** Strategies of the groups: the known ones in their order, then others. */
export function strategiesOf(groups: readonly Group[]): string[] {
  const present = new Set(groups.map(({ method }) => method.strategy));
  const known = STRATEGIES.filter((name) => present.has(name));
  return [
    ...known,
    ...[...present].filter((name) => !(STRATEGIES as readonly string[]).includes(name)).sort(),
  ];
}

/** Table 4: R@1 in one area, a row for each share of labels, a column for each strategy. */
export function fractionTable(groups: readonly Group[], area: string): string {
  const missing: string[] = [];
  const strategies = strategiesOf(groups);
  for (const name of STRATEGIES)
    if (!strategies.includes(name)) missing.push(`${strategyName(name)}, at all`);
  const variants = [...new Set(groups.map(({ method }) => variantOf(method)))];
  const rows = variants.flatMap((variant) => {
    const own = groups.filter(({ method }) => variantOf(method) === variant);
    const fractions = fractionsOf(own);
    if (fractions.length < 2 && strategiesOf(own).length < 2) return [];
    return fractions.map((fraction): string[] => {
      const name = own[0] ? queryName(own[0].method) : '';
      const cells = strategies.map((strategy) => {
        const here = own.filter(({ method }) => method.fraction === fraction && method.strategy === strategy);
        if (here.length === 0 && fraction < 1) {
          missing.push(`${name}, ${fractionName(fraction)} labels, ${strategyName(strategy)}`);
        }
        return here.map((group) => samplesText(recallSamples(group, area))).join('; ') || NONE;
      });
      const paper = PAPER_FRACTIONS.find((row) => Math.abs(row.fraction - fraction) < 1e-9);
      return [name, fractionName(fraction), ...cells, fixed(paper?.dynamic, 2), fixed(paper?.ucvgl, 2)];
    });
  });
  if (rows.length === 0)
    return 'Missing in these runs: more than one share of labels, or more than one strategy.';
  const header = ['queries', 'labels', ...strategies.map(strategyName)];
  return paragraphs(
    table([...header, 'paper (CVACT), dynamic threshold', 'paper (CVACT), UCVGL'], rows),
    missingText(missing),
  );
}

interface AblationRow {
  readonly name: string;
  readonly kind: Kind;
  readonly strategy: 'none' | 'dynamic';
  readonly paper?: keyof typeof PAPER_ABLATION;
}

const ABLATION: readonly AblationRow[] = [
  { name: 'Matching: raw panorama', kind: 'panorama', strategy: 'none', paper: 'matching' },
  { name: 'Matching: BEV', kind: 'bev', strategy: 'none' },
  { name: 'BEV-CycleGAN + Matching', kind: 'contrast', strategy: 'none', paper: 'BEV_CycleGAN+Matching' },
  { name: 'DT + Matching: raw panorama', kind: 'panorama', strategy: 'dynamic', paper: 'DT+Matching' },
  { name: 'DT + Matching: BEV', kind: 'bev', strategy: 'dynamic' },
  {
    name: 'BEV-CycleGAN + DT + Matching',
    kind: 'contrast',
    strategy: 'dynamic',
    paper: 'BEV_CycleGAN-DT+Matching',
  },
];

/** Fractions at which some run selects by the dynamic threshold: where the ablation has something to show. */
export function ablationFractions(groups: readonly Group[]): number[] {
  return fractionsOf(groups.filter(({ method }) => method.strategy === 'dynamic' && method.fraction < 1));
}

/** Table 5: R@1 in one area without and with G, without and with the dynamic threshold (DT). */
export function ablationTable(groups: readonly Group[], area: string): string {
  const missing: string[] = [];
  const fractions = ablationFractions(groups);
  if (fractions.length === 0) return 'Missing in these runs: a run that selects by the dynamic threshold.';
  const rows = ABLATION.map(({ name, kind, strategy, paper }) => {
    const cells = fractions.map((fraction) => {
      const own = groupsOf(groups, kind, { fraction, strategy });
      if (own.length === 0) missing.push(`${name}, ${fractionName(fraction)} labels`);
      return own.map((group) => cell(group, area)).join('; ') || NONE;
    });
    return [name, ...cells, paper ? fixed(PAPER_ABLATION[paper]) : NONE];
  });
  const header = ['R@1', ...fractions.map((fraction) => `${fractionName(fraction)} labels`), 'paper'];
  return paragraphs(table(header, rows), missingText(missing));
}

function cell(group: Group, area: string): string {
  return samplesText(recallSamples(group, area)) + (sawAllPairs(group.method) ? ' (G saw all pairs)' : '');
}

/** The area that figures and tables with one column show. */
export function mainArea(groups: readonly Group[]): string {
  return areasOf(groups)[0] ?? 'test';
}
