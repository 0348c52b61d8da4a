// What every chart has: the sheet with its title, axes with ticks and labels, the legend, colours and marks.
import { type ScaleLinear, scaleLinear } from 'd3-scale';
import { symbol, symbolsFill } from 'd3-shape';
import { escapeXml, FONT_FAMILY, textWidthPx } from './svg-text.js';

export const WIDTH = 640;
export const HEIGHT = 400;
/** Where the plot ends on the right; the last tick's label is half outside. */
export const RIGHT = WIDTH - 24;
export const FONT_PX = 12;
/** From one line of text to the next. */
export const LINE_PX = 16;
const TITLE_PX = 15;
const INK = '#222222';

/** Okabe and Ito (2008), told apart by the colour-blind; without their yellow, which is too faint on white. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000'] as const;
/** Each further round of the colours has other dashes. */
const DASHES = ['', '7 3', '2 3', '9 3 2 3'] as const;

export type Scale = ScaleLinear<number, number>;

/** The rectangle that data is drawn in, in pixels, and the scale of its y axis. */
export interface Plot {
  readonly left: number;
  readonly top: number;
  readonly bottom: number;
  readonly y: Scale;
}

/** Values closer to zero than this are drawn as zero: no label could tell them apart. */
const TINY = 1e-12;

/** Lowest and highest of the finite values; a little around a single one, 0 to 1 where there is none. */
export function extentOf(values: readonly number[]): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return [0, 1];
  const size = Math.max(Math.abs(low), Math.abs(high));
  if (high - low > 1e-9 * size && size > TINY) return [low, high];
  const around = size > TINY ? size / 10 : 1;
  return [low - around, high + around];
}

/** Both ends moved out to round numbers. */
export function roundedDomain(domain: readonly [number, number]): [number, number] {
  const [low = 0, high = 1] = scaleLinear(domain, [0, 1]).nice(6).domain();
  return [low, high];
}

/** A plot below `top`, with as much room on its left as the labels of its y axis take. */
export function plotOf(domain: readonly [number, number], top: number, bottom: number): Plot {
  const y = scaleLinear(domain, [bottom, top]);
  const widest = Math.max(...yLabels(y).map(({ label }) => textWidthPx(label, FONT_PX)));
  return { left: Math.ceil(38 + widest), top, bottom, y };
}

function yLabels(y: Scale): { value: number; label: string }[] {
  const format = y.tickFormat(6);
  return y.ticks(6).map((value) => ({ value, label: format(value) }));
}

/** Grid lines, both axes, and the labels of y. */
export function axesSvg({ left, top, bottom, y }: Plot, yLabel: string): string {
  const ticks = yLabels(y).map(({ value, label }) => {
    const at = px(y(value));
    const grid = `<path d="M${left} ${at}H${RIGHT}" stroke="#e3e3e3"/>`;
    const text = textSvg(left - 8, y(value) + 4, label, { anchor: 'end' });
    return `${grid}<path d="M${left - 4} ${at}H${left}" stroke="${INK}"/>${text}`;
  });
  const axes = `<path d="M${left} ${top}V${bottom}H${RIGHT}" stroke="${INK}" fill="none"/>`;
  return ticks.join('') + axes + textSvg(16, (top + bottom) / 2, yLabel, { turned: true });
}

export interface LegendEntry {
  readonly name: string;
  /** Drawn in the 22 pixels before the name, around the point (0, 0) in their middle. */
  readonly mark: string;
}

/** The names below the title, in as many lines as they take; none for a single one. `bottom`: where the plot may begin. */
export function legendOf(entries: readonly LegendEntry[]): { svg: string; bottom: number } {
  const first = 46;
  if (entries.length < 2) return { svg: '', bottom: first };
  const rows: { entry: LegendEntry; left: number }[][] = [[]];
  let left = 0;
  for (const entry of entries) {
    const width = 28 + textWidthPx(entry.name, FONT_PX) + 14;
    if (left > 0 && left + width > WIDTH - 40) {
      rows.push([]);
      left = 0;
    }
    rows.at(-1)?.push({ entry, left });
    left += width;
  }
  const svg = rows.flatMap((row, k) => {
    const last = row.at(-1);
    const width = last ? last.left + 28 + textWidthPx(last.entry.name, FONT_PX) : 0;
    const start = Math.max(8, (WIDTH - width) / 2);
    const y = first + k * LINE_PX;
    return row.map(({ entry, left: offset }) => {
      const mark = `<g transform="translate(${px(start + offset + 11)} ${y - 4})">${entry.mark}</g>`;
      return mark + textSvg(start + offset + 28, y, entry.name, { anchor: 'start' });
    });
  });
  return { svg: svg.join(''), bottom: first + (rows.length - 1) * LINE_PX + 14 };
}

export function colourOf(k: number): string {
  return COLOURS[k % COLOURS.length] ?? INK;
}

/** Colour, width and dashes of line k as attributes. */
export function strokeOf(k: number): string {
  const dash = DASHES[Math.floor(k / COLOURS.length) % DASHES.length];
  return `stroke="${colourOf(k)}" stroke-width="1.8" stroke-linejoin="round"${dash ? ` stroke-dasharray="${dash}"` : ''}`;
}

/** The mark of line k: circle, cross, diamond, square, star, triangle, Y, so that grey prints can be read too. */
export function symbolSvg(k: number, x: number, y: number): string {
  const path = symbol(symbolsFill[k % symbolsFill.length], 44).digits(2)() ?? '';
  return `<path d="${path}" transform="translate(${px(x)} ${px(y)})" fill="${colourOf(k)}" stroke="#ffffff" stroke-width="0.8"/>`;
}

interface TextOptions {
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly sizePx?: number;
  readonly bold?: boolean;
  /** Read from below. */
  readonly turned?: boolean;
}

/** Text on the base line y; in the middle over x unless told otherwise. */
export function textSvg(x: number, y: number, content: string, options: TextOptions = {}): string {
  const { anchor = 'middle', sizePx = FONT_PX, bold = false, turned = false } = options;
  const attributes = [
    turned ? `transform="translate(${px(x)} ${px(y)}) rotate(-90)"` : `x="${px(x)}" y="${px(y)}"`,
    `text-anchor="${anchor}"`,
    ...(sizePx === FONT_PX ? [] : [`font-size="${px(sizePx)}"`]),
    ...(bold ? ['font-weight="bold"'] : []),
  ];
  return `<text ${attributes.join(' ')}>${escapeXml(content)}</text>`;
}

/** A number of pixels with one decimal at most. */
export function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** The whole file: white sheet, title, and what is on it. */
export function chartSvg(title: string, parts: readonly string[]): string {
  const sizePx = Math.min(TITLE_PX, (WIDTH - 20) / textWidthPx(title || ' ', 1));
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" ` +
      `height="${HEIGHT}" role="img" font-family="${FONT_FAMILY}" font-size="${FONT_PX}" fill="${INK}">`,
    `<title>${escapeXml(title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    textSvg(WIDTH / 2, 24, title, { sizePx, bold: true }),
    ...parts.filter((part) => part !== ''),
    '</svg>',
  ].join('\n')}\n`;
}
