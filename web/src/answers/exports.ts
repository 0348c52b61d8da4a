// Answers as files: GeoJSON (RFC 7946), CSV (RFC 4180) and KML 2.3, each made of the same rows. A file without an answer
// is a row too, so that none is lost on the way into a table.
import type { Answer, Heading, Place, Problem, Verdict } from '../api/types.js';
import { circle } from './geodesy.js';

/** What was answered to one file. */
export interface Entry {
  readonly name: string;
  readonly answer?: Answer | undefined;
  readonly problem?: Problem | undefined;
}

interface Row {
  readonly file: string;
  readonly answer?: Answer;
  readonly place?: Place;
  readonly heading?: Heading;
  readonly verdict?: Verdict | undefined;
  readonly problem?: Problem | undefined;
}

function rowsOf(entries: readonly Entry[]): Row[] {
  return entries.flatMap(({ name, answer, problem }): Row[] => {
    if (!answer) return [{ file: name, problem }];
    const { heading, verdict } = answer;
    if (answer.results.length === 0) return [{ file: name, answer, heading, verdict }];
    return answer.results.map((place) => ({ file: name, answer, place, heading, verdict }));
  });
}

export function toGeoJson(entries: readonly Entry[]): string {
  const features = rowsOf(entries).map((row) => ({
    type: 'Feature',
    geometry: row.place ? { type: 'Point', coordinates: [row.place.lon, row.place.lat] } : null,
    properties: Object.fromEntries(COLUMNS.map(([name, value]) => [name, value(row) ?? null])),
  }));
  return `${JSON.stringify({ type: 'FeatureCollection', features }, null, 2)}\n`;
}

export type Value = string | number | undefined;
const COLUMNS: readonly (readonly [string, (row: Row) => Value])[] = [
  ['file', ({ file }) => file],
  ['rank', ({ place }) => place?.rank],
  ['lon', ({ place }) => place?.lon],
  ['lat', ({ place }) => place?.lat],
  ['score', ({ place }) => place?.score],
  ['probability', ({ place }) => place?.probability],
  ['radius68M', ({ place }) => place?.radiusM?.p68],
  ['radius95M', ({ place }) => place?.radiusM?.p95],
  ['distanceM', ({ place }) => place?.distanceM],
  ['verdict', ({ verdict }) => verdict],
  ['headingDeg', ({ heading }) => heading?.deg],
  ['headingSource', ({ heading }) => heading?.source],
  ['tile', ({ place }) => place?.tile],
  ['region', ({ answer }) => answer?.region],
  ['bundle', ({ answer }) => answer?.bundle],
  ['indexVersion', ({ answer }) => answer?.indexVersion],
  ['requestId', ({ answer, problem }) => answer?.requestId ?? problem?.requestId],
  ['error', ({ problem }) => problem?.code],
  ['detail', ({ problem }) => problem?.detail],
];

export function toCsv(entries: readonly Entry[]): string {
  return csvOf(
    COLUMNS.map(([name]) => name),
    rowsOf(entries).map((row) => COLUMNS.map(([, value]) => value(row))),
  );
}

/** A table with its header. */
export function csvOf(header: readonly string[], rows: readonly (readonly Value[])[]): string {
  return [header, ...rows].map((cells) => `${cells.map(csvCell).join(',')}\r\n`).join('');
}

/** Text that a spreadsheet would take for a formula is set off by an apostrophe (OWASP, CSV injection). */
function csvCell(value: Value): string {
  if (value === undefined || typeof value === 'number') return String(value ?? '');
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function toKml(entries: readonly Entry[]): string {
  const folders = entries.map(({ name, answer, problem }) => {
    const places = (answer?.results ?? []).map((place) => placemark(name, place, answer));
    const about = answer?.verdict ?? (problem ? `${problem.title}: ${problem.detail}` : '');
    return `<Folder><name>${xml(name)}</name><description>${xml(about)}</description>${places.join('')}</Folder>`;
  });
  const styles = `<Style id="place"><IconStyle><color>ff6e760f</color></IconStyle></Style>
<Style id="circle"><LineStyle><color>ff6e760f</color><width>2</width></LineStyle><PolyStyle><color>406e760f</color></PolyStyle></Style>`;
  return kmlOf(`${styles}\n${folders.join('\n')}`);
}

/** A KML document with this in it. */
export function kmlOf(inner: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>skyfix</name>
${inner}
</Document></kml>
`;
}

/** What is known of a placemark; what is not is left out. */
export function kmlData(facts: readonly (readonly [name: string, value: Value])[]): string {
  const data = facts
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `<Data name="${name}"><value>${xml(String(value))}</value></Data>`);
  return `<ExtendedData>${data.join('')}</ExtendedData>`;
}

function placemark(file: string, place: Place, answer: Answer | undefined): string {
  const { rank, lon, lat, score, probability, radiusM } = place;
  const facts: [string, Value][] = [
    ['file', file],
    ['rank', rank],
    ['score', score],
    ['probability', probability],
    ['radius95M', radiusM?.p95],
    ['headingDeg', answer?.heading.deg],
    ['region', answer?.region],
    ['indexVersion', answer?.indexVersion],
  ];
  const title = xml(`${file} · ${rank}`);
  const shared = kmlData(facts);
  const point = `<Placemark><name>${title}</name><styleUrl>#place</styleUrl>${shared}<Point><coordinates>${lon},${lat}</coordinates></Point></Placemark>`;
  if (!radiusM) return point;
  const ring = circle(place, radiusM.p95)
    .map((position) => position.join(','))
    .join(' ');
  return `${point}<Placemark><name>${title} · 95 %</name><styleUrl>#circle</styleUrl><Polygon><outerBoundaryIs><LinearRing><coordinates>${ring}</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>`;
}

/** XML 1.0: the five characters, and none of those that it does not allow at all. */
export function xml(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML forbids
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll("'", '&apos;')
  );
}
