// Parameters of POST /locate: what fits the schema comes out as it went in, and nothing else gets through.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SkyfixError } from '../../src/errors/index.js';
import { LOCATE_PROPERTIES, parseLocateParameters, toLocateOptions } from '../../src/http/index.js';

const parse = (fields: Record<string, string>) => parseLocateParameters(new Map(Object.entries(fields)));
const options = (fields: Record<string, string>) => toLocateOptions(parse(fields), 1000);

function refuses(fields: Record<string, string>, mentions: RegExp): void {
  assert.throws(
    () => options(fields),
    (error) =>
      error instanceof SkyfixError && error.code === 'PARAMETER_INVALID' && mentions.test(error.detail),
    JSON.stringify(fields),
  );
}

test('every number in range comes out as it went in; every one outside is refused by name', () => {
  for (const [name, schema] of Object.entries(LOCATE_PROPERTIES)) {
    if (schema.type !== 'number') continue;
    const { minimum: min, maximum: max } = schema;
    const inside = fc.double({ min, max, noNaN: true });
    fc.assert(
      fc.property(inside, (value) => {
        // -0 is written as 0.
        assert.equal(parse({ [name]: String(value) })[name as 'lon'], value + 0);
      }),
    );
    const outside = fc.double({ noNaN: true }).filter((value) => value < min || value > max);
    fc.assert(fc.property(outside, (value) => refuses({ [name]: String(value) }, new RegExp(`"${name}"`))));
  }
});

test('text that is no JSON number is no number', () => {
  const isJsonNumber = (text: string) => {
    try {
      return typeof JSON.parse(text) === 'number' && text.trim() === text;
    } catch {
      return false;
    }
  };
  const texts = fc.oneof(
    fc.string(),
    fc.constantFrom('', ' 1', '+1', '0x1', '1_0', 'NaN', '-Infinity', '1e999', '01', '١'),
  );
  fc.assert(
    fc.property(
      texts.filter((text) => !isJsonNumber(text) || !Number.isFinite(Number(text))),
      (text) => refuses({ headingDeg: text }, /"headingDeg" must be a number/),
    ),
  );
});

test('a box comes out as four numbers, also across the antimeridian; south above north is refused', () => {
  const degrees = (limit: number) =>
    fc.integer({ min: -limit * 1000, max: limit * 1000 }).map((value) => value / 1000);
  fc.assert(
    fc.property(degrees(180), degrees(90), degrees(180), degrees(90), (west, south, east, north) => {
      const fields = { bbox: [west, south, east, north].join(',') };
      if (south > north) refuses(fields, /south not above north/);
      else assert.deepEqual(options(fields).prior, { bounds: [west + 0, south + 0, east + 0, north + 0] });
    }),
  );
  for (const bbox of ['', '1,2,3', '1,2,3,4,5', '1,2,3,x', '181,0,1,1', '0,-91,1,1', '1, 2, 3, 4'])
    refuses({ bbox }, /"bbox"/);
});

test('a circle is whole or absent, and excludes a box', () => {
  const circle = { lon: '1', lat: '2', radiusM: '300' };
  assert.deepEqual(options(circle).prior, { centre: { lon: 1, lat: 2 }, radiusM: 300 });
  assert.equal(options({}).prior, undefined);
  for (const missing of Object.keys(circle)) {
    const part = Object.fromEntries(Object.entries(circle).filter(([name]) => name !== missing));
    refuses(part, /lon, lat and radiusM go together/);
  }
  refuses({ ...circle, bbox: '0,0,1,1' }, /exclude each other/);
  refuses({ lon: '1', bbox: '0,0,1,1' }, /exclude each other/);
});

test('a heading is a number, unknown, or known to a tolerance', () => {
  assert.equal(options({}).heading, 'auto');
  assert.equal(options({ heading: 'unknown' }).heading, 'unknown');
  assert.equal(
    options({ heading: 'auto', headingDeg: '30', headingToleranceDeg: '45' }).headingToleranceDeg,
    45,
  );
  for (const text of ['', 'north', 'UNKNOWN', '30']) refuses({ heading: text }, /"heading"/);
  refuses({ heading: 'unknown', headingDeg: '30' }, /exclude each other/);
  refuses({ heading: 'unknown', headingToleranceDeg: '45' }, /exclude each other/);
});

test('a projection is one of three words, a horizontal angle up to the full circle', () => {
  assert.equal(options({}).projection, 'auto');
  const photo = options({ projection: 'perspective', horizontalFovDeg: '66.5' });
  assert.deepEqual([photo.projection, photo.horizontalFovDeg], ['perspective', 66.5]);
  for (const text of ['', 'fisheye', 'Perspective']) refuses({ projection: text }, /"projection"/);
  for (const text of ['0', '361']) refuses({ horizontalFovDeg: text }, /"horizontalFovDeg"/);
});

test('defaults, booleans, region names, unknown names', () => {
  const { top, distinct } = parse({});
  assert.deepEqual({ top, distinct }, { top: 5, distinct: true });
  assert.equal(parse({ distinct: 'false' }).distinct, false);
  for (const text of ['', '0', '1', 'TRUE', 'yes'])
    refuses({ distinct: text }, /"distinct" must be true or false/);
  for (const text of ['0', '51', '2.5', '-1']) refuses({ top: text }, /"top"/);
  for (const text of ['', 'Old', 'a/b', '..', 'x'.repeat(65)]) refuses({ region: text }, /"region"/);
  fc.assert(
    fc.property(
      fc.string().filter((name) => !Object.hasOwn(LOCATE_PROPERTIES, name)),
      (name) => refuses({ [name]: '1' }, name === '__proto__' ? /./ : /is not a parameter/),
    ),
  );
});
