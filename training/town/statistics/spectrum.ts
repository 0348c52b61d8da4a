// Power of a square picture by wavelength: a two-dimensional Fourier transform, radix 2 (Cooley and Tukey 1965).

/** In-place transform of `n` complex numbers that lie `stride` apart from `start`; n is a power of two. */
export function fourier(re: Float64Array, im: Float64Array, n: number, start: number, stride: number): void {
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i >= j) continue;
    const a = start + i * stride;
    const b = start + j * stride;
    [re[a], re[b]] = [re[b] as number, re[a] as number];
    [im[a], im[b]] = [im[b] as number, im[a] as number];
  }
  for (let size = 2; size <= n; size *= 2) {
    const step = (-2 * Math.PI) / size;
    for (let k = 0; k < size / 2; k++) {
      const cos = Math.cos(step * k);
      const sin = Math.sin(step * k);
      for (let from = k; from < n; from += size) {
        const a = start + from * stride;
        const b = a + (size / 2) * stride;
        const tr = (re[b] as number) * cos - (im[b] as number) * sin;
        const ti = (re[b] as number) * sin + (im[b] as number) * cos;
        re[b] = (re[a] as number) - tr;
        im[b] = (im[a] as number) - ti;
        re[a] = (re[a] as number) + tr;
        im[a] = (im[a] as number) + ti;
      }
    }
  }
}

/**
 * Variance of a picture of n*n numbers, n a power of two: all of it, and between the given wave numbers (cycles over
 * the picture's side, ascending); `bands[k]` lies from edges[k] to edges[k + 1], `above` at and beyond the last.
 */
export function bandPower(
  picture: Float64Array,
  n: number,
  edges: readonly number[],
): { readonly total: number; readonly bands: readonly number[]; readonly above: number } {
  if (n < 2 || (n & (n - 1)) !== 0) throw new RangeError(`a picture of ${n} px a side is no power of two`);
  const re = Float64Array.from(picture);
  const im = new Float64Array(n * n);
  for (let row = 0; row < n; row++) fourier(re, im, n, row * n, 1);
  for (let column = 0; column < n; column++) fourier(re, im, n, column, n);
  const bands = edges.slice(1).map(() => 0);
  let [total, above] = [0, 0];
  for (let v = 0; v < n; v++) {
    for (let u = 0; u < n; u++) {
      if (u === 0 && v === 0) continue;
      const k = v * n + u;
      const power = ((re[k] as number) ** 2 + (im[k] as number) ** 2) / n ** 4;
      const wave = Math.hypot(u > n / 2 ? u - n : u, v > n / 2 ? v - n : v);
      total += power;
      if (wave >= (edges.at(-1) as number)) above += power;
      const band = edges.findIndex((edge, e) => wave >= edge && wave < (edges[e + 1] ?? edge));
      if (band >= 0) bands[band] = (bands[band] as number) + power;
    }
  }
  return { total, bands, above };
}
