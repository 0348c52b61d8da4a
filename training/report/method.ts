// What a run did, in the paper's words: read from its configuration, never from its name.
import type { QueryForm, ReportedConfig } from '../runs/index.js';

export interface Method {
  /** What the encoder is asked with. */
  readonly queries: QueryForm;
  /** The generator that was trained; undefined without stage 1. */
  readonly generator?: {
    readonly source: 'bev' | 'panorama';
    readonly contrast: boolean;
    /** The view is the BEV and what G adds to it. */
    readonly residual: boolean;
    /** Which pairs stage 1 could read; "all" is the paper's setting. */
    readonly pairs: 'labelled' | 'all';
  };
  /** Share of labelled pairs, over 0 to 1. */
  readonly fraction: number;
  /** "none" is supervised only. */
  readonly strategy: string;
  /** Stage 3's loss as JSON: only runs of one loss are compared. */
  readonly loss: string;
}

/** The strategies in the order in which reports show them. */
export const STRATEGIES = ['none', 'fixed', 'margin', 'ucvgl', 'dynamic'] as const;

const STRATEGY_NAMES: Readonly<Record<string, string>> = {
  none: 'supervised only',
  fixed: 'fixed threshold',
  margin: 'top1 − top2 margin',
  ucvgl: 'UCVGL',
  dynamic: 'dynamic threshold',
};

export function methodOf({ queries, stage1, labels, selfTraining, stage3 }: ReportedConfig): Method {
  const strategy = selfTraining?.enabled === false ? 'none' : (selfTraining?.strategy ?? 'none');
  return {
    queries,
    ...(stage1.enabled && {
      generator: {
        source: stage1.source ?? 'bev',
        contrast: (stage1.lambdaContrast ?? 0) > 0,
        residual: stage1.residual ?? false,
        pairs: stage1.pairs ?? 'labelled',
      },
    }),
    fraction: labels.fraction,
    strategy,
    loss: JSON.stringify(stage3 ?? null),
  };
}

/** True where the views come from a generator that could read pairs beyond the labelled ones. */
export function sawAllPairs({ queries, generator, fraction }: Method): boolean {
  return queries === 'views' && generator?.pairs === 'all' && fraction < 1;
}

/** e.g. "BEV-CycleGAN + contrast" */
export function queryName(method: Method): string {
  const { queries, generator } = method;
  if (queries === 'bev') return 'BEV';
  if (queries === 'panorama') return 'raw panorama';
  const cycleGan = generator?.source === 'panorama' ? 'CycleGAN (from panorama)' : 'BEV-CycleGAN';
  const saw = sawAllPairs(method) ? " (G saw all pairs: the paper's setting)" : '';
  const residual = generator?.residual ? ', residual G' : '';
  return `${cycleGan}${generator?.contrast ? ' + contrast' : ''}${residual}${saw}`;
}

export function strategyName(strategy: string): string {
  return STRATEGY_NAMES[strategy] ?? strategy;
}

export function fractionName(fraction: number): string {
  return `${Number((100 * fraction).toPrecision(4))} %`;
}

/** e.g. "BEV, 10 % labels, dynamic threshold" */
export function methodName(method: Method): string {
  return `${queryName(method)}, ${fractionName(method.fraction)} labels, ${strategyName(method.strategy)}`;
}

/** The method but for its label fraction and strategy: what a row of table 4 holds equal. */
export function variantOf({ queries, generator, loss }: Method): string {
  return JSON.stringify([queries, queries === 'views' ? generator : null, loss]);
}

/** Generators that differ by what was trained into them alone: of two that start from BEVs, both or neither add to them. */
export function sameForm(a: Method['generator'], b: Method['generator']): boolean {
  return a?.source !== 'bev' || b?.source !== 'bev' || a.residual === b.residual;
}

/** Plain before elaborate: the order of rows. */
export function compareMethods(a: Method, b: Method): number {
  const order = (method: Method): number[] => [
    -method.fraction,
    ['panorama', 'bev', 'views'].indexOf(method.queries),
    method.generator?.source === 'panorama' ? 0 : 1,
    method.generator?.residual ? 1 : 0,
    method.generator?.contrast ? 1 : 0,
    (STRATEGIES as readonly string[]).indexOf(method.strategy),
  ];
  const [x, y] = [order(a), order(b)];
  for (const [k, value] of x.entries()) {
    const apart = value - (y[k] ?? 0);
    if (apart !== 0) return apart;
  }
  return 0;
}
