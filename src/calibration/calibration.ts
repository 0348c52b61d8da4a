// The calibration of a bundle or of a region: what turns the scores of an answer into probabilities and circles. A handful of
// numbers, kept as JSON: in bundle.json under "confidence", and in an index version as calibration.json.
import { explainSchemaErrors, SkyfixError, schemaCheck } from '../errors/index.js';

export const CALIBRATION_SCHEMA = 'skyfix-calibration/1';

/** The utility of a place that may be the right one is the sum of its features, each times its weight. */
export interface PlaceWeights {
  /** Of its score. */
  readonly score: number;
  /** Of the share of the looks that vote for it. */
  readonly agreement: number;
  /** Of how many spacings its score lies above the second's (see evidence.ts). */
  readonly excess: number;
}

/** The utility of "none of these places". */
export interface NoneWeights {
  readonly constant: number;
  /** Of the mean score of the places but the best: what is reached by chance. */
  readonly background: number;
}

/** What the calibration was fitted on, and what it reached on panoramas that the fit had not seen (cross-validation). */
export interface CalibrationFacts {
  readonly inside: number;
  readonly outside: number;
  readonly madeUp: number;
  /** Expected calibration error of the first answer's probability, inside. */
  readonly ece: number;
  readonly aurocRight: number;
  /** null where there was nothing outside. */
  readonly aurocInside: number | null;
  /** Share of the answers that are wrong where only the surest 80 % are given. */
  readonly riskAt80: number;
  /** Shares of the circles that held the camera. */
  readonly held: { readonly p68: number; readonly p95: number };
}

export interface Calibration {
  readonly schema: typeof CALIBRATION_SCHEMA;
  /** ISO 8601 */
  readonly createdAt: string;
  /** SHA-256 of the encoder whose scores it understands. */
  readonly encoderSha256: string;
  readonly place: PlaceWeights;
  /** The camera stood in the region, at another place. */
  readonly elsewhere: NoneWeights;
  /** The camera stood outside of the region. */
  readonly outside: NoneWeights;
  /** How far right answers are off, metres: quantiles at equal steps from 0 to 1, ascending. */
  readonly errorsM: readonly number[];
  /** Which share a circle has to hold by the model, so that it holds 68 % and 95 % in fact. */
  readonly levels: { readonly p68: number; readonly p95: number };
  readonly facts?: CalibrationFacts;
}

/** Who calibrated an answer: the region's own panoramas, the bundle's, or nobody. */
export const CALIBRATION_SOURCES = ['region', 'bundle', 'none'] as const;
export type CalibrationSource = (typeof CALIBRATION_SOURCES)[number];

const number = { type: 'number' } as const;
const share = { type: 'number', minimum: 0, maximum: 1 } as const;
const count = { type: 'integer', minimum: 0 } as const;
const object = <P extends Record<string, unknown>>(properties: P, optional: readonly string[] = []) =>
  ({
    type: 'object',
    required: Object.keys(properties).filter((name) => !optional.includes(name)),
    properties,
    additionalProperties: false,
  }) as const;
const none = object({ constant: number, background: number });
const levels = object({ p68: share, p95: share });

export const CALIBRATION_JSON_SCHEMA = object(
  {
    schema: { const: CALIBRATION_SCHEMA },
    createdAt: { type: 'string', minLength: 1 },
    encoderSha256: { type: 'string', pattern: '^[0-9a-f]{64}$' },
    place: object({ score: number, agreement: number, excess: number }),
    elsewhere: none,
    outside: none,
    errorsM: { type: 'array', items: { type: 'number', minimum: 0 }, minItems: 2, maxItems: 201 },
    levels,
    facts: object({
      inside: count,
      outside: count,
      madeUp: count,
      ece: share,
      aurocRight: share,
      aurocInside: { type: ['number', 'null'], minimum: 0, maximum: 1 },
      riskAt80: share,
      held: levels,
    }),
  },
  ['facts'],
);

const check = schemaCheck<Calibration>(CALIBRATION_JSON_SCHEMA, {
  allErrors: true,
  verbose: true,
  allowUnionTypes: true,
});

/** The calibration in parsed JSON. Throws CALIBRATION_INVALID naming `path` and every field that is wrong. */
export function checkCalibration(json: unknown, path: string): Calibration {
  if (!check(json))
    throw new SkyfixError('CALIBRATION_INVALID', `${path}: ${explainSchemaErrors(check.errors)}.`);
  const fault = calibrationFault(json);
  if (fault) throw new SkyfixError('CALIBRATION_INVALID', `${path}: ${fault}.`);
  return json;
}

/** What the schema cannot say. */
export function calibrationFault({ errorsM }: Calibration): string | undefined {
  const at = errorsM.findIndex((value, k) => k > 0 && value < (errorsM[k - 1] as number));
  return at < 0 ? undefined : `/errorsM/${at} is ${errorsM[at]}, below the one before it`;
}

/**
 * Nobody's calibration, which needs no data. A place's score is told from chance by the spacings of the scores below the
 * second: where k scores of chance are the highest of many, the i-th spacing among them is exponential with the mean b / i
 * (Rényi 1953), so a place of no meaning would stand e spacings above the second with the probability exp(-e), and that
 * is the number of false alarms of an answer. "None of these" weighs as much as a place ln(NONE) spacings above the second.
 */
export const TRAINING_FREE: Calibration = {
  schema: CALIBRATION_SCHEMA,
  createdAt: '1970-01-01T00:00:00.000Z',
  encoderSha256: '0'.repeat(64),
  place: { score: 0, agreement: 0, excess: 1 },
  // Twice and once as likely as the second place.
  elsewhere: { constant: Math.log(2), background: 0 },
  outside: { constant: 0, background: 0 },
  // A Rayleigh distribution of 4 m a side, cut at 25 m: positions between tiles, some metres off.
  errorsM: Array.from({ length: 21 }, (_, k) =>
    Math.min(25, 4 * Math.sqrt(-2 * Math.log(1 - Math.min(0.9999, k / 20)))),
  ),
  levels: { p68: 0.68, p95: 0.95 },
};
