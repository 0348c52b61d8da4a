// Line charts and bar charts as standalone SVG, drawn like figures in a paper. The same input gives the same bytes.
import { scaleBand, scaleLinear } from 'd3-scale';
import { area, line } from 'd3-shape';
import {
  axesSvg,
  chartSvg,
  colourOf,
  extentOf,
  FONT_PX,
  HEIGHT,
  LINE_PX,
  legendOf,
  plotOf,
  px,
  RIGHT,
  roundedDomain,
  strokeOf,
  symbolSvg,
  textSvg,
} from './chart-frame.js';
import { textWidthPx } from './svg-text.js';

export interface LineSeries {
  readonly name: string;
  /** [x, y], in the order of x; a y that is not finite leaves a gap. */
  readonly points: readonly (readonly [number, number])[];
  /** [x, lowest, highest], drawn as a light band behind the line. */
  readonly band?: readonly (readonly [number, number, number])[];
}

export interface LineChart {
  readonly title: string;
  /** With the unit where there is one, e.g. "distance (m)". */
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly LineSeries[];
  /** Both ends of the y axis; what lies outside is cut off. From the data without it. */
  readonly yRange?: readonly [number, number];
}

export interface Bar {
  readonly name: string;
  readonly value: number;
  /** Half the length of the error bar, e.g. the standard deviation over seeds. */
  readonly deviation?: number;
}

export interface BarChart {
  readonly title: string;
  readonly yLabel: string;
  /** Bars of one name have one colour in all groups. */
  readonly groups: readonly { readonly name: string; readonly bars: readonly Bar[] }[];
  /** Both ends of the y axis, e.g. 0 and 100 for shares; from the data without it. */
  readonly yRange?: readonly [number, number];
}

/** Series with up to so many points have a mark at each. */
const MARKED_POINTS = 15;
const WIDEST_BAR_PX = 56;

/** Lines over a numeric x, each with a band where it has one: the text of an SVG file, 640 x 400. */
export function lineChart({ title, xLabel, yLabel, series, yRange }: LineChart): string {
  const isMarked = (k: number) => (series[k]?.points.length ?? 0) <= MARKED_POINTS;
  const legend = legendOf(
    series.map(({ name }, k) => ({
      name,
      mark: `<path d="M-11 0H11" ${strokeOf(k)}/>${isMarked(k) ? symbolSvg(k, 0, 0) : ''}`,
    })),
  );
  const all = series.flatMap(({ points, band = [] }) => [...points, ...band]);
  const domain = yRange ?? roundedDomain(withZero(extentOf(all.flatMap(([, ...values]) => values)), 0.5));
  const plot = plotOf(domain, legend.bottom, HEIGHT - 52);
  const { left, top, bottom, y } = plot;
  const x = scaleLinear(withZero(extentOf(all.map(([at]) => at)), 0.05), [left, RIGHT]);
  const xFormat = x.tickFormat(8);
  const ticks = x.ticks(8).map((tick) => {
    const mark = `<path d="M${px(x(tick))} ${bottom}v4" stroke="#222222"/>`;
    return mark + textSvg(x(tick), bottom + 18, xFormat(tick));
  });
  const bandPath = area<readonly [number, number, number]>()
    .defined((point) => point.every(Number.isFinite))
    .x(([at]) => x(at))
    .y0(([, low]) => y(low))
    .y1(([, , high]) => y(high))
    .digits(1);
  const linePath = line<readonly [number, number]>()
    .defined((point) => point.every(Number.isFinite))
    .x(([at]) => x(at))
    .y(([, value]) => y(value))
    .digits(1);
  const bands = series.flatMap(({ band }, k) =>
    band ? `<path d="${bandPath(band) ?? ''}" fill="${colourOf(k)}" fill-opacity="0.16"/>` : [],
  );
  const lines = series.map(({ points }, k) => {
    const marks = isMarked(k) ? points.filter((point) => point.every(Number.isFinite)) : [];
    const path = `<path d="${linePath(points) ?? ''}" ${strokeOf(k)} fill="none"/>`;
    return path + marks.map(([at, value]) => symbolSvg(k, x(at), y(value))).join('');
  });
  // A nested svg cuts off what leaves the plot; the marks on its edges stay whole.
  const edge = 5;
  const cut = [left - edge, top - edge, RIGHT - left + 2 * edge, bottom - top + 2 * edge];
  return chartSvg(title, [
    axesSvg(plot, yLabel),
    ...ticks,
    textSvg((left + RIGHT) / 2, HEIGHT - 12, xLabel),
    `<svg x="${cut[0]}" y="${cut[1]}" width="${cut[2]}" height="${cut[3]}" viewBox="${cut.join(' ')}">`,
    ...bands,
    ...lines,
    '</svg>',
    legend.svg,
  ]);
}

/** Groups of bars from zero, with their values and error bars: the text of an SVG file, 640 x 400. */
export function barChart({ title, yLabel, groups, yRange }: BarChart): string {
  const names = [...new Set(groups.flatMap(({ bars }) => bars.map(({ name }) => name)))];
  const legend = legendOf(
    names.map((name, k) => ({
      name,
      mark: `<rect x="-6" y="-6" width="12" height="12" fill="${colourOf(k)}"/>`,
    })),
  );
  const bars = groups.flatMap((group) => group.bars).filter(({ value }) => Number.isFinite(value));
  const ends = bars.flatMap(({ value, deviation = 0 }) => [value - deviation, value + deviation]);
  const room = 0.62 * (RIGHT / Math.max(1, groups.length));
  const captions = groups.map(({ name }) => wrapped(name, Math.max(room, 40)));
  const captionLines = Math.max(1, ...captions.map((lines) => lines.length));
  const plot = plotOf(
    yRange ?? roundedDomain(extentOf([0, ...ends])),
    legend.bottom + 14,
    HEIGHT - 14 - LINE_PX * captionLines,
  );
  const { left, bottom, y } = plot;
  const x = scaleBand([...groups.keys()], [left, RIGHT])
    .paddingInner(0.25)
    .paddingOuter(0.15);
  const digits = digitsFor(bars.map(({ value }) => value));
  const drawn = groups.map((group, g) => {
    const own = group.bars.filter(({ value }) => Number.isFinite(value));
    const step = Math.min(WIDEST_BAR_PX, x.bandwidth() / Math.max(1, own.length));
    const start = (x(g) ?? 0) + x.bandwidth() / 2 - (step * own.length) / 2;
    return own.map((bar, k) => {
      const middle = start + (k + 0.5) * step;
      return barSvg(bar, colourOf(names.indexOf(bar.name)), middle, step, y, digits);
    });
  });
  const below = captions.flatMap((lines, g) =>
    lines.map((words, k) => textSvg((x(g) ?? 0) + x.bandwidth() / 2, bottom + 18 + k * LINE_PX, words)),
  );
  const zero = `<path d="M${left} ${px(y(0))}H${RIGHT}" stroke="#222222"/>`;
  return chartSvg(title, [axesSvg(plot, yLabel), ...drawn.flat(), zero, ...below, legend.svg]);
}

function barSvg(
  { value, deviation }: Bar,
  fill: string,
  middle: number,
  stepPx: number,
  y: (value: number) => number,
  digits: number,
): string {
  const widthPx = stepPx * 0.88;
  const top = y(Math.max(0, value));
  const height = y(Math.min(0, value)) - top;
  const rect =
    `<rect x="${px(middle - widthPx / 2)}" y="${px(top)}" width="${px(widthPx)}" height="${px(height)}" ` +
    `fill="${fill}"/>`;
  const [high, low] = [y(value + (deviation ?? 0)), y(value - (deviation ?? 0))];
  const cap = Math.min(5, widthPx / 4);
  const caps = [high, low].map((end) => `M${px(middle - cap)} ${px(end)}h${px(2 * cap)}`).join('');
  const error = `<path d="M${px(middle)} ${px(high)}V${px(low)}${caps}" stroke="#222222" stroke-width="1.2"/>`;
  const shown = value.toFixed(digits).replace('-', '−');
  const sizePx = Math.min(FONT_PX - 1, (1.1 * stepPx) / textWidthPx(shown, 1));
  const labelY = value < 0 ? Math.max(y(value), low) + 4 + sizePx * 0.8 : Math.min(top, high) - 4;
  const label = sizePx >= 8 ? textSvg(middle, labelY, shown, { sizePx }) : '';
  return rect + (deviation === undefined ? '' : error) + label;
}

/** The extent from zero where its low end is below this share of its high end: the axis then loses little. */
function withZero([low, high]: [number, number], share: number): [number, number] {
  return low > 0 && low < share * high ? [0, high] : [low, high];
}

/** As many decimals as three digits of the largest value have. */
function digitsFor(values: readonly number[]): number {
  const largest = Math.max(0, ...values.map(Math.abs));
  if (largest >= 100) return Math.max(0, ...values.map((value) => (Number.isInteger(value) ? 0 : 1)));
  return largest >= 10 ? 1 : largest >= 1 ? 2 : 3;
}

/** Words in lines of about this width; a single word may be wider. */
function wrapped(words: string, widthPx: number): string[] {
  const lines: string[] = [];
  for (const word of words.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && textWidthPx(longer, FONT_PX) <= widthPx) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
