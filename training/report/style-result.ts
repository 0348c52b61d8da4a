// What the matrices of unseen styles and of headings measured: the files beside docs/styles.md, and the schemas they are
// checked by.
import { messageOf, type SchemaCheck, SkyfixError, schemaCheck } from 'skyfix/errors';
import { readTextIfThere } from 'skyfix/files';
import type { DistanceFigures, RecallFigures } from '../evaluation/index.js';
import type { WorldStatistics } from '../town/index.js';

/** leave-one-out: fitted on all styles but the one it is tested on; one-style: fitted on a single style. */
export type StyleProtocol = 'leave-one-out' | 'one-style';

/** One model, fitted with one seed, tested on one style. */
export interface StyleCell {
  readonly protocol: StyleProtocol;
  readonly model: string;
  readonly seed: number;
  /** Styles whose training worlds the model was fitted on. */
  readonly fittedOn: readonly string[];
  readonly testedOn: string;
  readonly paired: RecallFigures;
  /** As a server answers, over overlapping tiles; only where it was asked for. */
  readonly grid?: DistanceFigures;
}

export interface StyleWorld {
  readonly name: string;
  readonly style: string;
  readonly role: 'training' | 'test';
  readonly seed: number;
  readonly places: number;
  /** Of test worlds. */
  readonly statistics?: WorldStatistics;
  /** File of the contact sheet beside the result. */
  readonly sheet?: string;
}

/** A model of the matrix as it is named in tables. */
export interface StyleModelName {
  readonly name: string;
  readonly title: string;
  /** What chance and the data alone reach: it is held to no target. */
  readonly isBound?: boolean;
}

export interface StylesResult {
  readonly schema: 'skyfix-styles/1';
  /** The command that measured it. */
  readonly command: string;
  /** What the features are made by. */
  readonly trunk: string;
  readonly gridStrideM: number;
  /** First the one that the others are held beside. */
  readonly models: readonly StyleModelName[];
  readonly worlds: readonly StyleWorld[];
  readonly cells: readonly StyleCell[];
}

/** How much of the heading is told: all of it, to within 45 degrees, or nothing. */
export const HEADINGS_TOLD = ['known', '45', 'unknown'] as const;
export type HeadingTold = (typeof HEADINGS_TOLD)[number];

/** One bundle on one area, photos of one field of view. */
export interface HeadingCell {
  readonly area: string;
  readonly heading: HeadingTold;
  readonly fovDeg: number;
  readonly paired: RecallFigures;
  readonly grid: DistanceFigures;
  /** Of the headings that were answered, degrees; 0 where they were told. */
  readonly medianHeadingErrorDeg: number;
}

export interface HeadingsResult {
  readonly schema: 'skyfix-headings/1';
  readonly command: string;
  readonly bundle: string;
  readonly gridStrideM: number;
  readonly cells: readonly HeadingCell[];
}

const text = { type: 'string', minLength: 1 } as const;
const count = { type: 'integer', minimum: 0 } as const;
const percent = { type: 'number', minimum: 0, maximum: 100 } as const;
const positive = { type: 'number', minimum: 0 } as const;

function object(properties: Readonly<Record<string, object>>, optional: readonly string[] = []) {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', properties, required };
}

const list = (items: object) => ({ type: 'array', items });
const paired = object({
  queries: count,
  gallery: count,
  at1: percent,
  at5: percent,
  at10: percent,
  at1Percent: percent,
});
const grid = object({
  queries: count,
  gallery: count,
  medianErrorM: positive,
  within5M: percent,
  within25M: percent,
  within50M: percent,
});

const isStyles = schemaCheck<StylesResult>(
  object({
    schema: { const: 'skyfix-styles/1' },
    command: text,
    trunk: text,
    gridStrideM: positive,
    models: list(object({ name: text, title: text, isBound: { type: 'boolean' } }, ['isBound'])),
    worlds: list(
      object(
        {
          name: text,
          style: text,
          role: { enum: ['training', 'test'] },
          seed: count,
          places: count,
          statistics: { type: 'object' },
          sheet: text,
        },
        ['statistics', 'sheet'],
      ),
    ),
    cells: list(
      object(
        {
          protocol: { enum: ['leave-one-out', 'one-style'] },
          model: text,
          seed: count,
          fittedOn: list(text),
          testedOn: text,
          paired,
          grid,
        },
        ['grid'],
      ),
    ),
  }),
  { allErrors: true },
);
const isHeadings = schemaCheck<HeadingsResult>(
  object({
    schema: { const: 'skyfix-headings/1' },
    command: text,
    bundle: text,
    gridStrideM: positive,
    cells: list(
      object({
        area: text,
        heading: { enum: [...HEADINGS_TOLD] },
        fovDeg: { type: 'number', exclusiveMinimum: 0, maximum: 360 },
        paired,
        grid,
        medianHeadingErrorDeg: positive,
      }),
    ),
  }),
  { allErrors: true },
);

/** The result in a file; undefined where there is none. Throws DATASET_INVALID for what is no such result. */
export const readStyles = (path: string) => readResult(path, isStyles);
export const readHeadings = (path: string) => readResult(path, isHeadings);

async function readResult<T>(path: string, isValid: SchemaCheck<T>): Promise<T | undefined> {
  const content = await readTextIfThere(path);
  if (content === undefined) return undefined;
  let result: unknown;
  try {
    result = JSON.parse(content);
  } catch (error) {
    throw new SkyfixError('DATASET_INVALID', `${path} is not JSON (${messageOf(error)}).`, { cause: error });
  }
  if (isValid(result)) return result;
  const [fault] = isValid.errors ?? [];
  const where = fault?.instancePath === '' ? 'it' : fault?.instancePath;
  throw new SkyfixError('DATASET_INVALID', `${path} is no result: ${where} ${fault?.message}. Remove it.`);
}
