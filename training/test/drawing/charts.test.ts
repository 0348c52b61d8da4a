// Charts: what is drawn stands where the axis says, whatever the data and the names are.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import sharp from 'sharp';
import { barChart, lineChart } from '../../drawing/charts.js';

interface Node {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly text: string;
}

/** All elements of the file in document order, each with its own text. */
function elements(svg: string): Node[] {
  assert.equal(XMLValidator.validate(svg), true);
  const parser = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: '',
    trimValues: false,
    parseTagValue: false,
  });
  const found: Node[] = [];
  type Raw = Record<string, unknown>;
  const visit = (nodes: readonly Raw[]): void => {
    for (const node of nodes) {
      const name = Object.keys(node).find((key) => key !== ':@' && key !== '#text');
      if (name === undefined) continue;
      const children = node[name] as Raw[];
      const text = children.map((child) => String(child['#text'] ?? '')).join('');
      found.push({ name, attributes: (node[':@'] ?? {}) as Record<string, string>, text });
      visit(children);
    }
  };
  visit(parser.parse(svg) as Raw[]);
  return found;
}

const numberOf = (text: string): number => Number(text.replace('−', '-').replaceAll(',', ''));

/** The y axis as a reader takes it: two ticks with their labels give the value of a height. */
function readY(svg: string): (px: number) => number {
  const labels = elements(svg)
    .filter(({ name, attributes }) => name === 'text' && attributes['text-anchor'] === 'end')
    .map(({ attributes, text }) => ({ y: Number(attributes.y) - 4, value: numberOf(text) }));
  const [first, last] = [labels[0], labels.at(-1)];
  assert.ok(first && last && labels.length >= 3, 'fewer than three ticks');
  return (y) => first.value + ((y - first.y) / (last.y - first.y)) * (last.value - first.value);
}

/** The same for x: labels in the middle below their ticks. */
function readX(svg: string): (px: number) => number {
  const ticks = [
    ...svg.matchAll(/<path d="M([\d.]+) [\d.]+v4" stroke="#222222"\/><text [^>]*>([^<]*)<\/text>/g),
  ].map(([, x, label]) => ({ x: Number(x), value: numberOf(label ?? '') }));
  const [first, last] = [ticks[0], ticks.at(-1)];
  assert.ok(first && last && ticks.length >= 3, 'fewer than three ticks');
  return (x) => first.value + ((x - first.x) / (last.x - first.x)) * (last.value - first.value);
}

const name = fc.string({
  minLength: 1,
  maxLength: 30,
  unit: fc.constantFrom(...'aZ 0&<>"\'λ−%/]_'.split('')),
});

describe('line chart', () => {
  it('draws every point where the axes say, for any data', () => {
    const value = fc.double({ min: -1000, max: 1000, noNaN: true });
    const data = fc.uniqueArray(fc.integer({ min: 0, max: 5000 }), { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(data, fc.array(value, { minLength: 12, maxLength: 12 }), (xs, ys) => {
        const points = xs.sort((a, b) => a - b).map((x, k) => [x, ys[k] ?? 0] as const);
        const svg = lineChart({ title: 't', xLabel: 'x', yLabel: 'y', series: [{ name: 'one', points }] });
        const marks = elements(svg)
          .flatMap(
            ({ attributes }) => /^translate\(([-\d.]+) ([-\d.]+)\)$/.exec(attributes.transform ?? '') ?? [],
          )
          .filter((_, k) => k % 3 > 0)
          .map(Number);
        const [x, y] = [readX(svg), readY(svg)];
        const perPixel = { x: Math.abs(x(1) - x(0)), y: Math.abs(y(1) - y(0)) };
        assert.equal(marks.length, 2 * points.length);
        for (const [k, [atX, atY]] of points.entries()) {
          assert.ok(Math.abs(x(marks[2 * k] ?? 0) - atX) <= 0.2 * perPixel.x + 1e-9, `x of point ${k}`);
          assert.ok(Math.abs(y(marks[2 * k + 1] ?? 0) - atY) <= 0.2 * perPixel.y + 1e-9, `y of point ${k}`);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('draws values that no label could tell apart as one value', () => {
    for (const [low, high] of [
      [-5e-324, 0],
      [1000, 1000 + 1e-10],
      [0, 1e-300],
    ] as const) {
      const points = [[0, low] as const, [1, high] as const];
      const y = readY(lineChart({ title: 't', xLabel: 'x', yLabel: 'y', series: [{ name: 'one', points }] }));
      assert.ok(y(0) - y(400) >= 0.1 * Math.max(1, low), `the axis of ${low} to ${high}`);
    }
  });

  it('keeps any title and name readable as text', () => {
    fc.assert(
      fc.property(
        fc.array(name, { minLength: 5, maxLength: 5 }),
        ([title = '', xLabel = '', yLabel = '', a = '', b = '']) => {
          const series = [a, b].map((one) => ({ name: one, points: [[0, 1] as const, [1, 2] as const] }));
          const texts = elements(lineChart({ title, xLabel, yLabel, series })).map(({ text }) => text);
          for (const text of [title, xLabel, yLabel, a, b]) assert.ok(texts.includes(text), text);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('leaves a gap at a value that is not finite, and draws the band around the rest', () => {
    const points = Array.from({ length: 20 }, (_, k) => [k, k === 9 ? Number.NaN : k] as const);
    const band = points.map(([x, y]) => [x, y - 1, y + 1] as const);
    const svg = lineChart({ title: 't', xLabel: 'x', yLabel: 'y', series: [{ name: 'one', points, band }] });
    const paths = elements(svg).filter(
      ({ name, attributes }) => name === 'path' && (attributes.d?.length ?? 0) > 60,
    );
    assert.equal(paths.length, 2);
    for (const { attributes } of paths) assert.equal(attributes.d?.match(/M/g)?.length, 2);
    assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
  });

  it('draws nothing outside a given range, and takes no data, one point and equal values', async () => {
    const above = [
      [0, 5],
      [1, 5],
    ] as const;
    const chart = { title: '', xLabel: '', yLabel: '' };
    const svg = lineChart({ ...chart, series: [{ name: 'one', points: above }], yRange: [0, 1] });
    const { data, info } = await sharp(Buffer.from(svg))
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    const blue = [0, 0x72, 0xb2];
    for (let at = 0; at < info.width * info.height; at++) {
      assert.ok(
        blue.some((value, c) => data[at * 3 + c] !== value),
        `pixel ${at} is drawn`,
      );
    }
    for (const points of [[], [[3, 0.5]], above] as const) {
      const plain = lineChart({ ...chart, series: [{ name: 'one', points }] });
      assert.doesNotMatch(plain, /NaN|undefined|Infinity/);
      readY(plain);
    }
    assert.doesNotMatch(lineChart({ ...chart, series: [] }), /NaN|undefined|Infinity/);
  });
});

describe('bar chart', () => {
  it('draws bars from zero to their values, and error bars of one deviation on both sides', () => {
    const bar = fc.record({
      value: fc.double({ min: -100, max: 100, noNaN: true }),
      deviation: fc.double({ min: 0.5, max: 20, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(bar, { minLength: 1, maxLength: 6 }), (bars) => {
        const groups = bars.map((one, k) => ({ name: `group ${k}`, bars: [{ name: 'R@1', ...one }] }));
        const svg = barChart({ title: 't', yLabel: 'R@1 (%)', groups });
        const y = readY(svg);
        const near = 0.15 * Math.abs(y(1) - y(0)) + 1e-6;
        const all = elements(svg);
        const rects = all.filter(({ name, attributes }) => name === 'rect' && attributes.fill !== '#ffffff');
        const errors = all.flatMap(
          ({ attributes }) => /^M[\d.]+ ([\d.]+)V([\d.]+)M/.exec(attributes.d ?? '')?.slice(1) ?? [],
        );
        assert.equal(rects.length, bars.length);
        for (const [k, { value, deviation }] of bars.entries()) {
          const top = Number(rects[k]?.attributes.y);
          const bottom = top + Number(rects[k]?.attributes.height);
          assert.ok(Math.abs(y(top) - Math.max(0, value)) <= near, `top of ${value}`);
          assert.ok(Math.abs(y(bottom) - Math.min(0, value)) <= 2 * near, `bottom of ${value}`);
          assert.ok(
            Math.abs(y(Number(errors[2 * k])) - (value + deviation)) <= near,
            `error bar of ${value}`,
          );
          assert.ok(
            Math.abs(y(Number(errors[2 * k + 1])) - (value - deviation)) <= near,
            `error bar of ${value}`,
          );
        }
      }),
      { numRuns: 60 },
    );
  });

  it('gives a name one colour in all groups, and leaves out what has no value', () => {
    const groups = [
      {
        name: 'a',
        bars: [
          { name: 'R@1', value: 10 },
          { name: 'R@5', value: 20 },
        ],
      },
      {
        name: 'b',
        bars: [
          { name: 'R@5', value: 30 },
          { name: 'R@10', value: Number.NaN },
        ],
      },
    ];
    const svg = barChart({ title: 't', yLabel: 'recall (%)', groups, yRange: [0, 100] });
    const rects = elements(svg).filter(
      ({ name, attributes }) => name === 'rect' && attributes.fill !== '#ffffff',
    );
    const fills = rects.map(({ attributes }) => attributes.fill);
    // the bars, then the legend
    assert.deepEqual(fills, [fills[3], fills[4], fills[4], ...fills.slice(3)]);
    assert.equal(new Set(fills.slice(3)).size, 3);
    assert.doesNotMatch(svg, /NaN|undefined/);
  });
});
