// What versions keep on the disk: descriptors in fewer bits, and the catalogue by column.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { sha256OfBytes } from '../../src/files/index.js';
import { seededRandom } from '../../src/random/index.js';
import {
  asFloats,
  buildHnswGraph,
  Catalogue,
  ExactIndex,
  formatCatalogue,
  formatDescriptors,
  HeldIndex,
  readCatalogue,
  readDescriptorHeader,
  readDescriptors,
  readStored,
  roundTo,
  type Tile,
  writeCatalogue,
  writeDescriptors,
} from '../../src/search/index.js';

const folder = await mkdtemp(join(tmpdir(), 'skyfix-stored-'));
after(() => rm(folder, { recursive: true, force: true }));

const COUNT = 5;
const DIMENSIONS = 7;

function someDescriptors() {
  const random = seededRandom(4);
  const data = Float32Array.from({ length: COUNT * DIMENSIONS }, () => random() - 0.5);
  for (let row = 0; row < COUNT; row++) {
    const vector = data.subarray(row * DIMENSIONS, (row + 1) * DIMENSIONS);
    const norm = Math.hypot(...vector);
    for (let i = 0; i < DIMENSIONS; i++) vector[i] = (vector[i] as number) / norm;
  }
  return { count: COUNT, dimensions: DIMENSIONS, data };
}

/** IEEE 754: 1 sign, 5 exponent (bias 15), 10 fraction bits. */
function halfOf(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const size = exponent === 0 ? fraction / 2 ** 24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return bits >> 15 ? -size : size;
}

test('float16: half the bytes, each number the nearest one that there is', async () => {
  const descriptors = someDescriptors();
  descriptors.data[3] = 3e-7; // below the smallest normal number of float16
  const path = join(folder, 'descriptors.f16');
  await writeDescriptors(path, descriptors, 'f16');
  const bytes = await readFile(path);
  assert.equal(bytes.length, 32 + 2 * COUNT * DIMENSIONS);
  assert.deepEqual(await readDescriptorHeader(path), { count: 5, dimensions: 7, precision: 'f16' });
  const read = await readDescriptors(path);
  for (const [i, value] of descriptors.data.entries()) {
    const expected = halfOf(bytes.readUInt16LE(32 + 2 * i));
    assert.equal(read.data[i], expected);
    assert.ok(Math.abs(expected - value) <= Math.max(2 ** -25, Math.abs(value) * 2 ** -11), `${value}`);
  }
  assert.ok(read.data.buffer instanceof SharedArrayBuffer);
});

test('int8: a quarter of the bytes, every descriptor of unit length again', async () => {
  const descriptors = someDescriptors();
  const path = join(folder, 'descriptors.i8');
  await writeDescriptors(path, descriptors, 'i8');
  const bytes = await readFile(path);
  assert.equal(bytes.length, 32 + 36 + 4 * COUNT, 'scales begin at a multiple of 4');
  const read = await readDescriptors(path);
  for (let row = 0; row < COUNT; row++) {
    const of = (data: Float32Array) => data.subarray(row * DIMENSIONS, (row + 1) * DIMENSIONS);
    const [kept, given] = [of(read.data), of(descriptors.data)];
    assert.ok(Math.abs(Math.hypot(...kept) - 1) < 1e-6);
    assert.ok(kept.reduce((sum, x, i) => sum + x * (given[i] as number), 0) > 0.9999);
    const scale = bytes.readFloatLE(32 + 36 + 4 * row);
    for (const [i, value] of kept.entries()) {
      assert.equal(value, Math.fround(bytes.readInt8(32 + row * DIMENSIONS + i) * scale));
    }
  }
  const zero = { count: 1, dimensions: 3, data: new Float32Array(3) };
  await writeDescriptors(path, zero, 'i8');
  assert.deepEqual([...(await readDescriptors(path)).data], [0, 0, 0]);
});

test('rounding is what keeping does; kept again nothing changes', async () => {
  for (const precision of ['f32', 'f16', 'i8'] as const) {
    const path = join(folder, `descriptors.${precision}`);
    const { data } = someDescriptors();
    await writeDescriptors(path, { count: COUNT, dimensions: DIMENSIONS, data }, precision);
    roundTo(precision, data, DIMENSIONS);
    const read = await readDescriptors(path);
    assert.deepEqual([...read.data], [...data], precision);
    const again = formatDescriptors(read, precision);
    assert.deepEqual(Buffer.from(again), await readFile(path), precision);
  }
});

test('read in pieces of any size, and by the name of another precision', async () => {
  const dir = await mkdtemp(join(folder, 'pieces-'));
  const path = join(dir, 'descriptors.i8');
  await writeDescriptors(path, someDescriptors(), 'i8');
  const whole = await readStored(path);
  for (const pieceBytes of [1, 5, 64]) assert.deepEqual(await readStored(path, pieceBytes), whole);
  const floats = await readDescriptors(path);
  assert.deepEqual(await readDescriptors(join(dir, 'descriptors.f32')), floats);
  await assert.rejects(readDescriptors(join(dir, 'others.f32')), { code: 'INDEX_MISSING' });
});

test('damage to kept descriptors is named', async () => {
  const path = join(folder, 'damaged.f16');
  const bytes = Buffer.from(formatDescriptors(someDescriptors(), 'f16'));
  const kind = Buffer.from(bytes);
  kind.writeUInt32LE(7, 20);
  const many = Buffer.from(bytes);
  many.writeUInt32LE(5_000_000, 12);
  many.writeUInt32LE(1024, 16);
  for (const [content, message] of [
    [bytes.subarray(0, bytes.length - 1), /has 101 bytes; 5 descriptors of 7 values need 102 as f16/],
    [many, /holds 5000000 x 1024 numbers, more than the 4294967296/],
    [kind, /format version 2 with values of kind 7/],
  ] as const) {
    await writeFile(path, content);
    await assert.rejects(readStored(path), { code: 'INDEX_CORRUPT', message });
  }
});

describe('catalogue.bin', () => {
  const path = join(folder, 'catalogue.bin');
  const tiles: Tile[] = Array.from({ length: 300 }, (_, k) => ({
    tile: `kachel-${k} "ä"`,
    lon: 179.9 + 0.001 * (k % 20),
    lat: -41.123456789 + 0.001 * k,
    sizeM: k === 7 ? 48 : 64.5,
    source: k % 3 === 0 ? 'Süd, 2026' : 'north',
  })).map((tile) => ({ ...tile, lon: tile.lon > 180 ? tile.lon - 360 : tile.lon }));

  test('gives the same tiles as catalogue.csv of them, in fewer bytes', async () => {
    const csv = join(folder, 'catalogue-of.csv');
    await writeCatalogue(path, tiles);
    await writeFile(csv, formatCatalogue(tiles));
    const [binary, text] = [await readCatalogue(path), await readCatalogue(csv)];
    assert.deepEqual([...binary.tiles()], [...text.tiles()]);
    assert.equal(formatCatalogue(binary.tiles()), await readFile(csv, 'utf8'));
    assert.ok((await readFile(path)).length < (await readFile(csv)).length);
    assert.deepEqual(await readCatalogue(join(folder, 'catalogue.csv')), binary, 'beside the name of old');
    const near = { lon: 180, lat: -41 };
    assert.deepEqual(binary.rowsInRadius(near, 20_000).rows, text.rowsInRadius(near, 20_000).rows);
  });

  test('of many tiles the tree that finds places is in it, and answers the same', async () => {
    const side = 150;
    const many = Array.from({ length: side * side }, (_, k) => ({
      tile: `t${k}`,
      ...{ lon: 10 + (k % side) * 0.0002, lat: 50 + Math.floor(k / side) * 0.0002 },
      ...{ sizeM: 64, source: 'one' },
    }));
    await writeCatalogue(path, many);
    const bytes = await readFile(path);
    assert.deepEqual(
      [12, 16, 20, 32].map((at) => bytes.readUInt32LE(at)),
      [side * side, 1, 1, 1],
      'one size and one source for all; a tree',
    );
    const catalogue = await readCatalogue(path);
    const centre = { lon: 10.01, lat: 50.01 };
    const expected = many.flatMap(({ lon, lat }, row) => (lon <= 10.0051 && lat <= 50.0051 ? [row] : []));
    assert.deepEqual([...catalogue.rowsInBbox([10, 50, 10.0051, 50.0051]).rows], expected);
    assert.ok(catalogue.rowsInRadius(centre, 500).length > 1000);
  });

  test('an empty one, and every kind of damage', async () => {
    await writeCatalogue(path, []);
    assert.equal((await readCatalogue(path)).count, 0);
    await writeCatalogue(path, tiles);
    const bytes = await readFile(path);
    /** With a sum that fits, so that what is wrong is found by itself. */
    const summed = (change: (copy: Buffer) => unknown): Buffer => {
      const copy = Buffer.from(bytes);
      change(copy);
      Buffer.from(sha256OfBytes(copy.subarray(72)), 'hex').copy(copy, 40);
      return copy;
    };
    const flipped = Buffer.from(bytes);
    flipped[100] = (flipped[100] as number) ^ 1;
    const sizesAt = 72 + 16 * tiles.length;
    for (const [content, message] of [
      [bytes.subarray(0, 50), /does not begin with "SKYFIXC1"/],
      [bytes.subarray(0, 500), /has 500 bytes, its columns need/],
      [flipped, /has the SHA-256 [0-9a-f]{64}, its head says/],
      [summed((copy) => copy.writeUInt32LE(2, 8)), /format version 2, not 1/],
      [summed((copy) => copy.writeUInt32LE(5, 16)), /fits no 300 tiles/],
      [summed((copy) => copy.writeUInt32LE(1, 32)), /300 tiles need/],
      [summed((copy) => copy.writeDoubleLE(181, 72)), /row 0 lies at 181/],
      [summed((copy) => copy.writeDoubleLE(0, sizesAt)), /row 0 has the size 0/],
      [summed((copy) => copy.writeUInt32LE(0, sizesAt + 8 * tiles.length)), /row 0 has no id/],
      [summed((copy) => copy.writeUInt32LE(9, sizesAt + 12 * tiles.length)), /row 0 has source 9 of 2/],
      [Buffer.concat([bytes, Buffer.alloc(8)]), /SHA-256/],
    ] as const) {
      await writeFile(path, content);
      await assert.rejects(readCatalogue(path), { code: 'INDEX_CORRUPT', message });
    }
    await assert.rejects(readCatalogue(join(folder, 'no.bin')), { code: 'INDEX_MISSING' });
  });
});

test('a graph finds among the tiles of a prior that lets most of them through what comparing all of those finds', async () => {
  const [side, dimensions] = [70, 8];
  const random = seededRandom(6);
  const data = new Float32Array(new SharedArrayBuffer(4 * side * side * dimensions));
  for (let row = 0; row < side * side; row++) {
    const vector = data.subarray(row * dimensions, (row + 1) * dimensions);
    for (let i = 0; i < dimensions; i++) vector[i] = random() - 0.5;
    const norm = Math.hypot(...vector);
    for (let i = 0; i < dimensions; i++) vector[i] = (vector[i] as number) / norm;
  }
  const descriptors = { count: side * side, dimensions, data };
  // Numbered by columns of a shuffled order, so that rows of a box lie anywhere.
  const places = Array.from({ length: side * side }, (_, row) => {
    const k = (row * 1861) % (side * side);
    return { lon: 10 + (k % side) * 0.0002, lat: 50 + Math.floor(k / side) * 0.0002 };
  });
  const catalogue = new Catalogue(
    places.map((place, row) => ({ tile: `t${row}`, ...place, sizeM: 64, source: 's' })),
  );
  const allowed = catalogue.rowsInBbox([10, 50, 10.0131, 50.0131]);
  const expected = places.flatMap(({ lon, lat }, row) => (lon < 10.0131 && lat < 50.0131 ? [row] : []));
  assert.deepEqual([...allowed.rows], expected);
  assert.ok(allowed.length > 4096);
  const path = join(folder, 'prior.hnsw');
  await buildHnswGraph(descriptors, { m: 16, efConstruction: 100, seed: 1 }, path);
  const index = new HeldIndex({ kind: 'hnsw', path, descriptors, efSearch: 256, exactProducts: 0 });
  const exact = new ExactIndex(descriptors);
  for (let row = 1; row < 4900; row += 245) {
    const query = data.slice(row * dimensions, (row + 1) * dimensions);
    const [hits, truth] = [await index.search(query, 5, allowed), await exact.search(query, 5, allowed)];
    assert.ok(hits.every((hit) => allowed.rows.includes(hit.row)));
    const found = hits.filter((hit) => truth.some((other) => other.row === hit.row)).length;
    assert.ok(found >= 4, `${found} of 5`);
  }
});

test('more descriptors than are kept unpacked are compared as those few are', async () => {
  const [count, dimensions] = [4200, 4096];
  const random = seededRandom(9);
  const scale = Math.sqrt(3 / dimensions);
  const data = Float32Array.from({ length: count * dimensions }, () => scale * (2 * random() - 1));
  const some = Uint32Array.of(3, 4, 5, 6, 700, 4199);
  for (const precision of ['f32', 'f16', 'i8'] as const) {
    const path = join(folder, `large.${precision}`);
    await writeDescriptors(path, { count, dimensions, data }, precision);
    const descriptors = await readStored(path);
    const index = new HeldIndex({ kind: 'none', path, descriptors, efSearch: 64 });
    const exact = new ExactIndex(asFloats(descriptors));
    const query = data.slice(4199 * dimensions, 4200 * dimensions);
    const norm = Math.hypot(...query);
    const asked = query.map((value) => value / norm);
    for (const allowed of [undefined, some]) {
      const [hits, truth] = [await index.search(asked, 6, allowed), await exact.search(asked, 6, allowed)];
      assert.deepEqual(
        hits.map(({ row }) => row),
        truth.map(({ row }) => row),
        precision,
      );
      assert.equal(hits[0]?.row, 4199);
      for (const [k, { score }] of hits.entries()) assert.ok(Math.abs(score - (truth[k]?.score ?? 9)) < 1e-5);
    }
  }
});
