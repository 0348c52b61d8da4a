// The paper's claims held against the runs. Nothing here is written by hand but the claims: every verdict follows from
// the numbers by the rule in statistics.ts, and a claim that no runs speak of is listed as such.
import { areasOf, type Group, recallSamples, samplesOf } from './collect.js';
import { ablationFractions } from './label-tables.js';
import { fixed, paragraphs, spreadText, table } from './markdown.js';
import { fractionName, methodName, sawAllPairs, strategyName } from './method.js';
import { PAPER_PRECISION } from './paper.js';
import { baseSamples, meanOver, testedGroups } from './robustness.js';
import { fractionsOf, groupsOf, type Kind, mostLabelled, sameLoss, sameVariant } from './select.js';
import { type Comparison, compareSamples, compareToLimit, type Sample, VERDICT_RULE } from './statistics.js';
import { generatorGroups, generatorPair } from './tables.js';
import { precisionAt, precisionOf } from './updates.js';

export interface Claim {
  readonly section: string;
  readonly text: string;
  /** Undefined where no runs speak of it. */
  readonly comparison?: Comparison;
  readonly digits?: number;
}

/** All claims for the groups of one data set. */
export function claimsOf(groups: readonly Group[]): Claim[] {
  return [
    ...generationClaims(groups),
    ...retrievalClaims(groups),
    ...labelClaims(groups),
    ...precisionClaims(groups),
    ...ablationClaims(groups),
    ...robustnessClaims(groups),
  ];
}

function claim(
  section: string,
  text: string,
  a: readonly Sample[],
  b: readonly Sample[],
  lower = false,
  digits = 1,
): Claim {
  if (a.length === 0 || b.length === 0) return { section, text };
  return { section, text, comparison: compareSamples(a, b, lower), digits };
}

function generationClaims(groups: readonly Group[]): Claim[] {
  const section = 'Generation (table 1)';
  const figures = [
    { figure: 'psnrDb', name: 'PSNR', lower: false, digits: 2 },
    { figure: 'ssim', name: 'SSIM', lower: false, digits: 3 },
    { figure: 'rmse', name: 'RMSE', lower: true, digits: 2 },
  ] as const;
  const orders: readonly (readonly [string, Kind, Kind])[] = [
    ['BEV-CycleGAN + contrast better than BEV-CycleGAN', 'contrast', 'bevCycleGan'],
    ['BEV-CycleGAN better than BEV', 'bevCycleGan', 'bev'],
    ['BEV-CycleGAN + contrast better than BEV', 'contrast', 'bev'],
    ['BEV-CycleGAN + contrast better than CycleGAN (from panorama)', 'contrast', 'cycleGan'],
  ];
  return orders.flatMap(([text, better, worse]) => {
    const pairs = worse === 'bev' ? withBevs(groups, better) : [generatorPair(groups, better, worse)];
    const judged = pairs.flatMap(([a, b]) =>
      a && b
        ? figures.map(({ figure, name, lower, digits }) =>
            claim(
              section,
              `${name}: ${text}${pairs.length > 1 ? ` [${a.name}]` : ''}`,
              samplesOf(a, ({ generation }) => generation?.view?.[figure]),
              samplesOf(b, ({ generation }) => generation?.[worse === 'bev' ? 'bev' : 'view']?.[figure]),
              lower,
              digits,
            ),
          )
        : [],
    );
    return judged.length > 0 ? judged : [{ section, text }];
  });
}

/** Each group that trained such a generator beside itself: its runs measured the BEVs of the same places. */
function withBevs(groups: readonly Group[], kind: Kind): [Group, Group][] {
  return generatorGroups(groups, kind)
    .filter(({ runs }) => runs.some(({ result }) => result.generation?.bev))
    .map((own) => [own, own]);
}

function retrievalClaims(groups: readonly Group[]): Claim[] {
  const section = 'Retrieval (table 2), R@1 at the most labels';
  const most = groups.length > 0 ? mostLabelled(groups) : [];
  const orders: readonly (readonly [string, Kind, Kind])[] = [
    ['BEV-CycleGAN + contrast better than BEV', 'contrast', 'bev'],
    ['BEV better than the raw panorama', 'bev', 'panorama'],
    ['BEV-CycleGAN + contrast better than BEV-CycleGAN', 'contrast', 'bevCycleGan'],
    ['BEV-CycleGAN + contrast better than CycleGAN (from panorama)', 'contrast', 'cycleGan'],
  ];
  return orders.flatMap(([text, a, b]) => pairsIn(groups, section, text, sameLoss(of(most, a), of(most, b))));
}

/** Supervised groups of a kind, or those of every strategy where there are none. */
function of(groups: readonly Group[], kind: Kind): Group[] {
  const supervised = groupsOf(groups, kind, { strategy: 'none' });
  return supervised.length > 0 ? supervised : groupsOf(groups, kind);
}

/** One claim for each pair of groups and each area. */
function pairsIn(
  groups: readonly Group[],
  section: string,
  text: string,
  pairs: readonly (readonly [Group, Group])[],
): Claim[] {
  if (pairs.length === 0) return [{ section, text }];
  return pairs.flatMap(([a, b]) =>
    areasOf(groups).map((area) =>
      claim(
        section,
        `${text}${suffix(pairs, a, b)} (${area})`,
        recallSamples(a, area),
        recallSamples(b, area),
      ),
    ),
  );
}

/** Tells pairs apart, and where a generator saw what its encoder was not allowed to. */
function suffix(pairs: readonly (readonly [Group, Group])[], a: Group, b: Group): string {
  const which = pairs.length > 1 ? ` [${a.name}, ${b.name}]` : '';
  return sawAllPairs(a.method) || sawAllPairs(b.method) ? `${which} (G saw all pairs)` : which;
}

function labelClaims(groups: readonly Group[]): Claim[] {
  const section = 'Few labels (table 4), R@1';
  const few = fractionsOf(groups).filter((fraction) => fraction < 1);
  if (few.length === 0) return [{ section, text: 'dynamic threshold better than other strategies' }];
  return few.flatMap((fraction) => {
    const own = groups.filter(({ method }) => method.fraction === fraction);
    const strategy = (name: string) => own.filter(({ method }) => method.strategy === name);
    return ['fixed', 'margin', 'ucvgl', 'none'].flatMap((other) =>
      pairsIn(
        groups,
        section,
        `${fractionName(fraction)} labels: dynamic threshold better than ${strategyName(other)}`,
        sameVariant(strategy('dynamic'), strategy(other)),
      ),
    );
  });
}

function precisionClaims(groups: readonly Group[]): Claim[] {
  const section = 'Pseudo-labels (figure 6), precision in percent';
  const dynamic = groups.filter(({ method, runs }) => method.strategy === 'dynamic' && runs.length > 0);
  if (dynamic.length === 0) return [{ section, text: 'at least 80 % right at the second update' }];
  const [from, to] = PAPER_PRECISION;
  return dynamic.flatMap((group) => {
    const limit = (text: string, samples: readonly Sample[]): Claim =>
      samples.length === 0
        ? { section, text: `${text} (${methodName(group.method)})` }
        : { section, text: `${text} (${methodName(group.method)})`, comparison: compareToLimit(samples, 80) };
    const second = samplesOf(group, (result) => precisionAt(result, 1));
    const lowest = samplesOf(group, (result) => {
      const later = precisionOf(result)
        .slice(1)
        .flatMap((value) => value ?? []);
      return later.length > 0 ? Math.min(...later) : undefined;
    });
    const last = samplesOf(group, (result) => precisionAt(result, -1));
    return [
      limit('at least 80 % right at the second update', second),
      limit('at least 80 % right in every update from the second on (the lowest)', lowest),
      claim(
        section,
        `last update more precise than the second (paper: ${from} → ${to}) (${methodName(group.method)})`,
        last,
        second,
      ),
    ];
  });
}

function ablationClaims(groups: readonly Group[]): Claim[] {
  const section = 'Ablation (table 5), R@1';
  const fractions = ablationFractions(groups);
  if (fractions.length === 0)
    return [{ section, text: 'BEV-CycleGAN and the dynamic threshold together are best' }];
  return fractions.flatMap((fraction) => {
    const at = (kind: Kind, strategy: string) => groupsOf(groups, kind, { fraction, strategy });
    const both = at('contrast', 'dynamic');
    const orders: readonly (readonly [string, Group[], Group[]])[] = [
      [
        'BEV-CycleGAN + Matching better than Matching (raw panorama)',
        at('contrast', 'none'),
        at('panorama', 'none'),
      ],
      [
        'DT + Matching better than Matching (raw panorama)',
        at('panorama', 'dynamic'),
        at('panorama', 'none'),
      ],
      [
        'DT + Matching better than BEV-CycleGAN + Matching',
        at('panorama', 'dynamic'),
        at('contrast', 'none'),
      ],
      ['both better than BEV-CycleGAN + Matching', both, at('contrast', 'none')],
      ['both better than DT + Matching (raw panorama)', both, at('panorama', 'dynamic')],
      ['both better than DT + Matching (BEV)', both, at('bev', 'dynamic')],
    ];
    return orders.flatMap(([text, a, b]) =>
      pairsIn(groups, section, `${fractionName(fraction)} labels: ${text}`, sameLoss(a, b)),
    );
  });
}

function robustnessClaims(groups: readonly Group[]): Claim[] {
  const section = 'Robustness, R@1';
  const changes = [
    {
      text: 'a camera height off by more than 10 % costs R@1 (paper: about 4.5 points)',
      wanted: (kind: string, amount: number) => kind === 'camera height' && Math.abs(amount) > 10,
    },
    {
      text: 'a slope of 5° or more costs R@1 (paper: about 4.5 points)',
      wanted: (kind: string, amount: number) => kind === 'slope' && amount >= 5,
    },
  ];
  const tested = testedGroups(groups);
  const [area = 'test'] = areasOf(groups);
  return changes.flatMap(({ text, wanted }) => {
    if (tested.length === 0) return [{ section, text }];
    return tested.map((group) => {
      const after = meanOver(group, ({ kind, amount }) => wanted(kind, amount));
      return claim(section, `${text} (${methodName(group.method)})`, baseSamples(group, area), after);
    });
  });
}

/** Claims as tables, section by section, under the rule. */
export function claimsText(claims: readonly Claim[]): string {
  const sections = [...new Set(claims.map(({ section }) => section))];
  const parts = sections.map((section) => {
    const own = claims.filter((one) => one.section === section);
    const judged = own.flatMap(({ text, comparison, digits }) =>
      comparison ? [row(text, comparison, digits)] : [],
    );
    const open = own.flatMap(({ text, comparison }) => (comparison ? [] : [text]));
    const header = ['claim', 'A', 'B or limit', 'difference', 's', 'seeds in favour', 'verdict'];
    return paragraphs(
      `#### ${section}`,
      judged.length > 0 ? table(header, judged) : '',
      open.length > 0 ? `Not judged, for want of runs: ${[...new Set(open)].join('; ')}.` : '',
    );
  });
  return paragraphs(VERDICT_RULE, ...parts);
}

function row(
  text: string,
  { better, worse, difference, pooled, seeds, seedsFor, verdict }: Comparison,
  digits = 1,
) {
  const sign = difference > 0 ? '+' : '';
  return [
    text,
    spreadText(better, digits),
    spreadText(worse, digits),
    `${sign}${fixed(difference, digits)}`,
    fixed(pooled, digits),
    `${seedsFor} of ${seeds}`,
    verdict,
  ];
}
