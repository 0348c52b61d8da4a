// A small chart: curves over a logarithmic axis, as SVG text.

export interface Curve {
  readonly name: string;
  readonly colour: string;
  /** In the order of the chart's x. */
  readonly values: readonly number[];
}

export interface Chart {
  readonly title: string;
  readonly xName: string;
  readonly yName: string;
  readonly x: readonly number[];
  readonly curves: readonly Curve[];
  /** A dashed line across, with its name. */
  readonly mark?: { readonly at: number; readonly name: string };
}

const [WIDTH, HEIGHT] = [460, 300];
const FRAME = { left: 56, right: 16, top: 34, bottom: 44 };
const TEXT = 'font-family="sans-serif" font-size="12" fill="#333"';
const MIDDLE = `${TEXT} text-anchor="middle"`;

/** x on a logarithmic scale, y from 0. */
export function chartSvg(chart: Chart): string {
  const { x, curves, mark } = chart;
  const [first = 1, last = 1] = [Math.min(...x), Math.max(...x)];
  const values = [...curves.flatMap((curve) => curve.values), mark?.at ?? 0].filter(Number.isFinite);
  const top = roundUp(Math.max(...values, 1e-9));
  const across = WIDTH - FRAME.left - FRAME.right;
  const up = HEIGHT - FRAME.top - FRAME.bottom;
  const px = (value: number) =>
    FRAME.left + (across * Math.log(value / first)) / Math.max(1e-9, Math.log(last / first));
  const py = (value: number) => FRAME.top + up * (1 - value / top);
  const parts = [
    `<title>${escaped(chart.title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="${FRAME.left}" y="18" ${TEXT} font-weight="bold">${escaped(chart.title)}</text>`,
    ...[0, 0.25, 0.5, 0.75, 1].flatMap((share) => {
      const y = fixed(py(top * share));
      return [
        `<line x1="${FRAME.left}" x2="${WIDTH - FRAME.right}" y1="${y}" y2="${y}" stroke="#ddd"/>`,
        `<text x="${FRAME.left - 6}" y="${Number(y) + 4}" ${TEXT} text-anchor="end">${short(top * share)}</text>`,
      ];
    }),
    ...x.map((value) => {
      const at = `x="${fixed(px(value))}" y="${HEIGHT - FRAME.bottom + 18}"`;
      return `<text ${at} ${MIDDLE}>${short(value)}</text>`;
    }),
    `<text x="${FRAME.left + across / 2}" y="${HEIGHT - 8}" ${MIDDLE}>${escaped(chart.xName)}</text>`,
    `<text transform="translate(14 ${FRAME.top + up / 2}) rotate(-90)" ${MIDDLE}>${escaped(chart.yName)}</text>`,
    ...curves.flatMap(({ name, colour, values: ys }, k) => {
      const points = ys.flatMap((y, i) => (Number.isFinite(y) ? [[px(x[i] ?? first), py(y)] as const] : []));
      const line = points.map(([cx, cy]) => `${fixed(cx)},${fixed(cy)}`).join(' ');
      const label = { x: FRAME.left + 8, y: FRAME.top + 14 + 16 * k };
      return [
        `<polyline points="${line}" fill="none" stroke="${colour}" stroke-width="2"/>`,
        ...points.map(([cx, cy]) => `<circle cx="${fixed(cx)}" cy="${fixed(cy)}" r="3" fill="${colour}"/>`),
        `<text x="${label.x}" y="${label.y}" ${TEXT} style="fill:${colour}">${escaped(name)}</text>`,
      ];
    }),
    ...(mark ? markLine(mark.name, fixed(py(mark.at)), py(mark.at) - 5) : []),
  ];
  const size = `width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size}>\n${parts.join('\n')}\n</svg>\n`;
}

/** A dashed line across at height y, and its name a little above. */
function markLine(name: string, y: string, aboveY: number): string[] {
  const right = WIDTH - FRAME.right;
  return [
    `<line x1="${FRAME.left}" x2="${right}" y1="${y}" y2="${y}" stroke="#999" stroke-dasharray="5 4"/>`,
    `<text x="${right - 4}" y="${fixed(aboveY)}" ${TEXT} text-anchor="end">${escaped(name)}</text>`,
  ];
}

const fixed = (value: number) => value.toFixed(1);
const short = (value: number) => String(Number(value.toPrecision(3)));
const escaped = (text: string) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');

/** The next of 1, 2, 4, 5, 8 or 10 times a power of ten. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return (([1, 2, 4, 5, 8].find((step) => step * power >= value) ?? 10) as number) * power;
}
