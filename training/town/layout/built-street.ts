// What a street of a world drew from its country's rules, so that every pass that draws it agrees.
import { makeRng } from 'skyfix/random';
import type { RoadRule, RoadRules } from './road-rules.js';
import type { Street } from './streets.js';

/** What one street drew from its rule. */
export interface BuiltStreet {
  readonly rule: RoadRule;
  readonly surface: number;
  readonly shoulder: number;
  readonly shoulderM: number;
  readonly verge: number;
  readonly vergeM: number;
  readonly pavement: number;
  readonly pavementM: number;
  readonly ruts: boolean;
}

/** The same street is built the same way by every pass. */
export function buildStreet(street: Street, rules: RoadRules): BuiltStreet {
  const rng = makeRng(Math.floor(street.hash * 2 ** 31), 3);
  const rule = rules[street.kind];
  return {
    rule,
    surface: rng.pick(rule.surfaces),
    shoulder: rng.pick(rule.shoulders),
    shoulderM: rng.range(...rule.shoulderM),
    verge: rng.pick(rule.verges),
    vergeM: rng.range(...rule.vergeM),
    pavement: rng.pick(rule.pavements),
    pavementM: rng.range(...rule.pavementM),
    ruts: rng.chance(rule.ruts),
  };
}
