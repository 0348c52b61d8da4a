// The page of the matrices: unseen styles, style by style, headings and fields of view, and what the worlds look like. Each
// part has its numbers in a JSON file in the page's folder, and is left out where there is none.
import { join } from 'node:path';
import { writeFileAtomic } from 'skyfix/files';
import { barChart } from '../drawing/index.js';
import type { WorldStatistics } from '../town/index.js';
import { headingTables } from './heading-tables.js';
import { paragraphs } from './markdown.js';
import { spreadOf } from './statistics.js';
import { type HeadingsResult, readHeadings, readStyles, type StylesResult } from './style-result.js';
import {
  AT_1,
  styleByStyleTables,
  styleSamples,
  testedStyles,
  unseenTables,
  unseenVerdicts,
} from './style-tables.js';
import { worldSheets, worldStatisticsTable } from './world-tables.js';

/** The page, and the folder beside it with everything that it shows. */
const PAGE = 'styles.md';
const FOLDER = 'styles';
const STYLES_FILE = 'styles.json';
const HEADINGS_FILE = 'headings.json';
const FIGURE_FILE = 'unseen-styles.svg';

/** The folder of the page's numbers, figures and sheets. */
export const styleFolder = (out: string): string => join(out, FOLDER);

/** Keeps a result in the page's folder and writes the page anew. Returns the page's path. Throws DATASET_INVALID. */
export async function writeStylesPage(
  out: string,
  result: StylesResult | HeadingsResult,
  real: Readonly<Record<string, WorldStatistics>>,
): Promise<string> {
  const name = result.schema === 'skyfix-styles/1' ? STYLES_FILE : HEADINGS_FILE;
  await writeFileAtomic(join(styleFolder(out), name), jsonText(result));
  const styles = await readStyles(join(styleFolder(out), STYLES_FILE));
  const headings = await readHeadings(join(styleFolder(out), HEADINGS_FILE));
  const figure = styles && unseenFigure(styles);
  if (figure) await writeFileAtomic(join(styleFolder(out), FIGURE_FILE), figure);
  const page = join(out, PAGE);
  await writeFileAtomic(page, `${pageText(styles, headings, real)}\n`);
  return page;
}

/** JSON with a line for each entry of a list: what changes is seen in a diff. */
function jsonText(result: StylesResult | HeadingsResult): string {
  const fields = Object.entries(result).map(([name, value]: [string, unknown]) => {
    const lines = Array.isArray(value) && value.map((entry) => `\n    ${JSON.stringify(entry)}`).join();
    return `\n  ${JSON.stringify(name)}: ${lines === false ? JSON.stringify(value) : `[${lines}\n  ]`}`;
  });
  return `{${fields.join()}\n}\n`;
}

/** The whole page. */
export function pageText(
  styles: StylesResult | undefined,
  headings: HeadingsResult | undefined,
  real: Readonly<Record<string, WorldStatistics>>,
): string {
  return paragraphs(
    '# Pictures of a kind that no model was fitted on',
    `Written by \`skyfix-train styles\` and \`skyfix-train headings\`; all numbers are in [${FOLDER}/](${FOLDER}).\n` +
      'Figures are mean ± sample deviation. Ranking is strict: a tie counts as a miss.',
    ...(styles ? stylesParts(styles, real) : []),
    ...(headings ? headingParts(headings) : []),
  );
}

function stylesParts(result: StylesResult, real: Readonly<Record<string, WorldStatistics>>): string[] {
  const tests = result.worlds.filter(({ role }) => role === 'test');
  const training = result.worlds.filter(({ role }) => role === 'training');
  const places = (worlds: readonly { readonly places: number }[]) =>
    [...new Set(worlds.map((world) => world.places))].sort((a, b) => a - b).join('–');
  const seeds = new Set(result.cells.map(({ seed }) => seed)).size;
  return [
    '## A style left out',
    filled(
      `Each style has a test world of ${places(tests)} places, of its own seed: other places, another sensor, another camera. ` +
        `A model is fitted on training worlds (${places(training)} places each) of all other styles and tested on the one left ` +
        'out: paired R@1 and R@5 among the tiles of the test world, and on overlapping tiles every ' +
        `${result.gridStrideM} m, as it is served. ` +
        `${seeds === 1 ? 'One seed.' : `${seeds} seeds: each fits on other training worlds.`} ` +
        `Features: ${result.trunk}. Measured by \`${result.command}\`.`,
    ),
    unseenVerdicts(result),
    unseenTables(result),
    `![R@1 on unseen styles](${FOLDER}/${FIGURE_FILE})`,
    '## Style by style',
    'Fitted on the training worlds of the style of the row alone, tested on the test world of the column.',
    styleByStyleTables(result),
    '## The worlds',
    'The test worlds beside three real places (panorama/tile pairs that are not part of this repository).',
    worldStatisticsTable(real, tests),
    worldSheets(tests, FOLDER),
  ];
}

function headingParts(result: HeadingsResult): string[] {
  return [
    '## Heading and field of view',
    filled(
      'What is told of the heading (all, to within 45 degrees, nothing) by what the photo shows of the circle. R@1 is ' +
        'paired, by the view under the heading that was told or found; the grid is that of a server, tiles every ' +
        `${result.gridStrideM} m. Bundle: ${result.bundle}. Measured by \`${result.command}\`.`,
    ),
    headingTables(result),
  ];
}

/** Columns of the page's prose. */
const COLUMNS = 140;

/** Prose in lines of at most COLUMNS; a single word may be longer. */
function filled(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const longer = lines.length > 0 ? `${lines.at(-1)} ${word}` : word;
    if (lines.length > 0 && longer.length <= COLUMNS) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.join('\n');
}

/** R@1 of every model on each unseen style as bars; undefined where nothing was left out. */
function unseenFigure(result: StylesResult): string | undefined {
  const groups = testedStyles(result).map((style) => ({
    name: style,
    bars: result.models.flatMap(({ name, title }) => {
      const wanted = { protocol: 'leave-one-out', model: name, testedOn: style } as const;
      const samples = styleSamples(result.cells, wanted, AT_1);
      if (samples.length === 0) return [];
      const { mean, deviation } = spreadOf(samples);
      return [{ name: title, value: mean, ...(deviation !== undefined && { deviation }) }];
    }),
  }));
  if (groups.every(({ bars }) => bars.length === 0)) return undefined;
  return barChart({ title: 'R@1 on unseen styles (%)', yLabel: 'R@1 (%)', groups, yRange: [0, 100] });
}
