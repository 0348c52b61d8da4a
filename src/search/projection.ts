// Fewer dimensions: descriptors of a region seen along those directions in which they differ most, of unit length again. The
// directions (a principal component analysis about the origin, since cosines are about the origin) are fitted to the region's
// own descriptors, kept with its version, and every query is seen along them, too.
import { normalPair, seededRandom } from '../random/index.js';
import type { DescriptorShape } from './descriptor-format.js';
import type { Descriptors } from './descriptors.js';
import { unpacked } from './queries.js';
import { RowProducts } from './row-products.js';

/** Descriptors that directions are fitted to, at most: drawn at random. */
const FITTED_ROWS = 8192;
/** Directions that are sought beside those wanted, and rounds: the wanted ones then have settled. */
const SPARE = 16;
const ROUNDS = 12;

export interface FittedProjection {
  /** [to, from]: orthonormal rows. */
  readonly directions: Descriptors;
  /** Share of the descriptors' square that is seen along them: 1 is all. */
  readonly kept: number;
}

/**
 * The `to` orthonormal directions that together see most of the descriptors' square, found by iterating a subspace (Rutishauser
 * 1969); which basis of the subspace they are makes no difference to any cosine.
 */
export function fitProjection(descriptors: Descriptors, to: number, seed: number): FittedProjection {
  const { dimensions } = descriptors;
  const random = seededRandom(seed);
  const moments = momentsOf(descriptors, random);
  const width = Math.min(dimensions, to + SPARE);
  let basis: Float64Array = Float64Array.from({ length: width * dimensions }, () => normalPair(random)[0]);
  orthonormalise(basis, width, dimensions);
  for (let round = 0; round < ROUNDS; round++) {
    basis = times(basis, moments, width, dimensions);
    orthonormalise(basis, width, dimensions);
  }
  // Gram-Schmidt leaves the directions in the order of what they see, nearly: the first ones are taken.
  const seen = times(basis, moments, width, dimensions);
  let square = 0;
  for (let i = 0; i < to * dimensions; i++) square += (seen[i] as number) * (basis[i] as number);
  let all = 0;
  for (let i = 0; i < dimensions; i++) all += moments[i * dimensions + i] as number;
  const data = new Float32Array(new SharedArrayBuffer(4 * to * dimensions));
  data.set(basis.subarray(0, to * dimensions));
  return { directions: { count: to, dimensions, data }, kept: Math.min(1, square / all) };
}

/** Second moments [D, D] of some descriptors. */
function momentsOf({ count, dimensions, data }: Descriptors, random: () => number): Float64Array {
  const moments = new Float64Array(dimensions * dimensions);
  const drawn = Math.min(count, FITTED_ROWS);
  for (let k = 0; k < drawn; k++) {
    const row = drawn === count ? k : Math.floor(random() * count);
    const vector = data.subarray(row * dimensions, (row + 1) * dimensions);
    for (let i = 0; i < dimensions; i++) {
      const value = vector[i] as number;
      if (value === 0) continue;
      const line = i * dimensions;
      for (let j = i; j < dimensions; j++)
        moments[line + j] = (moments[line + j] as number) + value * (vector[j] as number);
    }
  }
  for (let i = 0; i < dimensions; i++) {
    for (let j = 0; j < i; j++) moments[i * dimensions + j] = moments[j * dimensions + i] as number;
  }
  return moments;
}

/** Each of `rows` vectors times a symmetric matrix. */
function times(vectors: Float64Array, matrix: Float64Array, rows: number, size: number): Float64Array {
  const out = new Float64Array(rows * size);
  for (let r = 0; r < rows; r++) {
    const into = out.subarray(r * size, (r + 1) * size);
    for (let i = 0; i < size; i++) {
      const value = vectors[r * size + i] as number;
      const line = matrix.subarray(i * size, (i + 1) * size);
      for (let j = 0; j < size; j++) into[j] = (into[j] as number) + value * (line[j] as number);
    }
  }
  return out;
}

/** Gram-Schmidt, twice, in place. A vector that others make up becomes one that they do not. */
function orthonormalise(vectors: Float64Array, rows: number, size: number): void {
  for (let r = 0; r < rows; r++) {
    const vector = vectors.subarray(r * size, (r + 1) * size);
    for (let attempt = 0; ; attempt++) {
      const before = Math.hypot(...vector);
      for (let again = 0; again < 2; again++) {
        for (let o = 0; o < r; o++) {
          const other = vectors.subarray(o * size, (o + 1) * size);
          let product = 0;
          for (let i = 0; i < size; i++) product += (vector[i] as number) * (other[i] as number);
          for (let i = 0; i < size; i++) vector[i] = (vector[i] as number) - product * (other[i] as number);
        }
      }
      const norm = Math.hypot(...vector);
      if (norm > 1e-9 * before && norm > 0) {
        for (let i = 0; i < size; i++) vector[i] = (vector[i] as number) / norm;
        break;
      }
      vector.fill(0);
      vector[(r + attempt) % size] = 1;
    }
  }
}

/** Sees descriptors along directions. */
export class Projector {
  readonly #products: RowProducts;
  readonly #to: number;

  constructor(directions: Descriptors) {
    this.#products = new RowProducts(directions);
    this.#to = directions.count;
  }

  /** Of unit length again; the same descriptor gives the same bits in whatever company. */
  project(descriptors: readonly Float32Array[]): Float32Array[] {
    if (descriptors.length === 0) return [];
    const all = this.#products.all(descriptors);
    return unpacked(all, this.#to).map((vector) => {
      let square = 0;
      for (let i = 0; i < vector.length; i++) square += (vector[i] as number) ** 2;
      const norm = Math.sqrt(square) || 1;
      return vector.map((value) => value / norm);
    });
  }
}

const BATCH = 64;

/** All descriptors seen along directions, on shared memory. */
export function projectAll({ count, dimensions, data }: Descriptors, directions: Descriptors): Descriptors {
  const projector = new Projector(directions);
  const to = directions.count;
  const projected = new Float32Array(new SharedArrayBuffer(4 * count * to));
  for (let from = 0; from < count; from += BATCH) {
    const many = Math.min(BATCH, count - from);
    const batch = unpacked(data.subarray(from * dimensions, (from + many) * dimensions), dimensions);
    for (const [k, vector] of projector.project(batch).entries()) projected.set(vector, (from + k) * to);
  }
  return { count, dimensions: to, data: projected };
}

/** How the thread of an index reads the queries of a message: seen along the index's directions, where it has some. */
export function queryReader({
  descriptors,
  projection,
}: {
  readonly descriptors: Pick<DescriptorShape, 'dimensions'>;
  readonly projection?: Descriptors | undefined;
}): (all: Float32Array) => Float32Array[] {
  if (!projection) return (all) => unpacked(all, descriptors.dimensions);
  const projector = new Projector(projection);
  return (all) => projector.project(unpacked(all, projection.dimensions));
}
