// Eigenvalues and eigenvectors of a symmetric matrix: Householder's reduction to tridiagonal form and implicit QL steps
// (tred2 and tql2 of EISPACK; Wilkinson and Reinsch, Handbook for Automatic Computation II, 1971).

/** A square matrix, rows one behind the other. */
export interface Square {
  readonly size: number;
  /** [size, size] */
  readonly data: Float64Array;
}

export interface Eigen {
  /** Highest first. */
  readonly values: Float64Array;
  /** [size, size]: row k is the eigenvector of values[k], of unit length, its largest entry positive. */
  readonly vectors: Float64Array;
}

/** QL steps for one eigenvalue; more than a handful are never seen. */
const MOST_STEPS = 60;
/** Entries so small beside the largest are 0: their squares cannot be told from it. */
const NOTHING = 1e-150;

/** Throws RangeError for values that are not finite, or a matrix that is not symmetric to 1e-9 of its largest entry. */
export function symmetricEigen({ size, data }: Square): Eigen {
  const largest = checkSymmetric(size, data);
  const scale = largest > 0 ? largest : 1;
  const rows = Array.from({ length: size }, (_, i) =>
    Float64Array.from({ length: size }, (__, j) => {
      const entry = at(data, i * size + j) / scale;
      return Math.abs(entry) < NOTHING ? 0 : entry;
    }),
  );
  const diagonal = new Float64Array(size);
  const beside = new Float64Array(size);
  reduceToTridiagonal(rows, diagonal, beside);
  const columns = transposed(rows); // QL turns pairs of columns: as rows they lie in memory one behind the other
  diagonalise(columns, diagonal, beside);
  const order = Array.from(diagonal.keys()).sort((a, b) => at(diagonal, b) - at(diagonal, a));
  const vectors = new Float64Array(size * size);
  order.forEach((from, k) => {
    const column = columns[from] as Float64Array;
    const sign = largestOf(column) < 0 ? -1 : 1;
    for (let i = 0; i < size; i++) vectors[k * size + i] = sign * at(column, i);
  });
  return { values: Float64Array.from(order, (k) => scale * at(diagonal, k)), vectors };
}

const at = (vector: Float64Array, k: number): number => vector[k] as number;

/** The largest entry's size. */
function checkSymmetric(size: number, data: Float64Array): number {
  if (data.length !== size * size)
    throw new RangeError(`${data.length} values are no matrix of ${size} rows.`);
  let largest = 0;
  for (const value of data) {
    if (!Number.isFinite(value)) throw new RangeError(`The matrix holds ${value}.`);
    largest = Math.max(largest, Math.abs(value));
  }
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < i; j++) {
      const gap = Math.abs(at(data, i * size + j) - at(data, j * size + i));
      if (gap > 1e-9 * largest) throw new RangeError(`The matrix is not symmetric at ${i}, ${j}.`);
    }
  }
  return largest;
}

/** `rows` becomes the orthogonal matrix Q with A = Q T Qᵀ, T's diagonal in `d` and, from index 1, what is beside it in `e`. */
function reduceToTridiagonal(rows: readonly Float64Array[], d: Float64Array, e: Float64Array): void {
  const size = rows.length;
  const row = (i: number): Float64Array => rows[i] as Float64Array;
  for (let i = size - 1; i > 0; i--) {
    const own = row(i);
    let scale = 0;
    for (let k = 0; k < i; k++) scale += Math.abs(at(own, k));
    let h = 0;
    if (i === 1 || scale === 0) e[i] = at(own, i - 1);
    else {
      for (let k = 0; k < i; k++) {
        own[k] = at(own, k) / scale;
        h += at(own, k) ** 2;
      }
      const f = at(own, i - 1);
      const g = f > 0 ? -Math.sqrt(h) : Math.sqrt(h);
      e[i] = scale * g;
      h -= f * g;
      own[i - 1] = f - g;
      e.fill(0, 0, i);
      for (let j = 0; j < i; j++) {
        // e = A u from the lower triangle alone, row after row
        const lower = row(j);
        const u = at(own, j);
        let sum = 0;
        for (let k = 0; k < j; k++) {
          sum += at(lower, k) * at(own, k);
          e[k] = at(e, k) + at(lower, k) * u;
        }
        e[j] = at(e, j) + sum + at(lower, j) * u;
      }
      let along = 0;
      for (let j = 0; j < i; j++) {
        e[j] = at(e, j) / h;
        along += at(e, j) * at(own, j);
      }
      for (let j = 0; j < i; j++) e[j] = at(e, j) - (along / (2 * h)) * at(own, j);
      for (let j = 0; j < i; j++) {
        const lower = row(j);
        const [u, p] = [at(own, j), at(e, j)];
        for (let k = 0; k <= j; k++) lower[k] = at(lower, k) - u * at(e, k) - p * at(own, k);
      }
    }
    d[i] = h;
  }
  accumulate(rows, d);
  e[0] = 0;
}

/** Multiplies the reflections that the rows hold; the diagonal goes to `d`. */
function accumulate(rows: readonly Float64Array[], d: Float64Array): void {
  const size = rows.length;
  d[0] = 0;
  const product = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    const own = rows[i] as Float64Array;
    const h = at(d, i);
    if (h !== 0) {
      product.fill(0, 0, i);
      for (let k = 0; k < i; k++) {
        const upper = rows[k] as Float64Array;
        const u = at(own, k);
        for (let j = 0; j < i; j++) product[j] = at(product, j) + u * at(upper, j);
      }
      for (let k = 0; k < i; k++) {
        const upper = rows[k] as Float64Array;
        const u = at(own, k) / h;
        for (let j = 0; j < i; j++) upper[j] = at(upper, j) - u * at(product, j);
      }
    }
    d[i] = at(own, i);
    own[i] = 1;
    for (let j = 0; j < i; j++) {
      own[j] = 0;
      (rows[j] as Float64Array)[i] = 0;
    }
  }
}

function transposed(rows: readonly Float64Array[]): Float64Array[] {
  return rows.map((_, i) => Float64Array.from(rows, (row) => at(row, i)));
}

/** Implicit QL on the tridiagonal matrix: eigenvalues in `d`, eigenvectors in the columns. */
function diagonalise(columns: readonly Float64Array[], d: Float64Array, e: Float64Array): void {
  const size = columns.length;
  e.copyWithin(0, 1);
  e[size - 1] = 0;
  for (let first = 0; first < size; first++) {
    for (let step = 0; ; step++) {
      let last = first;
      while (last < size - 1) {
        const around = Math.abs(at(d, last)) + Math.abs(at(d, last + 1));
        if (Math.abs(at(e, last)) <= Number.EPSILON * around) break;
        last++;
      }
      if (last === first) break;
      if (step === MOST_STEPS) throw new RangeError('The eigenvalues were not found: the matrix is broken.');
      qlStep(columns, d, e, first, last);
    }
  }
}

function qlStep(
  columns: readonly Float64Array[],
  d: Float64Array,
  e: Float64Array,
  first: number,
  last: number,
): void {
  let g = (at(d, first + 1) - at(d, first)) / (2 * at(e, first));
  const root = Math.hypot(g, 1);
  g = at(d, last) - at(d, first) + at(e, first) / (g + (g >= 0 ? root : -root));
  let [s, c, p] = [1, 1, 0];
  for (let i = last - 1; i >= first; i--) {
    const f = s * at(e, i);
    const b = c * at(e, i);
    const r = Math.hypot(f, g);
    e[i + 1] = r;
    if (r === 0) {
      d[i + 1] = at(d, i + 1) - p;
      e[last] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    g = at(d, i + 1) - p;
    const t = (at(d, i) - g) * s + 2 * c * b;
    p = s * t;
    d[i + 1] = g + p;
    g = c * t - b;
    const [left, right] = [columns[i] as Float64Array, columns[i + 1] as Float64Array];
    for (let k = 0; k < left.length; k++) {
      const [x, y] = [at(left, k), at(right, k)];
      right[k] = s * x + c * y;
      left[k] = c * x - s * y;
    }
  }
  d[first] = at(d, first) - p;
  e[first] = g;
  e[last] = 0;
}

function largestOf(vector: Float64Array): number {
  let largest = 0;
  for (const value of vector) if (Math.abs(value) > Math.abs(largest)) largest = value;
  return largest;
}
