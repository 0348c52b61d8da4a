// npm run demo:calibrate [-- BUNDLE...]: fits the calibration that ships in each bundle, puts it there, and prints the
// figures of docs/confidence.md: of an area that neither training nor the fit has seen. What was done is not done again.
import { join } from 'node:path';
import { type Calibration, TRAINING_FREE } from 'skyfix/calibration';
import { bundleDirOf } from 'skyfix/cli';
import {
  type ConfidenceFigures,
  DEFAULT_THRESHOLDS,
  judge,
  NEAR_M,
  probabilitiesOf,
  VERDICTS,
  type Verdict,
} from 'skyfix/confidence';
import { writeFileAtomic } from 'skyfix/files';
import { distanceM } from 'skyfix/geometry';
import {
  type Answers,
  type AskedAnswer,
  calibrate,
  calibrateBundle,
  checkCalibration,
  confidenceCharts,
  mergeAnswers,
} from 'skyfix/index';
import { answersOf, type DemoArea, isOfTown, OTHER_TOWN, STRANGERS, TEST, VALIDATION } from './areas.js';
import { FULL_DIR } from './quick.js';

interface Fit {
  readonly areas: readonly [DemoArea, ...DemoArea[]];
  /** Outsiders are made up from every so many of their panoramas; 0 for none. */
  readonly madeUpEvery: number;
}

/**
 * What each is fitted to. Of its home small-town knows the kind of houses, so that it is fitted to another town too. By made-up
 * outsiders general is told what is no place: drawn animals from photos with an AUROC of 0.99 in place of 0.95.
 */
const FITTED_TO: Readonly<Record<string, Fit>> = {
  'small-town': { areas: [VALIDATION, OTHER_TOWN], madeUpEvery: 0 },
  general: { areas: [VALIDATION], madeUpEvery: 8 },
};
const ANY_OTHER: Fit = { areas: [VALIDATION, OTHER_TOWN], madeUpEvery: 8 };
/** Those of the test are of other panoramas than the fit's. */
const MADE_UP_EVERY = 30;
/** An image in which there is something to see: what is judged here are the places. */
const CLEAR = { validShare: 1, spread: 255, coherence: 1 };

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const cell = (value: string | number | null) => ` ${value ?? '–'} |`;
const row = (cells: readonly (string | number | null)[]) => `|${cells.map(cell).join('')}\n`;

function figuresRow(name: string, figures: ConfidenceFigures): string {
  const { ece, riskAt80, held, aurocRight, aurocInside, right } = figures;
  const areas = [aurocRight.toFixed(3), aurocInside?.toFixed(3) ?? null];
  return row([
    name,
    ece.toFixed(3),
    percent(riskAt80),
    percent(held.p68),
    percent(held.p95),
    ...areas,
    percent(right),
  ]);
}

const FIGURES = [
  'fitted to',
  'ECE',
  'wrong at 80 %',
  '68 % hold',
  '95 % hold',
  'AUROC right',
  'AUROC inside',
  'right',
];
const FIGURES_HEAD = `${row(FIGURES)}|${'---|'.repeat(FIGURES.length)}\n`;

interface Judged {
  readonly verdict: Verdict;
  readonly right: boolean;
}

function judged({ evidence, truth }: AskedAnswer, calibration: Calibration): Judged {
  const { places, outside } = probabilitiesOf(evidence, calibration);
  const [first] = evidence.candidates;
  const facts = { best: first && places[0], next: undefined, inside: 1 - outside, image: CLEAR };
  const { verdict } = judge(facts, DEFAULT_THRESHOLDS);
  return { verdict, right: first !== undefined && truth !== undefined && distanceM(first, truth) <= NEAR_M };
}

/** How often each verdict is given to what came from where. */
function verdictTable({ answers }: Answers, calibration: Calibration): string {
  const columns = ['asked', ...VERDICTS, 'located and wrong'];
  const head = `${row(columns)}|${'---|'.repeat(columns.length)}\n`;
  const origins = [...new Set(answers.map(({ origin }) => origin))];
  const rows = origins.map((origin) => {
    const ofIt = answers
      .filter((answer) => answer.origin === origin)
      .map((answer) => judged(answer, calibration));
    const counts = VERDICTS.map((verdict) => ofIt.filter((one) => one.verdict === verdict).length);
    const wrong = ofIt.filter(({ verdict, right }) => verdict === 'located' && !right).length;
    return row([`${ofIt.length} ${origin}`, ...counts, wrong]);
  });
  return head + rows.join('');
}

/** How well those of the region are told from those of each kind that are not. */
function insideTable(test: Answers, calibration: Calibration): string {
  const inside = test.answers.filter(({ origin }) => origin === 'inside');
  const others = test.answers.filter(({ origin }) => origin !== 'inside');
  const kindOf = (answer: AskedAnswer) =>
    answer.origin !== 'outside'
      ? answer.origin
      : isOfTown(answer, STRANGERS)
        ? 'another town'
        : 'the same town';
  const kinds = [...new Set(others.map(kindOf))];
  const groups: (readonly [string, readonly AskedAnswer[]])[] = kinds.map((kind) => [
    kind,
    others.filter((answer) => kindOf(answer) === kind),
  ]);
  groups.push(['all but the same town', others.filter((answer) => kindOf(answer) !== 'the same town')]);
  const rows = groups.map(([kind, answers]) => {
    const { aurocInside } = checkCalibration({ ...test, answers: [...inside, ...answers] }, calibration);
    return row([`${answers.length} ${kind}`, aurocInside?.toFixed(3) ?? null]);
  });
  const columns = [`${inside.length} inside against`, 'AUROC'];
  return `${row(columns)}|${'---|'.repeat(columns.length)}\n${rows.join('')}`;
}

async function calibrateShipped(name: string): Promise<void> {
  const bundleDir = bundleDirOf(name);
  const { areas, madeUpEvery } = FITTED_TO[name] ?? ANY_OTHER;
  const [first, ...further] = areas;
  const asked: [Answers, ...Answers[]] = [await answersOf(first, bundleDir, madeUpEvery)];
  for (const area of further) asked.push(await answersOf(area, bundleDir, madeUpEvery));
  const all = mergeAnswers(asked);
  const names = [first, ...further].map((area) => area.name).join(' and ');
  const { calibration, figures: validated } = calibrate(all);
  await calibrateBundle(bundleDir, calibration);
  process.stdout.write(`${name}, cross-validated\n\n${FIGURES_HEAD}${figuresRow(names, validated)}\n`);
  const test = await answersOf(TEST, bundleDir, MADE_UP_EVERY);
  // The others are counted by themselves: they are easier than panoramas of the same town.
  const real = {
    ...test,
    answers: test.answers.filter(
      (answer) => answer.origin === 'inside' || (answer.origin === 'outside' && !isOfTown(answer, STRANGERS)),
    ),
  };
  const figures = checkCalibration(real, calibration);
  const alone = further.length === 0 ? [] : [first, ...further];
  const fits: readonly (readonly [string, Calibration])[] = [
    ...alone.map((area, k) => [area.name, calibrate(asked[k] ?? all).calibration] as const),
    [names, calibration],
    ['nothing', TRAINING_FREE],
  ];
  const rows = fits.map(([what, fit]) => figuresRow(what, checkCalibration(real, fit)));
  const { inside, outside } = all.counts;
  process.stdout.write(
    `${name}: fitted to ${inside} places and ${outside} outside, asked for ${real.answers.length} of the test area\n\n` +
      `${FIGURES_HEAD}${rows.join('')}\n${insideTable(test, calibration)}\n${verdictTable(test, calibration)}\n`,
  );
  const folder = join(FULL_DIR, 'calibration', name);
  await writeFileAtomic(join(folder, 'figures.json'), `${JSON.stringify(figures, null, 2)}\n`);
  const title = `${name} on ${test.counts.inside} unseen places`;
  await writeFileAtomic(join(folder, 'confidence.svg'), confidenceCharts(figures, title));
  process.stdout.write(`${folder}: figures.json and confidence.svg\n`);
}

const named = process.argv.slice(2);
for (const name of named.length > 0 ? named : Object.keys(FITTED_TO)) await calibrateShipped(name);
