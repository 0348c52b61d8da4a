// Fewer dimensions: the directions are those of a decomposition that is known, and an index with them answers as one that was
// given what they see.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { normalPair, seededRandom } from '../../src/random/index.js';
import {
  type Descriptors,
  ExactIndex,
  fitProjection,
  Projector,
  projectAll,
  ThreadedIndex,
  writeDescriptors,
} from '../../src/search/index.js';

const folder = await mkdtemp(join(tmpdir(), 'skyfix-projection-'));
after(() => rm(folder, { recursive: true, force: true }));

const COUNT = 900;
const DIMENSIONS = 24;

/** Unit vectors that differ along `axes` orthogonal directions much and along all others little. */
function flatCloud(axes: number, restScale: number) {
  const random = seededRandom(8);
  const normal = () => normalPair(random)[0];
  // A Householder reflection: its rows are orthonormal, and no axis of the space.
  const mirror = Array.from({ length: DIMENSIONS }, normal);
  const square = mirror.reduce((sum, x) => sum + x * x, 0);
  const directions = Array.from({ length: DIMENSIONS }, (_, r) =>
    mirror.map((x, i) => (r === i ? 1 : 0) - (2 * x * (mirror[r] as number)) / square),
  );
  const data = new Float32Array(new SharedArrayBuffer(4 * COUNT * DIMENSIONS));
  for (let row = 0; row < COUNT; row++) {
    const vector = data.subarray(row * DIMENSIONS, (row + 1) * DIMENSIONS);
    for (const [r, direction] of directions.entries()) {
      const along = normal() * (r < axes ? 1 : restScale);
      for (let i = 0; i < DIMENSIONS; i++)
        vector[i] = (vector[i] as number) + along * (direction[i] as number);
    }
    const norm = Math.hypot(...vector);
    for (let i = 0; i < DIMENSIONS; i++) vector[i] = (vector[i] as number) / norm;
  }
  const descriptors: Descriptors = { count: COUNT, dimensions: DIMENSIONS, data };
  return { descriptors, directions: directions.slice(0, axes) };
}

const rowsOf = ({ count, dimensions, data }: Descriptors) =>
  Array.from({ length: count }, (_, k) => data.slice(k * dimensions, (k + 1) * dimensions));
const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, x, i) => sum + x * (b[i] as number), 0);

test('the directions span those in which the descriptors differ, and are orthonormal', () => {
  const { descriptors, directions } = flatCloud(5, 1e-4);
  const fitted = fitProjection(descriptors, 5, 1);
  const found = rowsOf(fitted.directions);
  assert.ok(fitted.kept > 0.999999 && fitted.kept <= 1);
  for (const [a, one] of found.entries()) {
    for (const [b, other] of found.entries()) {
      assert.ok(Math.abs(dot(one, other) - (a === b ? 1 : 0)) < 1e-6);
    }
    // All of it lies in the span of the true ones.
    assert.ok(directions.reduce((sum, direction) => sum + dot(one, direction) ** 2, 0) > 0.9999);
  }
  // A rotation within the span keeps all cosines.
  const projected = rowsOf(projectAll(descriptors, fitted.directions));
  const given = rowsOf(descriptors);
  for (let k = 1; k < 50; k++) {
    const [a, b] = [projected[0], projected[k]] as [Float32Array, Float32Array];
    assert.ok(Math.abs(dot(a, b) - dot(given[0] as Float32Array, given[k] as Float32Array)) < 1e-4);
    assert.ok(Math.abs(Math.hypot(...b) - 1) < 1e-6);
  }
});

test('of what is seen along no direction less than the rest is told; all directions keep all', () => {
  const { descriptors } = flatCloud(5, 0.5);
  const { kept } = fitProjection(descriptors, 5, 1);
  // 5 axes of variance 1 against 19 of 0.25, roughly: vectors are scaled to unit length.
  assert.ok(kept > 0.45 && kept < 0.62, `${kept}`);
  assert.ok(fitProjection(descriptors, DIMENSIONS, 1).kept > 0.999999);
  const twice = [1, 1].map((seed) => [...fitProjection(descriptors, 7, seed).directions.data]);
  assert.deepEqual(twice[0], twice[1]);
});

test('equal descriptors have one direction only; the others are made up and still orthonormal', () => {
  const one = rowsOf(flatCloud(5, 1).descriptors)[0] as Float32Array;
  const data = new Float32Array(4 * DIMENSIONS);
  for (let k = 0; k < 4; k++) data.set(one, k * DIMENSIONS);
  const { directions, kept } = fitProjection({ count: 4, dimensions: DIMENSIONS, data }, 3, 1);
  assert.ok(kept > 0.999999);
  const found = rowsOf(directions);
  for (const [a, row] of found.entries()) {
    for (const [b, other] of found.entries()) assert.ok(Math.abs(dot(row, other) - (a === b ? 1 : 0)) < 1e-6);
  }
});

test('an index asked with whole descriptors answers as one asked with what the directions see', async () => {
  const { descriptors } = flatCloud(6, 0.2);
  const { directions } = fitProjection(descriptors, 6, 1);
  const small = projectAll(descriptors, directions);
  const path = join(folder, 'descriptors.f32');
  await writeDescriptors(path, small);
  const source = { kind: 'none', path, descriptors: small, efSearch: 64, projection: directions } as const;
  const index = await ThreadedIndex.open(source);
  const truth = new ExactIndex(small);
  try {
    assert.deepEqual([index.dimensions, index.count], [DIMENSIONS, COUNT]);
    const asked = rowsOf(descriptors).slice(0, 9);
    const seen = new Projector(directions).project(asked);
    for (const [k, query] of asked.entries()) {
      const [hits, expected] = [await index.search(query, 5), await truth.search(seen[k] as Float32Array, 5)];
      assert.deepEqual(
        hits.map(({ row }) => row),
        expected.map(({ row }) => row),
      );
    }
    const pairs = { looks: Uint32Array.of(0, 3), rows: Uint32Array.of(7, 8) };
    const [cosines, exact] = [await index.cosines(asked, pairs), await truth.cosines(seen, pairs)];
    for (const [k, cosine] of cosines.entries()) assert.ok(Math.abs(cosine - (exact[k] as number)) < 1e-6);
    const rows = Uint32Array.from({ length: 100 }, (_, k) => k);
    assert.deepEqual(await index.mostAlike(asked, rows), await truth.mostAlike(seen, rows));
    await assert.rejects(index.search(seen[0] as Float32Array, 1), {
      code: 'INTERNAL',
      message: /6 dimensions/,
    });
  } finally {
    await index.close();
  }
});
