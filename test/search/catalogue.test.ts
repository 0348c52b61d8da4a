// Catalogue, CSV and descriptor files: what is written is read, what is damaged is named, places are found.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { csvField, parseCsv } from '../../src/files/index.js';
import { distanceM } from '../../src/geometry/index.js';
import {
  Catalogue,
  formatCatalogue,
  formatDescriptors,
  readCatalogue,
  readDescriptorShape,
  readDescriptors,
  type Tile,
} from '../../src/search/index.js';

const folder = await mkdtemp(join(tmpdir(), 'skyfix-catalogue-'));
after(() => rm(folder, { recursive: true, force: true }));
const path = join(folder, 'catalogue.csv');

test('CSV: any fields come back, whatever they hold', () => {
  const field = fc.string({ unit: fc.constantFrom('a', ' ', ',', '"', '\n', '\r', 'ü', '1') });
  fc.assert(
    fc.property(fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { maxLength: 6 }), (rows) => {
      const text = rows.map((row) => row.map(csvField).join(',')).join('\r\n');
      assert.deepEqual(
        parseCsv(text).map(({ fields }) => fields),
        rows,
      );
    }),
  );
  assert.deepEqual(parseCsv('\uFEFFa,"b\nc"\n\nd,"e ""f"""\n'), [
    { line: 1, fields: ['a', 'b\nc'] },
    { line: 4, fields: ['d', 'e "f"'] },
  ]);
  assert.throws(() => parseCsv('a\nb,"c'), /line 2/);
});

test('a catalogue comes back to the millimetre', async () => {
  const text = fc.string({ minLength: 1, maxLength: 8 });
  const tile = fc.record({
    tile: text,
    lon: fc.double({ min: -180, max: 180, noNaN: true }),
    lat: fc.double({ min: -90, max: 90, noNaN: true }),
    sizeM: fc.double({ min: 0.1, max: 1000, noNaN: true }),
    source: text,
  });
  const tiles = fc.uniqueArray(tile, { maxLength: 8, selector: (t) => t.tile });
  await fc.assert(
    fc.asyncProperty(tiles, async (list) => {
      await writeFile(path, formatCatalogue(list));
      const catalogue = await readCatalogue(path);
      assert.equal(catalogue.count, list.length);
      list.forEach((expected, row) => {
        const found = catalogue.tile(row);
        assert.deepEqual([found.tile, found.source], [expected.tile, expected.source]);
        assert.equal(found.sizeM, expected.sizeM);
        assert.ok(Math.abs(found.lat - expected.lat) < 1e-8);
        assert.ok(Math.abs(found.lon - expected.lon) < 1e-8);
      });
    }),
    { numRuns: 40 },
  );
});

test('a damaged catalogue is refused by line', async () => {
  const header = 'tile,lon,lat,sizeM,source';
  for (const [lines, message] of [
    ['tile,lon\n', /line 1 is "tile,lon"/],
    [`${header}\na,1,2,64,s\nb,1,2,64`, /line 3 has 4 fields/],
    [`${header}\na,1,2,64,s\na,1,2,64,s`, /line 3: tile "a"/],
    [`${header}\na,east,2,64,s`, /line 2: lon is "east"/],
    [`${header}\na,1,95,64,s`, /line 2: lat is "95"/],
    [`${header}\na,1,2,0,s`, /line 2: sizeM is "0"/],
  ] as const) {
    await writeFile(path, lines);
    await assert.rejects(readCatalogue(path), { code: 'INDEX_CORRUPT', message });
  }
  await assert.rejects(readCatalogue(join(folder, 'none.csv')), { code: 'INDEX_MISSING' });
});

test('rows inside a radius or a box, also across the antimeridian', () => {
  const tiles: Tile[] = [];
  for (let y = 0; y < 40; y++) {
    for (let x = 0; x < 40; x++) {
      const lon = 179.99 + x * 0.0005;
      const place = { lon: lon >= 180 ? lon - 360 : lon, lat: -17 + y * 0.0005 };
      tiles.push({ tile: `${x}/${y}`, ...place, sizeM: 64, source: 's' });
    }
  }
  const catalogue = new Catalogue(tiles);
  const centre = { lon: -179.9995, lat: -16.99 };
  const near = [...catalogue.rowsInRadius(centre, 400)];
  const expected = tiles.flatMap((tile, row) => (distanceM(tile, centre) <= 400 ? [row] : []));
  assert.ok(expected.length > 100);
  assert.deepEqual(near, expected);
  const inBox = [...catalogue.rowsInBbox([179.995, -16.995, -179.995, -16.99])];
  assert.deepEqual(
    inBox,
    tiles.flatMap(({ lon, lat }, row) =>
      (lon >= 179.995 || lon <= -179.995) && lat >= -16.995 && lat <= -16.99 ? [row] : [],
    ),
  );
  assert.ok(inBox.length > 100);
  assert.equal(catalogue.rowsInRadius({ lon: 0, lat: 0 }, 1000).length, 0);
});

test('descriptors: header and values come back; every kind of damage is named', async () => {
  const file = join(folder, 'descriptors.f32');
  const data = Float32Array.from({ length: 12 }, (_, i) => i / 7);
  const bytes = formatDescriptors({ count: 3, dimensions: 4, data });
  await writeFile(file, bytes);
  // The layout that the header comment of the format promises.
  const written = await readFile(file);
  assert.equal(written.toString('latin1', 0, 8), 'SKYFIXD1');
  assert.deepEqual(
    [8, 12, 16].map((at) => written.readUInt32LE(at)),
    [1, 3, 4],
  );
  assert.equal(written.readFloatLE(32 + 4 * 5), Math.fround(5 / 7));
  const read = await readDescriptors(file);
  assert.deepEqual([read.count, read.dimensions, [...read.data]], [3, 4, [...data]]);
  assert.deepEqual(await readDescriptorShape(file), { count: 3, dimensions: 4 });
  const damaged = (change: (copy: Buffer) => Buffer) => change(Buffer.from(bytes));
  for (const [content, message] of [
    [damaged((b) => b.subarray(0, 20)), /does not begin/],
    [damaged((b) => b.subarray(0, b.length - 4)), /has 76 bytes; 3 descriptors of 4 values need 80/],
    [damaged((b) => Buffer.concat([Buffer.from('X'), b.subarray(1)])), /does not begin/],
    [damaged((b) => withUint32(b, 8, 2)), /format version 2/],
    [damaged((b) => withUint32(b, 16, 0)), /0 values/],
  ] as const) {
    await writeFile(file, content);
    await assert.rejects(readDescriptors(file), { code: 'INDEX_CORRUPT', message });
    await assert.rejects(readDescriptorShape(file), { code: 'INDEX_CORRUPT', message });
  }
  await assert.rejects(readDescriptors(join(folder, 'none')), { code: 'INDEX_MISSING' });
});

function withUint32(bytes: Buffer, at: number, value: number): Buffer {
  bytes.writeUInt32LE(value, at);
  return bytes;
}
