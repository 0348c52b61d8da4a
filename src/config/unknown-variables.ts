// Variables that begin with SKYFIX_ and are none: a typo must not start a server without its key or its limits.
import { SkyfixError } from '../errors/index.js';
import { CONFIG_VARIABLES, OTHER_VARIABLES } from './variables.js';

type Environment = Readonly<Record<string, string | undefined>>;

const PREFIX = 'SKYFIX_';
const NAMES: readonly string[] = Object.values(CONFIG_VARIABLES).map(({ name }) => name);
const KNOWN = new Set<string>([...NAMES, ...OTHER_VARIABLES]);
/** So many letters off is a typo. More may be meant for others: Kubernetes sets SKYFIX_SERVICE_HOST for a service "skyfix". */
const TYPO = 2;

/** Throws CONFIG_INVALID for a name that is one or two letters off a variable's. */
export function refuseTypos(env: Environment): void {
  for (const name of unknownNames(env)) {
    const { nearest, distance } = nearestTo(name);
    if (distance <= TYPO)
      throw new SkyfixError('CONFIG_INVALID', `There is no ${name}; ${nearest} is meant?`);
  }
}

/** A sentence for each variable that begins with SKYFIX_ and that nothing here reads. */
export function unknownVariables(env: Environment): readonly string[] {
  return unknownNames(env).map(
    (name) => `${name} is not read by skyfix; the nearest name is ${nearestTo(name).nearest}.`,
  );
}

function unknownNames(env: Environment): string[] {
  return Object.keys(env)
    .filter((name) => name.toUpperCase().startsWith(PREFIX) && !KNOWN.has(name) && env[name]?.trim())
    .sort();
}

function nearestTo(name: string): { nearest: string; distance: number } {
  const ranked = NAMES.map((nearest) => ({ nearest, distance: distanceOf(name.toUpperCase(), nearest) }));
  return ranked.reduce((best, next) => (next.distance < best.distance ? next : best));
}

/** A name with its end left out, or with more behind it, is nearer than its letters say; SKYFIX_PORT is near PORT. */
function distanceOf(name: string, known: string): number {
  const prefixed = known.startsWith(PREFIX) ? known : `${PREFIX}${known}`;
  const related = prefixed.startsWith(name) || name.startsWith(prefixed);
  return Math.min(editDistance(name, known), related ? TYPO + 1 : Number.POSITIVE_INFINITY);
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      }
      next.push(cost);
    }
    before = row;
    row = next;
  }
  return row[b.length] ?? 0;
}
