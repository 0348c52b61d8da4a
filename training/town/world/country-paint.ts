// Road rules as a country paints them: yellow in the middle of American roads, white elsewhere.
import type { CentreLine, RoadRule, RoadRules } from '../layout/road-rules.js';
import type { StreetKind } from '../layout/streets.js';
import type { Country } from './parameters.js';

const WHITE: Readonly<Record<CentreLine, CentreLine>> = {
  none: 'none',
  'yellow-double': 'white-solid',
  'yellow-dashed': 'white-dashed',
  'white-dashed': 'white-dashed',
  'white-solid': 'white-solid',
};

const YELLOW: Readonly<Record<CentreLine, CentreLine>> = {
  none: 'none',
  'yellow-double': 'yellow-double',
  'yellow-dashed': 'yellow-dashed',
  'white-dashed': 'yellow-dashed',
  'white-solid': 'yellow-double',
};

/** The rules with the country's paint. Edge lines are rarer on the lesser roads of Britain. */
export function paintedBy(rules: RoadRules, country: Country): RoadRules {
  const colours = country === 'us' ? YELLOW : WHITE;
  const edges = country === 'gb' ? 0.4 : 1;
  const painted = (rule: RoadRule): RoadRule => ({
    ...rule,
    centre: rule.centre.map((line) => colours[line]),
    edges: rule.edges * edges,
  });
  const kinds = Object.keys(rules) as StreetKind[];
  return Object.fromEntries(kinds.map((kind) => [kind, painted(rules[kind])])) as RoadRules;
}
