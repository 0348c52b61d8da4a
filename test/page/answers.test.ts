// What the page computes by itself: shapes on the ground, exports, links. Held against geographiclib, an XML parser, a CSV
// reader of another kind and what a link must refuse.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import geodesic from 'geographiclib-geodesic';
import { type Entry, toCsv, toGeoJson, toKml } from '../../web/src/answers/exports.js';
import { circle, distanceM, squareCorners, turnBetween, wedge } from '../../web/src/answers/geodesy.js';
import { fromFragment, toFragment } from '../../web/src/answers/permalink.js';
import { trackToCsv, trackToGeoJson, trackToKml } from '../../web/src/answers/track-exports.js';
import type { Answer, Track } from '../../web/src/api/types.js';
import { coverageOf } from '../../web/src/viewer/coverage.js';

const WGS84 = geodesic.Geodesic.WGS84;
const answer: Answer = {
  requestId: '6f1c3c1e',
  region: 'demo',
  bundle: 'small-town@3',
  indexVersion: '20261123T101500Z-1a2b3c4d',
  heading: { deg: 87.5, source: 'metadata' },
  cameraHeightsM: [2.5],
  results: [
    { rank: 1, tile: 'a', lon: 10.3, lat: 48.2, score: 0.8, probability: 0.93, radiusM: { p68: 2, p95: 6 } },
    { rank: 2, tile: 'b', lon: 10.31, lat: 48.21, score: 0.6 },
  ],
  timingsMs: { total: 60.7 },
  warnings: ['One.'],
  verdict: 'located',
};
const lonLat = fc.record({
  lon: fc.double({ min: -180, max: 180, noNaN: true }),
  lat: fc.double({ min: -80, max: 80, noNaN: true }),
});

describe('shapes on the ground', () => {
  test('a circle and a wedge have their radius, by geographiclib', () => {
    fc.assert(
      fc.property(lonLat, fc.double({ min: 1, max: 2000, noNaN: true }), (centre, radiusM) => {
        const points = [...circle(centre, radiusM), ...wedge(centre, 40, 60, radiusM).slice(1, -1)];
        for (const [lon, lat] of points) {
          const { s12 = 0 } = WGS84.Inverse(centre.lat, centre.lon, lat, lon);
          // A flat patch of ground: off by the square of its size, most near the poles.
          assert.ok(Math.abs(s12 - radiusM) < 0.01 + radiusM * 2e-3, `${s12} for ${radiusM}`);
        }
      }),
    );
  });

  test('a wedge looks where it should, by geographiclib', () => {
    const centre = { lon: 10.3, lat: 48.2 };
    for (const heading of [0, 90, 200, 359]) {
      const ring = wedge(centre, heading, 60, 50);
      const [lon, lat] = ring[9] ?? [0, 0];
      const { azi1 = 0 } = WGS84.Inverse(centre.lat, centre.lon, lat, lon);
      assert.ok(Math.abs(turnBetween(azi1, heading)) < 0.1, `${azi1} for ${heading}`);
    }
  });

  test('a square that is turned by 90 degrees has its corners one further, clockwise', () => {
    const centre = { lon: -70, lat: -33 };
    const [still, turned] = [squareCorners(centre, 72), squareCorners(centre, 72, 90)];
    for (const k of [0, 1, 2, 3]) {
      const [a, b] = [turned[k], still[(k + 1) % 4]];
      assert.ok(a && b);
      assert.ok(distanceM({ lon: a[0], lat: a[1] }, { lon: b[0], lat: b[1] }) < 1e-3);
    }
  });

  test('over the antimeridian it is not far', () => {
    const metres = distanceM({ lon: 179.9999, lat: 10 }, { lon: -179.9999, lat: 10 });
    const { s12 = 0 } = WGS84.Inverse(10, 179.9999, 10, -179.9999);
    assert.ok(Math.abs(metres - s12) < 0.01);
  });
});

describe('exports of a track', () => {
  const track: Track = {
    requestId: '6f1c3c1e',
    region: 'demo',
    features: [
      {
        geometry: {
          coordinates: [
            [10.3, 48.2],
            [10.4, 48.3],
          ],
        },
        properties: { verdict: 'located', probability: 0.9, frames: 3 },
      },
      {
        geometry: { coordinates: [10.3, 48.2] },
        properties: { frame: 1, file: '<a> & "b".jpg', status: 'ok', probability: 0.95 },
      },
      {
        geometry: null,
        properties: { frame: 2, file: '=1+1', status: 'failed', code: 'IMAGE_EMPTY', message: 'No, none.' },
      },
      { geometry: { coordinates: [10.4, 48.3] }, properties: { frame: 3, status: 'ok', probability: 0.85 } },
    ],
  };

  test('KML is well-formed, with the way and its points', () => {
    const text = trackToKml(track);
    assert.equal(XMLValidator.validate(text), true);
    const { kml } = new XMLParser().parse(text) as {
      kml: { Document: { Placemark: Record<string, unknown>[] } };
    };
    const [way, first, second] = kml.Document.Placemark;
    assert.deepEqual(way?.LineString, { coordinates: '10.3,48.2 10.4,48.3' });
    assert.equal(first?.name, '<a> & "b".jpg');
    assert.deepEqual([first?.Point, second?.Point], [{ coordinates: '10.3,48.2' }, undefined]);
  });

  test('CSV has a row for each panorama, none of them a formula; GeoJSON is the answer', () => {
    const lines = trackToCsv(track).trim().split('\r\n');
    assert.equal(lines.length, 4);
    assert.match(lines[1] ?? '', /^1,"<a> & ""b"".jpg",10\.3,48\.2,0\.95,/);
    assert.match(lines[2] ?? '', /^2,'=1\+1,,,,.*IMAGE_EMPTY,"No, none\."$/);
    assert.deepEqual(JSON.parse(trackToGeoJson(track)), track);
  });
});

describe('exports', () => {
  const problem = {
    code: 'IMAGE_EMPTY',
    title: 'Empty',
    detail: 'It has no bytes.',
    advice: 'Look.',
    requestId: 'x',
  };
  const entries: Entry[] = [
    { name: 'a "b", c.jpg', answer },
    { name: 'none & <empty>.jpg', problem },
    { name: '=cmd()', answer: { ...answer, results: [], verdict: 'not in this region' } },
  ];

  test('GeoJSON has every place and every file, as RFC 7946 wants', () => {
    const { type, features } = JSON.parse(toGeoJson(entries)) as {
      type: string;
      features: {
        type: string;
        geometry: { type: string; coordinates: number[] } | null;
        properties: object;
      }[];
    };
    assert.equal(type, 'FeatureCollection');
    assert.deepEqual(
      features.map(({ geometry }) => geometry?.coordinates ?? null),
      [[10.3, 48.2], [10.31, 48.21], null, null],
    );
    assert.deepEqual(
      { ...features[0]?.properties, indexVersion: '', bundle: '' },
      {
        file: 'a "b", c.jpg',
        rank: 1,
        lon: 10.3,
        lat: 48.2,
        score: 0.8,
        probability: 0.93,
        radius68M: 2,
        radius95M: 6,
        distanceM: null,
        verdict: 'located',
        headingDeg: 87.5,
        headingSource: 'metadata',
        tile: 'a',
        region: 'demo',
        bundle: '',
        indexVersion: '',
        requestId: '6f1c3c1e',
        error: null,
        detail: null,
      },
    );
  });

  test('CSV is read back by a reader of its own, and holds no formula', () => {
    const rows = readCsv(toCsv(entries));
    assert.equal(rows.length, 5);
    assert.ok(rows.every((row) => row.length === rows[0]?.length));
    assert.equal(rows[1]?.[0], 'a "b", c.jpg');
    assert.equal(rows[3]?.[rows[0]?.indexOf('error') ?? -1], 'IMAGE_EMPTY');
    assert.equal(rows[4]?.[0], "'=cmd()");
  });

  test('KML is well-formed whatever files are called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const text = toKml([{ name, answer }]);
        assert.equal(XMLValidator.validate(text), true);
      }),
    );
    const parsed = new XMLParser().parse(toKml(entries)) as {
      kml: { Document: { Folder: { Placemark: { Point?: { coordinates: string }; Polygon?: object }[] }[] } };
    };
    const [first] = parsed.kml.Document.Folder;
    assert.equal(first?.Placemark[0]?.Point?.coordinates, '10.3,48.2');
    assert.ok(first?.Placemark[1]?.Polygon);
    assert.equal(first?.Placemark.length, 3);
  });
});

describe('links', () => {
  const linked = { name: 'a.jpg', answer, question: { top: 5, headingDeg: 87.5 } };

  test('hold an answer without its pictures', async () => {
    const pictures = { bev: { mediaType: 'image/webp', data: 'AAAA', groundM: 72 } };
    const fragment = await toFragment({ ...linked, answer: { ...answer, pictures } });
    assert.match(fragment, /^#a1\.[A-Za-z0-9_-]+$/);
    assert.deepEqual(await fromFragment(fragment), linked);
  });

  test('that are cut, changed or made up are none', async () => {
    const fragment = await toFragment(linked);
    assert.equal(await fromFragment(fragment.slice(0, -9)), undefined);
    assert.equal(await fromFragment('#a1.????'), undefined);
    assert.equal(await fromFragment(''), undefined);
    const wrong: unknown[] = [
      { ...linked, answer: { ...answer, results: [{ rank: 1, lon: 400, lat: 0, score: 0, tile: '' }] } },
      { ...linked, answer: { ...answer, heading: null } },
      { ...linked, answer: { ...answer, timingsMs: { total: 'long' } } },
      { ...linked, answer: { ...answer, warnings: [{}] } },
      { ...linked, question: { top: 'many' } },
      { ...linked, name: 3 },
      null,
    ];
    for (const value of wrong)
      assert.equal(await fromFragment(await toFragment(value as typeof linked).catch(() => '')), undefined);
  });

  test('that unpack to too much are none', async () => {
    const huge = { ...linked, name: 'a'.repeat(3_000_000) };
    assert.equal(await fromFragment(await toFragment(huge)), undefined);
  });
});

test('a sphere, a strip and a photo are told apart as the server does it', () => {
  assert.deepEqual(coverageOf(4096, 2048, { top: 5 }), { widthDeg: 360, topDeg: 90, bottomDeg: -90 });
  assert.deepEqual(coverageOf(1232, 224, { top: 5 })?.widthDeg, 360);
  assert.equal(coverageOf(4000, 3000, { top: 5 }), undefined);
  const strip = coverageOf(1232, 224, { top: 5, verticalFovDeg: 65, horizonShare: 0.6 });
  assert.deepEqual([strip?.topDeg, strip?.bottomDeg], [39, -26]);
});

/** RFC 4180, by its grammar and not by ours. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/g)) {
    if (end === '' && quoted === undefined && plain === '') break;
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain ?? '');
    if (end === '\r\n') rows.push([]);
  }
  if (rows.at(-1)?.length === 0) rows.pop();
  return rows;
}
