// Made-up tiles of a square, with descriptors that are all different.
import { normalPair, seededRandom } from '../../src/random/index.js';
import type { Descriptors, Tile } from '../../src/search/index.js';

export function* tilesOf(count: number): Generator<Tile> {
  const side = Math.ceil(Math.sqrt(count));
  for (let k = 0; k < count; k++) {
    const [lon, lat] = [11 + 0.0002 * (k % side), 48 + 0.00015 * Math.floor(k / side)];
    yield { tile: `t${k}`, lon, lat, sizeM: 48, source: 'made up' };
  }
}

export function unitVectors(count: number, dimensions: number, seed: number): Descriptors {
  const random = seededRandom(seed);
  const data = Float32Array.from({ length: count * dimensions }, () => normalPair(random)[0]);
  for (let row = 0; row < count; row++) unit(data.subarray(row * dimensions, (row + 1) * dimensions));
  return { count, dimensions, data };
}

/** Rows with noise, whose nearest row is their own. */
export function queriesOf({ count, dimensions, data }: Descriptors, many: number): Float32Array[] {
  const random = seededRandom(9);
  return Array.from({ length: many }, () => {
    const row = Math.floor(random() * count);
    const query = data.slice(row * dimensions, (row + 1) * dimensions);
    const scale = 0.5 / Math.sqrt(dimensions);
    for (let i = 0; i < dimensions; i++) query[i] = (query[i] as number) + scale * normalPair(random)[0];
    return unit(query);
  });
}

function unit(vector: Float32Array): Float32Array {
  const norm = Math.hypot(...vector);
  for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] as number) / norm;
  return vector;
}
