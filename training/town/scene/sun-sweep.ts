// How shadows reach over a scene: one sweep over its cells away from the sun.

/** The horizontal direction towards the sun, of unit length. */
export interface SunDirection {
  readonly east: number;
  readonly north: number;
}

/**
 * Goes over the n x n cells of `cellM` metres line by line away from the sun and carries the height of the shadow from line
 * to line. `visit` is given a cell and the height that the shadow has above it, metres (below the ground where there is none),
 * and says how high the cell itself stands in the sun's way or the shadow above it, whichever is more.
 */
export function sweepFromSun(
  n: number,
  cellM: number,
  sun: { readonly azimuthDeg: number; readonly elevationDeg: number },
  visit: (cell: number, shadowM: number, towards: SunDirection) => number,
): void {
  const azimuth = (sun.azimuthDeg * Math.PI) / 180;
  const towards = { east: Math.sin(azimuth), north: Math.cos(azimuth) };
  const { east, north } = towards;
  const alongY = Math.abs(north) >= Math.abs(east);
  const major = alongY ? north : east;
  const shift = (alongY ? east : north) / Math.abs(major);
  const drop = (cellM / Math.abs(major)) * Math.tan((sun.elevationDeg * Math.PI) / 180);
  const whole = Math.floor(shift);
  const part = shift - whole;
  let previous = new Float32Array(n + 4);
  let current = new Float32Array(n + 4);
  const strideA = alongY ? n : 1;
  const strideB = alongY ? 1 : n;
  for (let step = 0; step < n; step++) {
    const a = major > 0 ? n - 1 - step : step;
    for (let b = 0; b < n; b++) {
      const from = b + whole;
      const p0 = from >= 0 && from < n ? (previous[from] as number) : 0;
      const p1 = from + 1 >= 0 && from + 1 < n ? (previous[from + 1] as number) : 0;
      current[b] = visit(a * strideA + b * strideB, p0 * (1 - part) + p1 * part - drop, towards);
    }
    [previous, current] = [current, previous];
  }
}
