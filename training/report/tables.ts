// Tables 1, 2 and 3 of the paper from runs: generation quality, retrieval, cost. Each function returns Markdown.
import type { ImageQuality } from '../evaluation/index.js';
import { encoderCost, generatorCost } from '../evaluation/index.js';
import { PROFILES } from '../networks/index.js';
import type { RunResult } from '../runs/index.js';
import { areasOf, type Group, retrievalOf, samplesOf } from './collect.js';
import { fixed, missingText, NONE, paragraphs, samplesText, spreadText, table } from './markdown.js';
import { fractionName, methodName, queryName, sameForm, strategyName } from './method.js';
import {
  PAPER_COLUMN,
  PAPER_CONTRAST_TIME,
  PAPER_COST,
  PAPER_GENERATION_GAINS,
  PAPER_RETRIEVAL,
} from './paper.js';
import { fractionsOf, generatorKindOf, type Kind, mostLabelled } from './select.js';
import { type Sample, spreadOf } from './statistics.js';

const QUALITY = ['psnrDb', 'ssim', 'rmse'] as const;
type Figure = (typeof QUALITY)[number];

interface QualityRow {
  readonly name: string;
  readonly paper?: keyof typeof PAPER_GENERATION_GAINS;
  /** Of views: which generator made them. */
  readonly kind?: Kind;
  readonly group: Group;
  readonly quality: (result: RunResult) => ImageQuality | undefined;
}

/** Groups that trained a generator of this kind, with the most labels, one for each way of training it. */
export function generatorGroups(groups: readonly Group[], kind: Kind): Group[] {
  const own = groups.filter(
    ({ method, runs }) =>
      generatorKindOf(method) === kind && runs.some(({ result }) => result.generation?.view),
  );
  const seen = new Set<string>();
  return mostLabelled(own).filter(({ method }) => {
    const key = JSON.stringify(method.generator);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** Two kinds of generators trained on the same labels in the same way, with the most labels that both have. */
export function generatorPair(groups: readonly Group[], a: Kind, b: Kind): [Group?, Group?] {
  for (const fraction of fractionsOf(groups).reverse()) {
    const own = groups.filter(({ method }) => method.fraction === fraction);
    for (const x of generatorGroups(own, a)) {
      const y = generatorGroups(own, b).find(
        ({ method: { generator } }) =>
          generator?.pairs === x.method.generator?.pairs && sameForm(generator, x.method.generator),
      );
      if (y) return [x, y];
    }
  }
  return [];
}

/** Table 1: how close to the tile is what the encoder is given. The mean tile beside it shows what a blur reaches. */
export function generationTable(groups: readonly Group[]): string {
  const missing: string[] = [];
  const rows: QualityRow[] = [];
  const generators = (kind: Kind, name: string, paper?: QualityRow['paper']) => {
    const own = generatorGroups(groups, kind);
    if (own.length === 0) missing.push(`a generator of the kind "${name}"`);
    for (const group of own) {
      const label = `${queryName({ ...group.method, queries: 'views' })}, ${fractionName(group.method.fraction)} labels`;
      const quality = ({ generation }: RunResult) => generation?.view;
      rows.push({ name: label, kind, ...(paper && { paper }), group, quality });
    }
  };
  const given = (field: 'bev' | 'panorama' | 'meanTile', name: string, paper?: QualityRow['paper']) => {
    const own = groups.filter(({ runs }) => runs.some(({ result }) => result.generation?.[field]));
    const [group] = mostLabelled(own);
    if (!group) missing.push(`image quality of the ${name}`);
    else
      rows.push({ name, ...(paper && { paper }), group, quality: ({ generation }) => generation?.[field] });
  };
  given('meanTile', 'mean tile (baseline)');
  given('panorama', 'raw panorama, squeezed');
  generators('cycleGan', 'CycleGAN (from panorama)', 'cycleGan');
  given('bev', 'BEV', 'bev');
  generators('bevCycleGan', 'BEV-CycleGAN', 'bevCycleGan');
  generators('contrast', 'BEV-CycleGAN + contrast');
  const samples = ({ group, quality }: QualityRow, figure: Figure) =>
    samplesOf(group, (result) => quality(result)?.[figure]);
  const contrasts = rows.filter(({ kind }) => kind === 'contrast');
  const residual = ({ group }: QualityRow) => group.method.generator?.residual;
  /** What a generator's gain is measured to: contrast with the same form of G. To the BEV: what comes closest to the tiles. */
  const referenceOf = (row: QualityRow): QualityRow | undefined => {
    const psnr = (one: QualityRow): number => spreadOf(samples(one, 'psnrDb')).mean;
    const [closest] = [...contrasts].sort((a, b) => psnr(b) - psnr(a));
    return (row.kind && contrasts.find((one) => residual(one) === residual(row))) ?? closest;
  };
  const gain = (row: QualityRow, figure: Figure): string => {
    const best = referenceOf(row);
    if (!best || !row.paper) return NONE;
    const [own, reference] = [spreadOf(samples(row, figure)).mean, spreadOf(samples(best, figure)).mean];
    const change = (100 * (reference - own)) / own;
    return fixed(figure === 'rmse' ? -change : change);
  };
  const paperGain = ({ paper }: QualityRow, figure: Figure): string =>
    paper ? PAPER_GENERATION_GAINS[paper][figure].map((value) => value.toFixed(1)).join(' / ') : NONE;
  const header = ['image', 'PSNR, dB', 'SSIM', 'RMSE', 'seeds'].concat(
    ['PSNR', 'SSIM', 'RMSE'].flatMap((name) => [`gain of + contrast in ${name}, %`, PAPER_COLUMN]),
  );
  const lines = rows.map((row) => [
    row.name,
    samplesText(samples(row, 'psnrDb'), 2),
    samplesText(samples(row, 'ssim'), 3),
    samplesText(samples(row, 'rmse'), 1),
    String(samples(row, 'psnrDb').length),
    ...QUALITY.flatMap((figure) => [gain(row, figure), paperGain(row, figure)]),
  ]);
  return paragraphs(rows.length > 0 ? table(header, lines) : '', missingText(missing));
}

const RECALLS = ['at1', 'at5', 'at10', 'at1Percent'] as const;

/** Table 2: every method at the most labels there are; below each, its untrained network and chance. */
export function retrievalTable(groups: readonly Group[]): string {
  const shown = groups.length > 0 ? mostLabelled(groups) : [];
  const missing: string[] = [];
  const lines = areasOf(shown).flatMap((area) =>
    shown.flatMap((group): string[][] => {
      const of = (model: 'trained' | 'untrained'): string[] | undefined => {
        const recall = (figure: (typeof RECALLS)[number]) =>
          samplesOf(group, (result) => retrievalOf(result, area, model)?.paired[figure]);
        const distances = (protocol: 'pairedDistance' | 'grid') =>
          (['within25M', 'medianErrorM'] as const).map((figure) =>
            samplesText(samplesOf(group, (result) => retrievalOf(result, area, model)?.[protocol]?.[figure])),
          );
        const count = recall('at1').length;
        if (count === 0) {
          missing.push(`figures of the ${model} network of "${group.name}" in "${area}"`);
          return undefined;
        }
        const figures = RECALLS.map((figure) => samplesText(recall(figure)));
        return [...figures, ...distances('pairedDistance'), ...distances('grid'), String(count)];
      };
      const trained = of('trained');
      const untrained = of('untrained');
      const chance = group.runs.flatMap(({ result }) => retrievalOf(result, area)?.chance ?? [])[0];
      const first = group.runs.flatMap(({ result }) => retrievalOf(result, area)?.paired ?? [])[0];
      const size = first ? ` (${first.queries} queries, ${first.gallery} tiles)` : '';
      const paper =
        group.method.queries === 'views' && group.method.generator?.contrast ? paperRecall() : NONE;
      return [
        ...(trained ? [[`**${methodName(group.method)}**, ${area}${size}`, ...trained, paper]] : []),
        ...(untrained ? [['untrained network', ...untrained, NONE]] : []),
        ...(chance
          ? [['chance', ...RECALLS.map((figure) => fixed(chance[figure])), ...Array(6).fill(NONE)]]
          : []),
      ];
    }),
  );
  const header = [
    'method and area',
    'R@1',
    'R@5',
    'R@10',
    'R@1 %',
    'first tile: within 25 m',
    'median error, m',
    'grid: within 25 m',
    'median error, m',
    'seeds',
  ];
  const others = PAPER_RETRIEVAL.map(({ method, cvusa, cvactTest }) => [
    method,
    fixed(cvusa, 2),
    fixed(cvactTest, 2),
  ]);
  return paragraphs(
    lines.length > 0 ? table([...header, `R@1, ${PAPER_COLUMN}`], lines) : '',
    missingText(missing),
    'Published figures, on other data than ours (R@1 on CVUSA and on the CVACT test set), not comparable with the rows above:',
    table(['method, as published', 'CVUSA', 'CVACT test'], others),
  );
}

function paperRecall(): string {
  const [paper] = PAPER_RETRIEVAL;
  return `${paper.cvusa} / ${paper.cvactTest}`;
}

/** Table 3: parameters, operations and time; the last lines are the paper's networks, counted from their configuration. */
export function costTable(groups: readonly Group[]): string {
  const missing: string[] = [];
  const millions = (samples: readonly Sample[]) =>
    samplesText(
      samples.map((s) => ({ ...s, value: s.value / 1e6 })),
      2,
    );
  const giga = (samples: readonly Sample[]) =>
    samplesText(
      samples.map((s) => ({ ...s, value: s.value / 1e9 })),
      2,
    );
  const rows = (groups.length > 0 ? mostLabelled(groups) : []).flatMap((group): string[][] => {
    const of = (figure: (cost: NonNullable<RunResult['cost']>) => number | undefined) =>
      samplesOf(group, ({ cost }) => cost && figure(cost));
    if (group.runs.every(({ result }) => result.cost === undefined)) {
      missing.push(`cost of "${group.name}"`);
      return [];
    }
    const seconds = (stage: string) => {
      const samples = of((cost) => cost.trainSeconds?.[stage]);
      return samples.length > 0 ? spreadText(spreadOf(samples), 0) : NONE;
    };
    return [
      [
        `${queryName(group.method)}, ${strategyName(group.method.strategy)}`,
        plain(millions(of((cost) => cost.generator?.parameters))),
        plain(giga(of((cost) => cost.generator?.flops))),
        plain(millions(of((cost) => cost.encoder?.parameters))),
        plain(giga(of((cost) => cost.encoder?.flops))),
        samplesText(of((cost) => cost.queryMs)),
        seconds('stage1'),
        seconds('stage3'),
      ],
    ];
  });
  const g = generatorCost(PROFILES.paper.generator);
  const e = encoderCost(PROFILES.paper.encoder);
  const published = [
    'the paper profile, counted (256 × 256)',
    fixed(g.parameters / 1e6, 2),
    fixed(g.flops / 1e9, 2),
    fixed(e.parameters / 1e6, 2),
    fixed(e.flops / 1e9, 2),
    NONE,
    NONE,
    NONE,
  ];
  const printed = [
    PAPER_COLUMN,
    NONE,
    NONE,
    fixed(PAPER_COST.parametersM, 1),
    fixed(PAPER_COST.gigaFlops, 1),
    String(1000 * PAPER_COST.queryS),
    NONE,
    NONE,
  ];
  const header = [
    'method',
    'G, M parameters',
    'G, GFLOPs',
    'E, M parameters',
    'E, GFLOPs',
    'query, ms',
    'stage 1, s',
    'stage 3, s',
  ];
  return paragraphs(
    table(header, [...rows, published, printed]),
    'FLOPs are multiply-accumulates of one image, as the field prints them. The 25.8 M parameters ' +
      'that the paper prints are not those of ConvNeXt-B.',
    contrastTime(groups),
    missingText(missing),
  );
}

/** What the contrast costs: stage 1 with it against stage 1 without. */
function contrastTime(groups: readonly Group[]): string {
  const [a, b] = generatorPair(groups, 'contrast', 'bevCycleGan');
  const seconds = (group: Group | undefined) =>
    group ? samplesOf(group, ({ cost }) => cost?.trainSeconds?.stage1) : [];
  const [longer, shorter] = [spreadOf(seconds(a)).mean, spreadOf(seconds(b)).mean];
  if (!(longer > 0 && shorter > 0)) return '';
  const own = fixed(100 * (longer / shorter - 1));
  return (
    `With contrast stage 1 takes ${own} % longer here; in the paper a step does by ${PAPER_CONTRAST_TIME.join(' / ')} ` +
    '% (CVUSA/CVACT).'
  );
}

/** Counts do not spread over seeds. */
function plain(text: string): string {
  return text.replace(/ ± 0\.0+$/, '');
}
