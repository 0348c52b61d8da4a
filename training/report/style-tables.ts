// The matrices of unseen styles as Markdown: what is reached on a style that nothing was fitted on, model beside model, and
// what a fit on one style is worth on each.
import { fixed, NONE, paragraphs, samplesText, table } from './markdown.js';
import type { Sample } from './statistics.js';
import { compareSamples, compareToLimit, spreadOf } from './statistics.js';
import type { StyleCell, StyleModelName, StyleProtocol, StylesResult } from './style-result.js';

/** A figure of a cell, percent; undefined where it was not measured. */
interface Measure {
  readonly title: string;
  readonly of: (cell: StyleCell) => number | undefined;
  /** What a model is to reach on every unseen style. */
  readonly target?: number;
}

export const AT_1: Measure = { title: 'R@1', of: ({ paired }) => paired.at1, target: 80 };
const MEASURES: readonly Measure[] = [
  AT_1,
  { title: 'R@5', of: ({ paired }) => paired.at5 },
  { title: 'grid within 25 m', of: ({ grid }) => grid?.within25M, target: 75 },
];

interface Wanted {
  readonly protocol: StyleProtocol;
  readonly model: string;
  readonly testedOn: string;
  readonly fittedOn?: string;
}

/** One figure for each seed, in the order of the seeds. */
export function styleSamples(cells: readonly StyleCell[], wanted: Wanted, { of }: Measure): Sample[] {
  return cells
    .filter(
      ({ protocol, model, testedOn, fittedOn }) =>
        protocol === wanted.protocol &&
        model === wanted.model &&
        testedOn === wanted.testedOn &&
        (wanted.fittedOn === undefined || fittedOn.includes(wanted.fittedOn)),
    )
    .flatMap((cell) => {
      const value = of(cell);
      return value === undefined ? [] : [{ seed: cell.seed, value }];
    })
    .sort((a, b) => a.seed - b.seed);
}

/** Of each seed the mean over styles; only seeds that have a figure for every style. */
export function meanOverStyles(ofStyles: readonly (readonly Sample[])[]): Sample[] {
  const [first = []] = ofStyles;
  return first.flatMap(({ seed }) => {
    const values = ofStyles.map((samples) => samples.find((sample) => sample.seed === seed)?.value);
    if (values.some((value) => value === undefined)) return [];
    return [{ seed, value: values.reduce<number>((sum, value) => sum + (value ?? 0), 0) / values.length }];
  });
}

/** Styles with a test world, in the result's order. */
export function testedStyles({ worlds }: Pick<StylesResult, 'worlds'>): string[] {
  return worlds.filter(({ role }) => role === 'test').map(({ style }) => style);
}

/** R@1, R@5 and the grid's figure of every model on every style that it was not fitted on, with the best of each row. */
export function unseenTables(result: StylesResult): string {
  const styles = testedStyles(result);
  const tables = MEASURES.flatMap((measure) => {
    const columns = result.models.map(({ name }) =>
      styles.map((testedOn) =>
        styleSamples(result.cells, { protocol: 'leave-one-out', model: name, testedOn }, measure),
      ),
    );
    const shown = result.models.flatMap((model, k) =>
      columns[k]?.some((samples) => samples.length > 0) ? [{ model, ofStyles: columns[k] }] : [],
    );
    if (shown.length === 0) return [];
    const row = (name: string, samples: readonly (readonly Sample[])[]) => [
      name,
      ...samples.map((some) => samplesText(some)),
      bestText(
        shown.map(({ model }) => model),
        samples,
      ),
    ];
    const rows = styles.map((style, s) =>
      row(
        style,
        shown.map(({ ofStyles }) => ofStyles[s] ?? []),
      ),
    );
    const means = shown.map(({ ofStyles }) => meanOverStyles(ofStyles));
    const head = ['unseen style', ...shown.map(({ model }) => model.title), 'best'];
    return [paragraphs(`**${measure.title}, percent**`, table(head, [...rows, row('mean', means)]))];
  });
  return paragraphs(...tables);
}

/** The model with the highest mean, and whether that is more than the second's error bars. */
function bestText(models: readonly StyleModelName[], samples: readonly (readonly Sample[])[]): string {
  const ranked = models
    .map(({ title }, k) => ({ title, own: samples[k] ?? [] }))
    .filter(({ own }) => own.length > 0)
    .sort((a, b) => spreadOf(b.own).mean - spreadOf(a.own).mean);
  const [best, second] = ranked;
  if (!best) return NONE;
  if (!second) return best.title;
  const { difference, verdict } = compareSamples(best.own, second.own);
  if (difference === 0) return `${best.title} and ${second.title}`;
  return verdict === 'holds within the error bars only'
    ? `${best.title}, within the error bars of ${second.title}`
    : best.title;
}

/** Of each model but the first: on how many unseen styles it beats the first, and where the targets are reached. */
export function unseenVerdicts(result: StylesResult): string {
  const styles = testedStyles(result);
  const [reference, ...others] = result.models.filter(({ isBound }) => !isBound);
  if (!reference) return '';
  const samplesOf = (model: string, testedOn: string, measure: Measure) =>
    styleSamples(result.cells, { protocol: 'leave-one-out', model, testedOn }, measure);
  const lines = others.flatMap(({ name, title }) => {
    const compared = styles.flatMap((style) => {
      const [own, other] = [samplesOf(name, style, AT_1), samplesOf(reference.name, style, AT_1)];
      return own.length > 0 && other.length > 0 ? [compareSamples(own, other)] : [];
    });
    if (compared.length === 0) return [];
    const better = compared.filter(({ difference }) => difference > 0);
    const clear = better.filter(({ verdict }) => verdict === 'holds outside the error bars').length;
    const gain = compared.reduce((sum, { difference }) => sum + difference, 0) / compared.length;
    return [
      `- ${title} against ${reference.title}: better R@1 on ${better.length} of ${compared.length} unseen styles ` +
        `(${clear} outside the error bars), ${gain >= 0 ? '+' : ''}${fixed(gain)} points in the mean.`,
    ];
  });
  const targets = [reference, ...others].flatMap(({ name, title }) =>
    MEASURES.flatMap((measure) => {
      const { target } = measure;
      if (target === undefined) return [];
      const all = styles.map((style) => samplesOf(name, style, measure));
      if (all.some((samples) => samples.length === 0)) return [];
      const reached = all.filter((samples) => compareToLimit(samples, target).difference >= 0).length;
      return [
        `- ${title}, ${measure.title} ≥ ${target} %: reached on ${reached} of ${styles.length} unseen styles.`,
      ];
    }),
  );
  return [...lines, ...targets].join('\n');
}

/** Of each model, R@1 fitted on the style of the row, tested on that of the column; then its mean over the other styles. */
export function styleByStyleTables(result: StylesResult): string {
  const styles = testedStyles(result);
  const tables = result.models.flatMap(({ name, title }) => {
    const rows = styles.flatMap((fittedOn) => {
      const all = styles.map((testedOn) =>
        styleSamples(result.cells, { protocol: 'one-style', model: name, testedOn, fittedOn }, AT_1),
      );
      if (all.every((samples) => samples.length === 0)) return [];
      const others = meanOverStyles(all.filter((_, k) => styles[k] !== fittedOn));
      return [[fittedOn, ...all.map((samples) => samplesText(samples)), samplesText(others)]];
    });
    if (rows.length === 0) return [];
    const head = ['fitted on \\ tested on', ...styles, 'the others'];
    return [paragraphs(`**${title}: R@1, percent**`, table(head, rows))];
  });
  return paragraphs(...tables);
}
