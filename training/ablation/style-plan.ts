// What the matrices of styles are made of: a test world and some training worlds of each style, and which fit is tested on
// which of them.
import type { StyleProtocol } from '../report/index.js';

export interface StylePlanOptions {
  readonly styles: readonly string[];
  readonly seeds: number;
  /** Places of each style's test world. */
  readonly testPlaces: number;
  /** Places of each style that one fit sees. */
  readonly trainPlaces: number;
}

/** One world of the matrices. */
export interface PlannedWorld {
  /** Of its folder. */
  readonly name: string;
  readonly style: string;
  readonly role: 'training' | 'test';
  readonly seed: number;
  readonly places: number;
}

/** A fit and what it is tested on. */
export interface PlannedFit {
  readonly protocol: StyleProtocol;
  readonly seed: number;
  readonly fittedOn: readonly string[];
  readonly testedOn: readonly string[];
}

/** Seeds of worlds: far from those by which towns and bundles are made. */
const TEST_SEED = 7100;
const TRAINING_SEED = 7200;

/**
 * The worlds in the order in which they are made: test worlds first. Of each style as many training worlds as seeds: of several
 * each seed leaves another one out.
 */
export function plannedWorlds({
  styles,
  seeds,
  testPlaces,
  trainPlaces,
}: StylePlanOptions): readonly PlannedWorld[] {
  const places = Math.ceil(trainPlaces / Math.max(1, seeds - 1));
  const tests = styles.map((style): PlannedWorld => {
    return { name: `${style}-test`, style, role: 'test', seed: TEST_SEED, places: testPlaces };
  });
  const training = styles.flatMap((style) =>
    Array.from({ length: seeds }, (_, k): PlannedWorld => {
      const seed = TRAINING_SEED + k;
      return { name: `${style}-${k + 1}`, style, role: 'training', seed, places };
    }),
  );
  return [...tests, ...training];
}

/** The training worlds that a fit of a seed (from 1) sees: those of its styles, without the seed's own. */
export function worldsOfFit(
  worlds: readonly PlannedWorld[],
  { fittedOn, seed }: Pick<PlannedFit, 'fittedOn' | 'seed'>,
): readonly PlannedWorld[] {
  return fittedOn.flatMap((style) => {
    const own = worlds.filter((world) => world.role === 'training' && world.style === style);
    return own.length === 1 ? own : own.filter((_, k) => k !== seed - 1);
  });
}

/** All fits: each style left out, then each style alone; the seeds one after the other. */
export function plannedFits({ styles, seeds }: StylePlanOptions): readonly PlannedFit[] {
  const numbers = Array.from({ length: seeds }, (_, k) => k + 1);
  return numbers.flatMap((seed) => [
    ...(styles.length > 1
      ? styles.map((left): PlannedFit => {
          const fittedOn = styles.filter((style) => style !== left);
          return { protocol: 'leave-one-out', seed, fittedOn, testedOn: [left] };
        })
      : []),
    ...styles.map((style): PlannedFit => {
      return { protocol: 'one-style', seed, fittedOn: [style], testedOn: styles };
    }),
  ]);
}

/** The worlds and fits for terminals. */
export function planText(options: StylePlanOptions): string {
  const worlds = plannedWorlds(options).map(
    ({ name, role, seed, places }) => `${name}: ${role}, seed ${seed}, ${places} places\n`,
  );
  const fits = plannedFits(options);
  const tests = fits.reduce((sum, { testedOn }) => sum + testedOn.length, 0);
  return `${worlds.join('')}${fits.length} fits of each model, ${tests} tests\n`;
}
