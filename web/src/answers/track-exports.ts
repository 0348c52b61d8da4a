// A track as a file: GeoJSON (RFC 7946) as the server gives it, a table of its points (RFC 4180), KML 2.3. A panorama that
// stands nowhere is a point without a position.
import type { Track, TrackPoint } from '../api/types.js';
import { csvOf, kmlData, kmlOf, type Value, xml } from './exports.js';

export function trackToGeoJson({ features, ...whole }: Track): string {
  return `${JSON.stringify({ ...whole, features }, null, 2)}\n`;
}

const COLUMNS: readonly (readonly [string, (point: TrackPoint, track: Track) => Value])[] = [
  ['frame', ({ properties }) => properties.frame],
  ['file', ({ properties }) => properties.file],
  ['lon', ({ geometry }) => geometry?.coordinates[0]],
  ['lat', ({ geometry }) => geometry?.coordinates[1]],
  ['probability', ({ properties }) => properties.probability],
  ['rankAlone', ({ properties }) => properties.rankAlone],
  ['verdictAlone', ({ properties }) => properties.verdictAlone],
  ['headingDeg', ({ properties }) => properties.heading?.deg],
  ['headingSource', ({ properties }) => properties.heading?.source],
  ['trackVerdict', (_point, { features: [way] }) => way.properties.verdict],
  ['region', (_point, { region }) => region],
  ['bundle', (_point, { bundle }) => bundle],
  ['indexVersion', (_point, { indexVersion }) => indexVersion],
  ['requestId', (_point, { requestId }) => requestId],
  ['error', ({ properties }) => properties.code],
  ['detail', ({ properties }) => properties.message],
];

export function trackToCsv(track: Track): string {
  const [, ...points] = track.features;
  return csvOf(
    COLUMNS.map(([name]) => name),
    points.map((point) => COLUMNS.map(([, value]) => value(point, track))),
  );
}

export function trackToKml(track: Track): string {
  const [way, ...points] = track.features;
  const { verdict, probability, frames } = way.properties;
  const facts = kmlData([
    ['verdict', verdict],
    ['probability', probability],
    ['frames', frames],
    ['region', track.region],
    ['indexVersion', track.indexVersion],
  ]);
  const line = way.geometry?.coordinates.map((position) => position.join(',')).join(' ');
  const drawn = line && `<LineString><coordinates>${line}</coordinates></LineString>`;
  const placemarks = points.map(({ geometry, properties }) => {
    const data = kmlData([
      ['frame', properties.frame],
      ['probability', properties.probability],
      ['headingDeg', properties.heading?.deg],
      ['error', properties.code],
    ]);
    const point = geometry && `<Point><coordinates>${geometry.coordinates.join(',')}</coordinates></Point>`;
    const name = xml(properties.file ?? String(properties.frame));
    return `<Placemark><name>${name}</name>${data}${point ?? ''}</Placemark>`;
  });
  return kmlOf(`<Style id="way"><LineStyle><color>ff6e760f</color><width>4</width></LineStyle></Style>
<Placemark><name>skyfix</name><styleUrl>#way</styleUrl>${facts}${drawn ?? ''}</Placemark>
${placemarks.join('\n')}`);
}
