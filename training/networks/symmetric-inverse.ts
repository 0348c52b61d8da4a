// The inverse of A + εI for a symmetric positive semidefinite A, by Cholesky's decomposition.

/** Added to the diagonal, of its mean: enough that rows which depend on each other have an inverse too. */
const ADDED_SHARE = 1e-6;

/** [n, n] of [n, n], by rows. Throws RangeError for a matrix that is not finite, or not positive semidefinite. */
export function symmetricInverse(matrix: ArrayLike<number>, n: number): Float64Array {
  const lower = choleskyFactor(matrix, n);
  const inverse = new Float64Array(n * n);
  const column = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    // L y = e_k, whose first k numbers are 0; then Lᵀ x = y, of which the last n - k are needed
    for (let i = k; i < n; i++) {
      let sum = i === k ? 1 : 0;
      for (let j = k; j < i; j++) sum -= (lower[i * n + j] as number) * (column[j] as number);
      column[i] = sum / (lower[i * n + i] as number);
    }
    for (let i = n - 1; i >= k; i--) {
      const value = (column[i] as number) / (lower[i * n + i] as number);
      column[i] = value;
      for (let j = k; j < i; j++) column[j] = (column[j] as number) - (lower[i * n + j] as number) * value;
      inverse[i * n + k] = value;
      inverse[k * n + i] = value;
    }
  }
  return inverse;
}

/** Lower triangle L with L Lᵀ = A + εI. */
function choleskyFactor(matrix: ArrayLike<number>, n: number): Float64Array {
  let trace = 0;
  for (let i = 0; i < n; i++) trace += matrix[i * n + i] as number;
  const added = (ADDED_SHARE * trace) / n || Number.MIN_VALUE;
  const lower = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = (matrix[i * n + j] as number) + (i === j ? added : 0);
      for (let k = 0; k < j; k++) sum -= (lower[i * n + k] as number) * (lower[j * n + k] as number);
      if (i !== j) lower[i * n + j] = sum / (lower[j * n + j] as number);
      else if (sum > 0) lower[i * n + i] = Math.sqrt(sum);
      else throw new RangeError(`Row ${i} makes the matrix not positive.`);
    }
  }
  return lower;
}
