// Catalogue, CSV and descriptor files: what is written is read, what is damaged is named, places are found.
import assert from 'node:assert/strict';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { csvField, csvRowsInPieces, parseCsv } from '../../src/files/index.js';
import { distanceM, insideBbox, wrapLonDeg } from '../../src/geometry/index.js';
import { seededRandom } from '../../src/random/index.js';
import {
  Catalogue,
  formatCatalogue,
  formatDescriptors,
  type RowSet,
  readCatalogue,
  readDescriptorShape,
  readDescriptors,
  type Tile,
  writeCatalogue,
  writeDescriptors,
} from '../../src/search/index.js';
import { RoughDistance } from '../../src/search/rough-distance.js';
import { watchThreads } from '../support/threads.js';

const folder = await mkdtemp(join(tmpdir(), 'skyfix-catalogue-'));
const threads = watchThreads();
after(async () => {
  threads.stop();
  await rm(folder, { recursive: true, force: true });
});
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

test('CSV in pieces: the same rows and lines, wherever the text is cut', async () => {
  const field = fc.string({ unit: fc.constantFrom('a', ' ', ',', '"', '\n', '\r', 'ü', '1') });
  const rows = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { maxLength: 6 });
  const cuts = fc.array(fc.nat(6), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(rows, cuts, fc.boolean(), async (table, lengths, bom) => {
      const text = `${bom ? '\uFEFF' : ''}${table.map((row) => row.map(csvField).join(',')).join('\n')}`;
      const pieces: string[] = [];
      let at = 0;
      for (const length of lengths) {
        pieces.push(text.slice(at, at + length));
        at += length;
      }
      pieces.push(text.slice(at));
      const read: unknown[] = [];
      for await (const some of csvRowsInPieces(pieces)) read.push(...some);
      assert.deepEqual(read, parseCsv(text));
    }),
  );
  const all = async (pieces: string[], longest?: number) => {
    const lines: number[] = [];
    for await (const some of csvRowsInPieces(pieces, longest)) lines.push(...some.map(({ line }) => line));
    return lines;
  };
  await assert.rejects(all(['a\nb,"c', ',d\n', 'e']), /line 2: a quote is never closed/);
  await assert.rejects(all(['a\nb,"c', 'x'.repeat(50), 'y"\n'], 40), /line 2: a row does not end within 40/);
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

test('a catalogue is the same read in pieces of any size, and by a thread', async () => {
  const tiles = Array.from({ length: 300 }, (_, k) => ({
    tile: k % 7 === 0 ? `ü "${k}",\n` : `tile ${k}`,
    lon: -180 + k * 1.2,
    lat: -89 + k * 0.59,
    sizeM: 10 + (k % 3),
    source: k % 2 === 0 ? 'mosaic, "a"' : 'b.tif',
  }));
  await writeCatalogue(path, tiles);
  assert.equal(await readFile(path, 'utf8'), formatCatalogue(tiles));
  for (const options of [{ pieceBytes: 1 }, { pieceBytes: 7 }, {}, { threadFromBytes: 0, pieceBytes: 64 }]) {
    const catalogue = await readCatalogue(path, options);
    assert.equal(catalogue.count, tiles.length);
    assert.equal(catalogue.largestSizeM, 12);
    for (const [row, tile] of tiles.entries()) {
      assert.deepEqual(catalogue.tile(row), {
        ...tile,
        lon: catalogue.place(row).lon,
        lat: catalogue.place(row).lat,
      });
      assert.ok(Math.abs(catalogue.place(row).lon - tile.lon) < 1e-8);
    }
    assert.deepEqual(
      [...catalogue.rowsInBbox([-180, -90, 180, 90]).rows],
      tiles.map((_, row) => row),
    );
    assert.throws(() => catalogue.tile(300), { code: 'INTERNAL' });
    assert.throws(() => catalogue.place(-1), { code: 'INTERNAL' });
  }
  await writeFile(path, `${formatCatalogue(tiles)}tile 1,0,0,64,s\n`);
  for (const threadFromBytes of [0, 1e9]) {
    const told = { code: 'INDEX_CORRUPT', message: /line 345: tile "tile 1" is empty or named twice/ };
    await assert.rejects(readCatalogue(path, { threadFromBytes }), told);
  }
  assert.equal(threads.alive.length, 0, 'the reading threads are gone');
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
  const near = [...catalogue.rowsInRadius(centre, 400).rows];
  const expected = tiles.flatMap((tile, row) => (distanceM(tile, centre) <= 400 ? [row] : []));
  assert.ok(expected.length > 100);
  assert.deepEqual(near, expected);
  const inBox = [...catalogue.rowsInBbox([179.995, -16.995, -179.995, -16.99]).rows];
  assert.deepEqual(
    inBox,
    tiles.flatMap(({ lon, lat }, row) =>
      (lon >= 179.995 || lon <= -179.995) && lat >= -16.995 && lat <= -16.99 ? [row] : [],
    ),
  );
  assert.ok(inBox.length > 100);
  assert.equal(catalogue.rowsInRadius({ lon: 0, lat: 0 }, 1000).length, 0);
});

/** The list and the bits of a set are these rows, whichever is asked for first, and so is what is spread over it. */
function checkSet(set: RowSet, expected: readonly number[]): void {
  assert.equal(set.length, expected.length);
  const inBits = (found: RowSet) =>
    Array.from({ length: found.total }, (_, row) => row).filter(
      (row) => ((found.bits[row >> 3] as number) >> (row & 7)) & 1,
    );
  const many = Math.min(7, expected.length);
  const spread = Array.from(
    { length: many },
    (_, k) => expected[Math.floor(((k + 0.5) * expected.length) / many)],
  );
  assert.deepEqual([...set.evenly(7)], spread);
  assert.deepEqual(inBits(set), expected);
  assert.equal(set.bits.length, Math.ceil(set.total / 8));
  assert.deepEqual([...set.rows], expected);
  assert.deepEqual([...set.evenly(7)], spread);
}

test('rows in any circle or box are those that a test of each centre finds', () => {
  const random = seededRandom(11);
  // A town, a second one across the antimeridian, one around the pole, and places everywhere.
  const towns = [
    { lon: 10, lat: 50, widthDeg: 0.2 },
    { lon: 179.95, lat: -17, widthDeg: 0.1 },
    { lon: 0, lat: 88, widthDeg: 360 },
    { lon: -180, lat: -60, widthDeg: 360 },
  ];
  const tiles: Tile[] = Array.from({ length: 4000 }, (_, k) => {
    const { lon, lat, widthDeg } = towns[k % towns.length] as (typeof towns)[number];
    const place = { lon: wrapLonDeg(lon + random() * widthDeg), lat: lat + random() * Math.min(2, widthDeg) };
    // Some lie on the meridian that has two names.
    return { tile: `${k}`, ...(k % 97 === 0 ? { ...place, lon: 180 } : place), sizeM: 64, source: 's' };
  });
  const catalogue = new Catalogue(tiles);
  const spots = fc.record({
    lon: fc.oneof(fc.double({ min: -180, max: 180, noNaN: true }), fc.constantFrom(180, -180, 10.1, 179.99)),
    lat: fc.oneof(fc.double({ min: -90, max: 90, noNaN: true }), fc.constantFrom(90, 89, 50.05, -16.95)),
  });
  const radii = fc.oneof(
    fc.double({ min: 0, max: 2e7, noNaN: true }),
    fc.constantFrom(0, 50, 900, 9_000, 99_000, 100_500, 1_000_000),
  );
  fc.assert(
    fc.property(spots, radii, (centre, radiusM) => {
      const expected = tiles.flatMap((tile, row) => (distanceM(tile, centre) <= radiusM ? [row] : []));
      checkSet(catalogue.rowsInRadius(centre, radiusM), expected);
    }),
    { numRuns: 300 },
  );
  fc.assert(
    fc.property(spots, spots, (a, b) => {
      const box = [a.lon, Math.min(a.lat, b.lat), b.lon, Math.max(a.lat, b.lat)] as const;
      const expected = tiles.flatMap((tile, row) => (insideBbox(tile, box) ? [row] : []));
      checkSet(catalogue.rowsInBbox(box), expected);
    }),
    { numRuns: 300 },
  );
});

test('rough distances bound the exact one, from anywhere to anywhere', () => {
  const lon = fc.double({ min: -180, max: 180, noNaN: true });
  const lat = fc.double({ min: -90, max: 90, noNaN: true });
  const step = fc.oneof(
    fc.double({ min: -1e-4, max: 1e-4, noNaN: true }),
    fc.double({ min: -1, max: 1, noNaN: true }),
    lat,
  );
  fc.assert(
    fc.property(lon, lat, step, step, (fromLon, fromLat, eastDeg, northDeg) => {
      const from = { lon: fromLon, lat: fromLat };
      const to = {
        lon: wrapLonDeg(fromLon + 2 * eastDeg),
        lat: Math.max(-90, Math.min(90, fromLat + northDeg)),
      };
      const { leastM, mostM } = new RoughDistance(from).to(to.lon, to.lat);
      const exactM = distanceM(from, to);
      assert.ok(leastM <= exactM && exactM <= mostM, `${exactM} m is not in ${leastM} to ${mostM}`);
      assert.ok(mostM - leastM <= 0.03 + 3e-5 * exactM);
    }),
    { numRuns: 2000 },
  );
});

test('a prior that holds a whole town, most of it or half of it is found in a blink', () => {
  const side = 600;
  const tiles = function* (): Generator<Tile> {
    for (let k = 0; k < side * side; k++) {
      const place = { lon: 10 + (k % side) * 0.0002, lat: 50 + Math.floor(k / side) * 0.0001 };
      yield { tile: `${k}`, ...place, sizeM: 64, source: 's' };
    }
  };
  const catalogue = new Catalogue(tiles());
  const middle = { lon: 10.06, lat: 50.03 };
  const timed = (find: () => RowSet, least: number): number => {
    // Of this process, whatever else the machine does.
    const times = [1, 2, 3].map(() => {
      const started = process.cpuUsage();
      assert.ok(find().length >= least);
      return process.cpuUsage(started).user / 1000;
    });
    return Math.min(...times);
  };
  // Sets and arrays took about a second of computing.
  for (const [radiusM, share] of [
    [1e6, 1],
    [5000, 0.9],
    [3000, 0.45],
  ] as const) {
    const ms = timed(() => catalogue.rowsInRadius(middle, radiusM), share * side * side);
    assert.ok(ms < 100, `${radiusM} m took ${ms} ms`);
  }
  assert.ok(timed(() => catalogue.rowsInBbox([10.0001, 49, 11, 51]), 0.99 * side * side) < 100);
  assert.ok(
    catalogue.rowsInRadius(middle, 3000).rows.buffer instanceof SharedArrayBuffer,
    'threads need no copy',
  );
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
    [damaged((b) => withUint32(b, 8, 2)), /format version 2 with values of kind 0/],
    [damaged((b) => withUint32(b, 20, 1)), /format version 1 with values of kind 1/],
    [damaged((b) => withUint32(b, 16, 0)), /0 values/],
  ] as const) {
    await writeFile(file, content);
    await assert.rejects(readDescriptors(file), { code: 'INDEX_CORRUPT', message });
    await assert.rejects(readDescriptorShape(file), { code: 'INDEX_CORRUPT', message });
  }
  await assert.rejects(readDescriptors(join(folder, 'none')), { code: 'INDEX_MISSING' });
});

test('descriptors are written and read in pieces, also more than one read of the system gives', async () => {
  const file = join(folder, 'pieces.f32');
  const data = new Float32Array(new SharedArrayBuffer(4 * 35)).map((_, i) => Math.sin(i));
  await writeDescriptors(file, { count: 5, dimensions: 7, data });
  assert.deepEqual(await readFile(file), Buffer.from(formatDescriptors({ count: 5, dimensions: 7, data })));
  for (const pieceBytes of [1, 13, 64, 1e6]) {
    const read = await readDescriptors(file, pieceBytes);
    assert.deepEqual([read.count, read.dimensions, [...read.data]], [5, 7, [...data]]);
    assert.ok(read.data.buffer instanceof SharedArrayBuffer);
  }
  await assert.rejects(writeDescriptors(file, { count: 5, dimensions: 8, data }), { code: 'INTERNAL' });
  // 600,000 x 1024: 2.3 GiB, of which the disk holds the header.
  const large = await open(file, 'w');
  await large.write(
    withUint32(
      Buffer.from(formatDescriptors({ count: 0, dimensions: 1024, data: new Float32Array() })),
      12,
      600_000,
    ),
  );
  await large.truncate(32 + 600_000 * 1024 * 4);
  await large.close();
  assert.deepEqual(await readDescriptorShape(file), { count: 600_000, dimensions: 1024 });
  await rm(file);
});

function withUint32(bytes: Buffer, at: number, value: number): Buffer {
  bytes.writeUInt32LE(value, at);
  return bytes;
}
