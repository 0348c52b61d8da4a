// R@1 by district, and which district's tiles answer whose queries.
import { type Group, retrievalOf, samplesOf } from './collect.js';
import { missingText, NONE, paragraphs, samplesText, table } from './markdown.js';
import { methodName, queryName } from './method.js';
import { mostLabelled } from './select.js';

/** R@1 by district of every method with the most labels, and the confusion of the last (most elaborate) of them. */
export function districtTables(groups: readonly Group[], area: string): string {
  const shown = (groups.length > 0 ? mostLabelled(groups) : []).filter(({ runs }) =>
    runs.some(({ result }) => retrievalOf(result, area)?.byDistrict),
  );
  if (shown.length === 0) return missingText(['figures by district']);
  const names = shown.flatMap(({ runs }) =>
    runs.flatMap(({ result }) => Object.keys(retrievalOf(result, area)?.byDistrict ?? {})),
  );
  const districts = [...new Set(names)].sort();
  const rows = districts.map((district) => {
    const queries = shown.flatMap(({ runs }) =>
      runs.flatMap(({ result }) => retrievalOf(result, area)?.byDistrict?.[district]?.queries ?? []),
    );
    const cells = shown.map((group) =>
      samplesText(samplesOf(group, (result) => retrievalOf(result, area)?.byDistrict?.[district]?.at1)),
    );
    return [district, range(queries), ...cells];
  });
  const header = ['R@1 by district', 'queries', ...shown.map(({ method }) => queryName(method))];
  return paragraphs(table(header, rows), confusionTable(shown, area));
}

function confusionTable(groups: readonly Group[], area: string): string {
  const group = groups.findLast(({ runs }) =>
    runs.some(({ result }) => retrievalOf(result, area)?.confusion),
  );
  if (!group) return missingText(['which district answers which']);
  const counts = new Map<string, number>();
  const names = new Set<string>();
  for (const { result } of group.runs) {
    const confusion = retrievalOf(result, area)?.confusion;
    confusion?.districts.forEach((from, a) => {
      names.add(from);
      confusion.districts.forEach((to, b) => {
        const key = JSON.stringify([from, to]);
        counts.set(key, (counts.get(key) ?? 0) + (confusion.counts[a]?.[b] ?? 0));
      });
    });
  }
  const districts = [...names].sort();
  const rows = districts.map((from) => {
    const own = districts.map((to) => counts.get(JSON.stringify([from, to])) ?? 0);
    const all = own.reduce((a, b) => a + b, 0);
    return [from, ...own.map((value) => (all > 0 ? ((100 * value) / all).toFixed(1) : NONE))];
  });
  return paragraphs(
    'Of the queries of a district (row), the percentage whose first answer is a tile of each ' +
      `district (column), over all seeds of "${methodName(group.method)}". The diagonal holds ` +
      'right answers and mistakes within the district alike.',
    table(['queries of', ...districts], rows),
  );
}

function range(values: readonly number[]): string {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low === high ? String(low) : `${low} to ${high}`;
}
