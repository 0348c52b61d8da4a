// Answers kept in a file: asking for hundreds of panoramas takes minutes, fitting a second; and what several regions answered
// is fitted to together.
import { readFile } from 'node:fs/promises';
import { explainSchemaErrors, messageOf, SkyfixError, schemaCheck } from '../src/errors/index.js';
import { writeFileAtomic } from '../src/files/index.js';
import type { LonLat } from '../src/geometry/index.js';
import { type Answers, type AskedAnswer, countsOf } from './ask-located.js';
import { MADE_UP } from './made-up-panoramas.js';

const ANSWERS_SCHEMA = 'skyfix-answers/1';

interface AnswersFile {
  readonly schema: typeof ANSWERS_SCHEMA;
  readonly encoderSha256: string;
  /** Of each region, points spread evenly over it; answers name theirs by its number. */
  readonly grounds: readonly (readonly LonLat[])[];
  readonly answers: readonly (Omit<AskedAnswer, 'ground' | 'truth'> & {
    readonly ground: number;
    readonly truth: LonLat | null;
  })[];
}

const number = { type: 'number' } as const;
const object = <P extends Record<string, unknown>>(properties: P) => ({
  type: 'object',
  required: Object.keys(properties),
  properties,
  additionalProperties: false,
});
const list = (items: object) => ({ type: 'array', items });
const place = object({ lon: number, lat: number });
const candidate = object({ lon: number, lat: number, score: number, agreement: number, excess: number });

const check = schemaCheck<AnswersFile>(
  object({
    schema: { const: ANSWERS_SCHEMA },
    encoderSha256: { type: 'string', pattern: '^[0-9a-f]{64}$' },
    grounds: list(list(place)),
    answers: list(
      object({
        origin: { enum: ['inside', 'outside', ...MADE_UP] },
        file: { type: 'string' },
        truth: { ...place, nullable: true },
        ground: { type: 'integer', minimum: 0 },
        evidence: object({ candidates: list(candidate), background: number }),
      }),
    ),
  }),
  { allErrors: true, verbose: true },
);

export async function writeAnswers(path: string, { answers, encoderSha256 }: Answers): Promise<void> {
  const grounds: (readonly LonLat[])[] = [];
  const numbers = new Map<string, number>();
  const rows = answers.map(({ evidence, origin, file, truth, ground }) => {
    const key = JSON.stringify(ground);
    const known = numbers.get(key) ?? grounds.push(ground) - 1;
    numbers.set(key, known);
    return { origin, file, truth: truth ?? null, ground: known, evidence };
  });
  const document: AnswersFile = { schema: ANSWERS_SCHEMA, encoderSha256, grounds, answers: rows };
  await writeFileAtomic(path, `${JSON.stringify(document)}\n`);
}

/** Throws CALIBRATION_INVALID naming the file and what is wrong with it. */
export async function readAnswers(path: string): Promise<Answers> {
  const invalid = (what: string) => new SkyfixError('CALIBRATION_INVALID', `${path}: ${what}.`);
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw invalid(`it cannot be read (${messageOf(error)})`);
  }
  if (!check(json)) throw invalid(explainSchemaErrors(check.errors));
  const { grounds, encoderSha256 } = json;
  const answers = json.answers.map(({ ground: at, truth, ...answer }): AskedAnswer => {
    const ground = grounds[at];
    if (!ground)
      throw invalid(`the answer to ${answer.file} lies on the ground ${at}; there are ${grounds.length}`);
    return { ...answer, ground, truth: truth ?? undefined };
  });
  return { answers, counts: countsOf(answers), encoderSha256 };
}

/** All together. Throws INDEX_BUNDLE_MISMATCH for answers of different encoders: their scores are no common scale. */
export function mergeAnswers([first, ...more]: readonly [Answers, ...Answers[]]): Answers {
  const { encoderSha256 } = first;
  const other = more.find((asked) => asked.encoderSha256 !== encoderSha256);
  if (other) {
    throw new SkyfixError(
      'INDEX_BUNDLE_MISMATCH',
      `Answers are of the encoders ${encoderSha256} and ${other.encoderSha256}; a calibration is of one.`,
    );
  }
  const answers = [first, ...more].flatMap((asked) => asked.answers);
  return { answers, counts: countsOf(answers), encoderSha256 };
}
