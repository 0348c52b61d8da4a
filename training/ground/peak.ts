// The highest point of a sum of scores on a grid, between its cells.

/** Scores on a grid, the last axis fastest. */
export interface Grid {
  readonly lengths: readonly [number, number, number];
  readonly values: Float64Array;
}

/** Coordinates in cells. */
export type Cell = readonly [number, number, number];

export function highestCell({ lengths, values }: Grid): Cell {
  let best = 0;
  for (let k = 1; k < values.length; k++) if ((values[k] as number) > (values[best] as number)) best = k;
  const [, second, third] = lengths;
  return [Math.floor(best / (second * third)), Math.floor(best / third) % second, best % third];
}

/**
 * Where the parabola through the cells around the highest one has its top: one Newton step by central differences, at most a
 * cell along each axis. An axis on whose border the highest cell lies, or of one cell, is left there.
 */
export function peakOf(grid: Grid): Cell {
  const cell = highestCell(grid);
  const { lengths, values } = grid;
  const value = (offsets: readonly number[]) => {
    const [i, j, k] = cell.map((at, axis) => at + (offsets[axis] ?? 0)) as [number, number, number];
    return values[(i * lengths[1] + j) * lengths[2] + k] as number;
  };
  const axes = [0, 1, 2].filter((axis) => {
    const at = cell[axis] as number;
    return at > 0 && at < (lengths[axis] as number) - 1;
  });
  const along = (...steps: readonly (readonly [axis: number, step: number])[]) => {
    const offsets = [0, 0, 0];
    for (const [axis, step] of steps) offsets[axis] = (offsets[axis] as number) + step;
    return value(offsets);
  };
  const slope = axes.map((axis) => (along([axis, 1]) - along([axis, -1])) / 2);
  const curvature = axes.map((a) =>
    axes.map((b) =>
      a === b
        ? along([a, 1]) - 2 * along() + along([a, -1])
        : (along([a, 1], [b, 1]) -
            along([a, 1], [b, -1]) -
            along([a, -1], [b, 1]) +
            along([a, -1], [b, -1])) /
          4,
    ),
  );
  const step = solved(curvature, slope);
  const top = [...cell];
  for (const [k, axis] of axes.entries()) {
    top[axis] = (top[axis] as number) - Math.max(-1, Math.min(1, step?.[k] ?? 0));
  }
  return top as unknown as Cell;
}

/** matrix^-1 right by Gaussian elimination with pivots; undefined for a singular matrix. */
function solved(matrix: readonly (readonly number[])[], right: readonly number[]): number[] | undefined {
  const rows = matrix.map((row, k) => [...row, right[k] as number]);
  const size = rows.length;
  for (let k = 0; k < size; k++) {
    let pivot = k;
    for (let i = k + 1; i < size; i++) {
      if (Math.abs(rows[i]?.[k] as number) > Math.abs(rows[pivot]?.[k] as number)) pivot = i;
    }
    [rows[k], rows[pivot]] = [rows[pivot] as number[], rows[k] as number[]];
    const head = rows[k] as number[];
    if (Math.abs(head[k] as number) < 1e-12) return undefined;
    for (const [i, row] of rows.entries()) {
      if (i === k) continue;
      const factor = (row[k] as number) / (head[k] as number);
      for (let j = k; j <= size; j++) row[j] = (row[j] as number) - factor * (head[j] as number);
    }
  }
  return rows.map((row, k) => (row[size] as number) / (row[k] as number));
}
