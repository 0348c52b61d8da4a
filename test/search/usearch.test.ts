// What is particular to usearch: its file is checked before the library maps it, since the library believes what it reads.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { chooseGraph } from '../../index/index.js';
import { sha256OfFile } from '../../src/files/index.js';
import { seededRandom } from '../../src/random/index.js';
import { buildGraph, type Descriptors, ExactIndex, ThreadedIndex } from '../../src/search/index.js';

const folder = await mkdtemp(join(tmpdir(), 'skyfix-usearch-'));
after(() => rm(folder, { recursive: true, force: true }));

const COUNT = 400;
const DIMENSIONS = 16;
const GRAPH = { m: 8, efConstruction: 64, seed: 1, precision: 'i8' } as const;

function unitVectors(count: number, seed: number): Descriptors {
  const random = seededRandom(seed);
  const data = new Float32Array(new SharedArrayBuffer(count * DIMENSIONS * 4));
  for (let row = 0; row < count; row++) {
    const vector = data.subarray(row * DIMENSIONS, (row + 1) * DIMENSIONS);
    for (let i = 0; i < DIMENSIONS; i++) vector[i] = random() - 0.5;
    const norm = Math.hypot(...vector);
    for (let i = 0; i < DIMENSIONS; i++) vector[i] = (vector[i] as number) / norm;
  }
  return { count, dimensions: DIMENSIONS, data };
}

const descriptors = unitVectors(COUNT, 3);
const path = join(folder, 'graph.usearch');
await buildGraph('usearch', descriptors, GRAPH, path);
const whole = await readFile(path);
const HEAD_AT = 8 + COUNT * DIMENSIONS;
const GRAPH_AT = HEAD_AT + 64;
const NODES_AT = GRAPH_AT + 40 + 2 * COUNT;

const open = (file: string, given: Partial<Parameters<typeof ThreadedIndex.open>[0]> = {}) =>
  ThreadedIndex.open({
    ...{ kind: 'usearch', path: file, descriptors, efSearch: 64, exactProducts: 0, ...GRAPH },
    ...given,
  });

async function refused(bytes: Uint8Array, message: RegExp): Promise<void> {
  const file = join(folder, 'damaged.usearch');
  await writeFile(file, bytes);
  await assert.rejects(open(file), { code: 'INDEX_CORRUPT', message });
}

/** The file with bytes changed. */
function changed(change: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.from(whole);
  change(bytes);
  return bytes;
}

test('the same descriptors make the same file', async () => {
  const again = join(folder, 'again.usearch');
  await buildGraph('usearch', descriptors, GRAPH, again);
  assert.equal(await sha256OfFile(again), await sha256OfFile(path));
});

test('rows that are allowed and not near are found, too', async () => {
  const index = await open(path, { efSearch: 8 });
  const exact = new ExactIndex(descriptors);
  try {
    for (let row = 0; row < 20; row++) {
      const query = descriptors.data.slice(row * DIMENSIONS, (row + 1) * DIMENSIONS);
      const order = (await exact.search(query, COUNT)).map((hit) => hit.row);
      for (const share of [0.9, 0.5, 0.2, 0.02]) {
        // The farthest ones alone.
        const allowed = Uint32Array.from(order.slice(Math.floor((1 - share) * COUNT))).sort();
        const [hits, truth] = [await index.search(query, 4, allowed), await exact.search(query, 4, allowed)];
        assert.equal(hits.length, 4);
        assert.ok(hits.every((hit) => allowed.includes(hit.row)));
        const found = hits.filter((hit) => truth.some((other) => other.row === hit.row)).length;
        assert.ok(found >= 3, `${found} of 4 among the farthest ${share}`);
      }
    }
  } finally {
    await index.close();
  }
});

describe('a usearch file is refused', () => {
  test('that is cut, anywhere, or goes on', async () => {
    for (const length of [
      0,
      7,
      8,
      5000,
      HEAD_AT + 3,
      GRAPH_AT + 8,
      GRAPH_AT + 50,
      NODES_AT + 5,
      whole.length - 1,
    ]) {
      await refused(whole.subarray(0, length), /ends after/);
    }
    await refused(Buffer.concat([whole, Buffer.alloc(1)]), /its graph needs/);
  });

  test('of other descriptors, another precision or other links', async () => {
    const other = { ...descriptors, count: 399, data: descriptors.data.subarray(0, 399 * DIMENSIONS) };
    await assert.rejects(open(path, { descriptors: other }), {
      code: 'INDEX_CORRUPT',
      message: /400.*not 399/,
    });
    await assert.rejects(open(path, { precision: 'f32' }), { code: 'INDEX_CORRUPT', message: /f32/ });
    await assert.rejects(open(path, { m: 16 }), { code: 'INDEX_CORRUPT', message: /8 links, not 16/ });
    await assert.rejects(open(join(folder, 'none')), { code: 'INDEX_CORRUPT', message: /ENOENT/ });
  });

  test('whose head, keys or links are wrong', async () => {
    await refused(
      changed((bytes) => bytes.write('search!', HEAD_AT)),
      /usearch/,
    );
    await refused(
      changed((bytes) => bytes.writeUInt16LE(3, HEAD_AT + 7)),
      /of usearch 3/,
    );
    await refused(
      changed((bytes) => bytes.write('c', HEAD_AT + 13)),
      /inner product/,
    );
    await refused(
      changed((bytes) => bytes.writeUInt8(12, HEAD_AT + 14)),
      /kind 12/,
    );
    await refused(
      changed((bytes) => bytes.writeUInt8(1, HEAD_AT + 25)),
      /1 deleted/,
    );
    await refused(
      changed((bytes) => bytes.writeUInt32LE(COUNT, GRAPH_AT + 32)),
      /begins at node 400/,
    );
    await refused(
      changed((bytes) => bytes.writeUInt8(200, GRAPH_AT + 24)),
      /200 levels/,
    );
    await refused(
      changed((bytes) => bytes.writeInt16LE(-1, GRAPH_AT + 40)),
      /node 0 has level -1/,
    );
    await refused(
      changed((bytes) => bytes.writeUInt32LE(7, NODES_AT)),
      /has the key 7/,
    );
    await refused(
      changed((bytes) => bytes.writeUInt32LE(COUNT + 1, NODES_AT)),
      /has the key 401/,
    );
    await refused(
      changed((bytes) => bytes.writeUInt32LE(17, NODES_AT + 10)),
      /17 links, more than 16/,
    );
    await refused(
      changed((bytes) => bytes.writeUInt32LE(COUNT, NODES_AT + 14)),
      /linked to node 400/,
    );
  });
});

test('whatever bytes of a graph are damaged, the process goes on', async () => {
  // In a process of its own: what is tested for would end this one.
  const script = `
    import { readFileSync, writeFileSync } from 'node:fs';
    const { ThreadedIndex } = await import(${JSON.stringify(new URL('../../src/search/index.js', import.meta.url).href)});
    const { seededRandom } = await import(${JSON.stringify(new URL('../../src/random/index.js', import.meta.url).href)});
    const whole = readFileSync(${JSON.stringify(path)});
    const data = new Float32Array(${COUNT * DIMENSIONS}).fill(0.25);
    const descriptors = { count: ${COUNT}, dimensions: ${DIMENSIONS}, data };
    const random = seededRandom(5);
    const file = ${JSON.stringify(join(folder, 'fuzzed.usearch'))};
    let opened = 0, refused = 0, last = '';
    for (let k = 0; k < 40; k++) {
      const bytes = Buffer.from(whole);
      const from = k % 2 === 0 ? ${HEAD_AT} : 0;
      for (let i = 0; i < 3; i++) bytes[from + Math.floor(random() * (whole.length - from))] = Math.floor(random() * 256);
      writeFileSync(file, bytes);
      const setup = { kind: 'usearch', path: file, descriptors, efSearch: 64, exactProducts: 0, m: 8, precision: 'i8' };
      try {
        const index = await ThreadedIndex.open(setup);
        await index.search(new Float32Array(${DIMENSIONS}).fill(0.25), 10);
        await index.close();
        opened++;
      } catch (error) {
        if (error.code !== 'INDEX_CORRUPT') throw error;
        refused++;
        last = error.message;
      }
    }
    console.log(JSON.stringify({ opened, refused, last }));
  `;
  const file = join(folder, 'damage.mjs');
  await writeFile(file, script);
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8' });
  assert.deepEqual([status, signal], [0, null], stderr);
  const { opened, refused: damaged } = JSON.parse(stdout) as { opened: number; refused: number };
  assert.equal(opened + damaged, 40);
  assert.ok(damaged >= 5 && opened >= 5, stdout);
});

test('a large index gets usearch, a middling one hnswlib, a small one none, unless one is asked for', () => {
  const small = { count: 60_000, dimensions: 256 };
  assert.equal(chooseGraph({ count: 2116, dimensions: 1024 }).kind, 'none');
  assert.equal(chooseGraph(small, { engine: 'none' }).kind, 'none');
  const large = { count: 200_000, dimensions: 1024 };
  assert.equal(chooseGraph(small).kind, 'hnsw');
  assert.equal(chooseGraph(small).precision, undefined);
  assert.deepEqual([chooseGraph(large).kind, chooseGraph(large).precision], ['usearch', 'i8']);
  assert.equal(chooseGraph(large, { engine: 'hnswlib' }).kind, 'hnsw');
  const asked = chooseGraph(small, { engine: 'usearch', precision: 'f16', m: 24 });
  assert.deepEqual([asked.kind, asked.precision, asked.m], ['usearch', 'f16', 24]);
});
