// Stand-in for the SVG charts: the signatures that the report is written against, drawn as plain lines and bars.

export interface LineChart {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly {
    readonly name: string;
    readonly points: readonly (readonly [number, number])[];
    readonly band?: readonly (readonly [number, number, number])[];
  }[];
  readonly yRange?: readonly [number, number];
}

export interface BarChart {
  readonly title: string;
  readonly yLabel: string;
  readonly groups: readonly {
    readonly name: string;
    readonly bars: readonly { readonly name: string; readonly value: number; readonly deviation?: number }[];
  }[];
}

export function lineChart({ title, series }: LineChart): string {
  const all = series.flatMap(({ points }) => points);
  const [x1, y1] = [Math.max(1e-9, ...all.map(([x]) => x)), Math.max(1e-9, ...all.map(([, y]) => y))];
  const lines = series.map(({ name, points }) => {
    const path = points.map(([x, y]) => `${(600 * x) / x1},${400 - (380 * y) / y1}`).join(' ');
    return `<polyline fill="none" stroke="black" points="${path}"><title>${xmlText(name)}</title></polyline>`;
  });
  return svg(title, lines);
}

export function barChart({ title, groups }: BarChart): string {
  const bars = groups.flatMap(({ bars }) => bars);
  const top = Math.max(1e-9, ...bars.map(({ value }) => value));
  return svg(
    title,
    bars.map(({ value }, k) => {
      const height = (380 * Math.max(0, value)) / top;
      return `<rect x="${k * 20}" y="${400 - height}" width="16" height="${height}"/>`;
    }),
  );
}

function svg(title: string, parts: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 400"><title>${xmlText(title)}</title>${parts.join('')}</svg>\n`;
}

function xmlText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
