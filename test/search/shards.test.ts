// Descriptors in shards are the descriptors: the same arrays as from one file, the same bits of every product, mapped or read,
// wherever a shard ends; and what is wrong with one shard is said by its name.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { sha256OfBytes } from '../../src/files/index.js';
import { seededRandom } from '../../src/random/index.js';
import { arraysOf } from '../../src/search/descriptors.js';
import {
  asFloats,
  DESCRIPTOR_PRECISIONS,
  type Descriptors,
  formatDescriptors,
  openDescriptors,
  RowProducts,
  readDescriptorHeader,
  readDescriptors,
  readShardNames,
  readStored,
  writeDescriptorShards,
  writeDescriptors,
} from '../../src/search/index.js';

const folder = await mkdtemp(join(tmpdir(), 'skyfix-shards-'));
after(() => rm(folder, { recursive: true, force: true }));

/** One of a row, some of fewer than a block of products has, one of more. */
const ROWS = [1, 6, 200, 65, 28];
const COUNT = 300;

function someDescriptors(count: number, dimensions: number): Descriptors {
  const random = seededRandom(7);
  const data = Float32Array.from({ length: count * dimensions }, () => random() - 0.5);
  for (let row = 0; row < count; row++) {
    const vector = data.subarray(row * dimensions, (row + 1) * dimensions);
    const norm = Math.hypot(...vector);
    for (let i = 0; i < dimensions; i++) vector[i] = (vector[i] as number) / norm;
  }
  return { count, dimensions, data };
}

/** The same descriptors as one file and in shards. */
async function written(precision: (typeof DESCRIPTOR_PRECISIONS)[number], dimensions: number) {
  const dir = await mkdtemp(join(folder, 'both-'));
  const descriptors = someDescriptors(COUNT, dimensions);
  const [whole, sharded] = [join(dir, 'whole.bin'), join(dir, `descriptors.${precision}`)];
  await writeDescriptors(whole, descriptors, precision);
  const names = await writeDescriptorShards(sharded, descriptors, precision, ROWS);
  return { dir, whole, sharded, names };
}

for (const precision of DESCRIPTOR_PRECISIONS) {
  test(`read as one file is, ${precision}: in pieces of any size, and each shard by itself`, async () => {
    for (const dimensions of [7, 32]) {
      const { dir, whole, sharded, names } = await written(precision, dimensions);
      const expected = await readStored(whole);
      for (const pieceBytes of [11, 64, undefined]) {
        assert.deepEqual(await readStored(sharded, pieceBytes), expected);
      }
      assert.deepEqual(await readDescriptors(join(dir, 'descriptors.f32')), asFloats(expected));
      assert.deepEqual(await readDescriptorHeader(sharded), { count: COUNT, dimensions, precision });
      assert.deepEqual(await readShardNames(sharded), names);
      assert.deepEqual(await readShardNames(whole), []);
      const floats = asFloats(expected).data;
      let from = 0;
      for (const [k, name] of names.entries()) {
        const bytes = await readFile(join(dir, name));
        assert.equal(name, `descriptors/${sha256OfBytes(bytes)}.${precision}`);
        const { count, data } = await readDescriptors(join(dir, name));
        assert.equal(count, ROWS[k]);
        assert.deepEqual(data, floats.slice(from * dimensions, (from + count) * dimensions));
        from += count;
      }
      assert.equal(from, COUNT);
    }
  });

  test(`mapped and in memory, ${precision}: each product has the bits that it has of one file`, async () => {
    // Of 32 dimensions rows are copied many at a time, of 20 there are zeros between them.
    for (const dimensions of [20, 32]) {
      const { whole, sharded } = await written(precision, dimensions);
      const stored = await readStored(whole);
      const { data } = someDescriptors(COUNT, dimensions);
      const queries = [3, 6, 7, 250].map((row) => data.slice(row * dimensions, (row + 1) * dimensions));
      const mapped = await openDescriptors(sharded, 0);
      const inMemory = await openDescriptors(sharded);
      assert.ok('segments' in mapped.descriptors && mapped.descriptors.segments.length === ROWS.length);
      assert.ok(!('segments' in inMemory.descriptors));
      // The rows of a request begin in one shard and end in another, more than once.
      const rows = Uint32Array.of(0, 1, 2, 5, 6, 7, 8, 205, 206, 207, 208, 271, 272, 299);
      const looks = Uint32Array.from(rows, (_, k) => k % queries.length);
      for (const keptBytes of [0, undefined]) {
        const expected = new RowProducts(stored, keptBytes);
        for (const { descriptors } of [mapped, inMemory]) {
          const products = new RowProducts(arraysOf(descriptors), keptBytes);
          assert.deepEqual(products.all(queries), expected.all(queries));
          assert.deepEqual(products.best(queries, 9), expected.best(queries, 9));
          assert.deepEqual(products.best(queries, 9, rows), expected.best(queries, 9, rows));
          assert.deepEqual(products.mostAlike(queries, rows), expected.mostAlike(queries, rows));
          assert.deepEqual(
            products.cosines(queries, { looks, rows }),
            expected.cosines(queries, { looks, rows }),
          );
        }
        // And by plain arithmetic.
        const floats = asFloats(stored).data;
        const cosines = new RowProducts(arraysOf(mapped.descriptors), keptBytes).cosines(queries, {
          looks,
          rows,
        });
        for (const [k, row] of rows.entries()) {
          const query = queries[looks[k] as number] as Float32Array;
          const cosine = query.reduce((sum, x, i) => sum + x * (floats[row * dimensions + i] as number), 0);
          assert.ok(Math.abs(cosine - (cosines[k] as number)) < 1e-6, `row ${row}`);
        }
      }
      mapped.close();
      inMemory.close();
    }
  });
}

test('shards of the same rows are one file', async () => {
  const [count, dimensions] = [6, 5];
  const { data } = someDescriptors(3, dimensions);
  const twice = { count, dimensions, data: Float32Array.of(...data, ...data) };
  const path = join(await mkdtemp(join(folder, 'twice-')), 'descriptors.f32');
  const names = await writeDescriptorShards(path, twice, 'f32', [3, 3]);
  assert.equal(names.length, 1);
  assert.deepEqual(await readShardNames(path), names);
  assert.deepEqual((await readDescriptors(path)).data, twice.data);
  await assert.rejects(writeDescriptorShards(path, twice, 'f32', [3, 2]), {
    code: 'INTERNAL',
    message: /5 rows together are not 6/,
  });
});

test('a shard that is missing, cut short, another or no shard, and damage to what names them: said by name', async () => {
  const { dir, sharded, names } = await written('f16', 7);
  const [, , long = ''] = names;
  const path = join(dir, long);
  const kept = await readFile(path);
  const refuse = async (code: string, ...messages: RegExp[]) => {
    for (const open of [readStored, readDescriptors, (of: string) => openDescriptors(of, 0)]) {
      const said = (error: Error & { code?: string }) =>
        error.code === code && messages.every((message) => message.test(error.message));
      await assert.rejects(open(sharded), said);
    }
  };
  const named = new RegExp(basename(long));
  await rm(path);
  await refuse('INDEX_MISSING', named, /cannot be read/);
  await writeFile(path, kept);
  await truncate(path, kept.length - 1);
  await refuse('INDEX_CORRUPT', named, /has 2831 bytes; 200 descriptors of 7 values need 2832/);
  await writeFile(path, formatDescriptors(someDescriptors(199, 7), 'f16'));
  await refuse('INDEX_CORRUPT', named, /holds 199 x 7 values of f16; by .*descriptors\.f16 it is 200 x 7/);
  await writeFile(path, formatDescriptors(someDescriptors(200, 7), 'i8'));
  await refuse('INDEX_CORRUPT', named, /values of i8/);
  const table = await readFile(sharded);
  await writeFile(path, table);
  await refuse('INDEX_CORRUPT', named, /names shards, and is one itself/);
  await writeFile(path, kept);
  assert.equal((await readStored(sharded)).count, COUNT);
  const changed = (at: number, value: number) => {
    const copy = Buffer.from(table);
    copy.writeUInt32LE(value, at);
    return copy;
  };
  for (const [content, message] of [
    [table.subarray(0, table.length - 3), /has 209 bytes; to name 5 shards it needs 212/],
    [changed(24, 0), /to name 0 shards/],
    [changed(12, 301), /names 5 shards of 300 rows together, and says that there are 301/],
    [changed(32, 0), /names 5 shards of 299 rows/],
    [changed(20, 9), /format version 3 with values of kind 9/],
  ] as const) {
    await writeFile(sharded, content);
    await refuse('INDEX_CORRUPT', /descriptors\.f16/, message);
  }
  // No temporary file stays.
  assert.equal((await readdir(join(dir, 'descriptors'))).length, ROWS.length);
});
