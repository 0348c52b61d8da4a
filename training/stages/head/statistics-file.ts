// What a head was fitted to as arrays of a weights file, beside the head's own.
import { SkyfixError } from 'skyfix/errors';
import type { NamedArray } from '../../networks/index.js';
import type { FitStatistics } from './fit.js';
import type { CellCovariances } from './statistics.js';

const NAMES = {
  channels: ['fit.channels.between', 'fit.channels.within'],
  windows: ['fit.windows.between', 'fit.windows.within'],
} as const;

export function statisticsToArrays({ channels, windows }: FitStatistics): Record<string, NamedArray> {
  const arrays = (
    names: readonly [string, string],
    all: readonly CellCovariances[],
    lead: readonly number[],
  ) => {
    const size = Math.sqrt(all[0]?.within.length ?? 0);
    const joined = (of: (one: CellCovariances) => Float64Array): NamedArray => ({
      shape: [...lead, size, size],
      data: Float32Array.from(all.flatMap((one) => [...of(one)])),
    });
    return { [names[0]]: joined(({ between }) => between), [names[1]]: joined(({ within }) => within) };
  };
  return {
    ...arrays(NAMES.channels, [channels], []),
    ...arrays(NAMES.windows, windows, [windows.length]),
  };
}

/** Undefined where a file has none. Throws WEIGHTS_INVALID naming `source` for arrays that do not fit each other. */
export function statisticsFromArrays(
  arrays: Readonly<Record<string, NamedArray>>,
  source: string,
): FitStatistics | undefined {
  const [channels, windows] = [NAMES.channels, NAMES.windows].map((names) =>
    covariancesOf(arrays, names, source),
  );
  const [first] = channels ?? [];
  return first && windows ? { channels: first, windows } : undefined;
}

function covariancesOf(
  arrays: Readonly<Record<string, NamedArray>>,
  [betweenName, withinName]: readonly [string, string],
  source: string,
): CellCovariances[] | undefined {
  const [between, within] = [arrays[betweenName], arrays[withinName]];
  if (!between && !within) return undefined;
  const size = within?.shape.at(-1) ?? 0;
  const fits =
    between &&
    within &&
    between.shape.join() === within.shape.join() &&
    within.shape.at(-2) === size &&
    size > 0;
  const finite = [between, within].every((array) => array?.data.every(Number.isFinite));
  if (!between || !within || !fits || !finite) {
    throw new SkyfixError(
      'WEIGHTS_INVALID',
      `${source}: ${betweenName} and ${withinName} do not fit each other.`,
    );
  }
  const count = within.data.length / (size * size);
  const matrix = ({ data }: NamedArray, k: number) =>
    Float64Array.from(data.subarray(k * size ** 2, (k + 1) * size ** 2));
  return Array.from({ length: count }, (_, k) => ({
    between: matrix(between, k),
    within: matrix(within, k),
  }));
}
