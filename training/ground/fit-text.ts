// What a fit found, as a table, and what to change where the configuration is off.
import type { Fitted, GeometryFit } from './fit-geometry.js';
import type { PolarPair } from './polar-pair.js';

/** Pairs have to be more alike than strangers by so many deviations before their geometry means anything. */
const CERTAIN = 6;
/** Smaller differences do no harm, whatever their certainty: a share, degrees, degrees. */
const HARMLESS = { height: 0.06, horizonDeg: 0.8, headingDeg: 2 } as const;
/** Cameras of people and cars stand so high; else the ground of the tiles is wrong. */
const LIKELY_HEIGHT_M = [1.3, 4.2] as const;

export interface FitReport {
  /** The table. */
  readonly text: string;
  /** What is off, each with what to set; none where the configuration fits. */
  readonly warnings: readonly string[];
}

/** One row of the table. */
interface Row {
  readonly name: string;
  readonly configured: string;
  readonly fitted: Fitted;
  readonly digits: number;
}

/** `pairs` as they were fitted; `tileFileM` is the usual ground of a tile file, where tiles are files. */
export function fitReport(
  fit: GeometryFit,
  pairs: readonly PolarPair[],
  tileFileM: number | undefined,
): FitReport {
  const heights = pairs.map(({ cameraHeightM }) => cameraHeightM).sort((a, b) => a - b);
  const usualM = heights[heights.length >> 1] as number;
  const strip = usualStrip(pairs);
  const rows: Row[] = [
    {
      name: 'camera height, m',
      configured: heights[0] === heights.at(-1) ? text(usualM, 2) : `${text(usualM, 2)} (median of rows)`,
      fitted: scaled(fit.heightFactor, (factor) => factor * usualM),
      digits: 2,
    },
  ];
  const horizon =
    strip && fit.horizonLowerDeg
      ? scaled(fit.horizonLowerDeg, (degrees) => strip.horizonShare + degrees / strip.verticalDeg)
      : undefined;
  if (strip && horizon) {
    const name = `horizon, share of ${text(strip.verticalDeg, 2)} degrees`;
    rows.push({ name, configured: text(strip.horizonShare, 3), fitted: horizon, digits: 3 });
  }
  rows.push({ name: 'heading offset, degrees', configured: '0', fitted: fit.headingOffsetDeg, digits: 1 });
  const certain = fit.significance >= CERTAIN;
  const cells = rows.map(({ name, configured, fitted, digits }) => [
    name,
    configured,
    text(fitted.value, digits),
    `${text(fitted.low, digits)} to ${text(fitted.high, digits)}`,
  ]);
  const { fitted, configured, strangers } = fit.similarity;
  const closing =
    `${fit.pairs} pairs; BEV and tile correlate by ${text(fitted, 3)} as fitted, ${text(configured, 3)} as configured, ` +
    `${text(strangers, 3)} with tiles of strangers: ${text(fit.significance, 1)} deviations apart` +
    `${strip ? '' : '; full spheres, whose horizon is their middle'}`;
  const table = tableOf([['', 'configured', 'fitted', '95 %'], ...cells]);
  return {
    text: `${table}\n${closing}`,
    warnings: certain ? warningsOf(fit, usualM, strip && { ...strip, horizon }, tileFileM) : [uncertain(fit)],
  };
}

function uncertain({ significance, pairs }: GeometryFit): string {
  return (
    `Nothing certain can be said: the ${pairs} pairs are hardly more alike than strangers ` +
    `(${text(significance, 1)} deviations; ${CERTAIN} are wanted). Take more pairs, or look at the contact sheet: ` +
    'the ground of the tiles or the field of view may be far off.'
  );
}

function warningsOf(
  { heightFactor, horizonLowerDeg, headingOffsetDeg }: GeometryFit,
  usualM: number,
  strip: { readonly horizon: Fitted | undefined } | undefined,
  tileFileM: number | undefined,
): string[] {
  const warnings: string[] = [];
  const fittedM = heightFactor.value * usualM;
  if (isOff(heightFactor, 1, HARMLESS.height)) {
    const [least, most] = LIKELY_HEIGHT_M;
    const ground =
      tileFileM === undefined
        ? ''
        : ` The same is seen if a tile file shows ${text(tileFileM / heightFactor.value, 1)} m instead of ${text(tileFileM, 1)}` +
          `${fittedM < least || fittedM > most ? ', which is more likely' : ''} (tileFileM).`;
    warnings.push(
      `The camera stands ${text(fittedM, 2)} m high, not ${text(usualM, 2)}: set geometry.cameraHeightM.${ground}`,
    );
  }
  if (strip?.horizon && horizonLowerDeg && isOff(horizonLowerDeg, 0, HARMLESS.horizonDeg)) {
    const where = `${text(Math.abs(horizonLowerDeg.value), 1)} degrees ${horizonLowerDeg.value > 0 ? 'below' : 'above'}`;
    warnings.push(
      `The horizon lies ${where} where it is configured: set horizonShare ${text(strip.horizon.value, 3)} in ` +
        'data.source.fieldOfView (--field-of-view).',
    );
  }
  if (isOff(headingOffsetDeg, 0, HARMLESS.headingDeg)) {
    const turn = text(headingOffsetDeg.value, 1);
    warnings.push(`Headings are off: ${turn} degrees have to be added to each of them.`);
  }
  return warnings;
}

const isOff = ({ value, low, high }: Fitted, configured: number, harmless: number): boolean =>
  (configured < low || configured > high) && Math.abs(value - configured) > harmless;

/** The field of view that most strips have. */
function usualStrip(
  pairs: readonly PolarPair[],
): Pick<PolarPair, 'verticalDeg' | 'horizonShare'> | undefined {
  const counts = new Map<string, { readonly pair: PolarPair; count: number }>();
  for (const pair of pairs) {
    if (!pair.isStrip) continue;
    const key = `${pair.verticalDeg.toFixed(1)} ${pair.horizonShare.toFixed(2)}`;
    const known = counts.get(key) ?? { pair, count: 0 };
    counts.set(key, { ...known, count: known.count + 1 });
  }
  return [...counts.values()].sort((a, b) => b.count - a.count)[0]?.pair;
}

const scaled = ({ value, low, high }: Fitted, by: (value: number) => number): Fitted => ({
  value: by(value),
  low: by(low),
  high: by(high),
});

/** Without zeros at its end, and never -0. */
const text = (value: number, digits: number): string => String(Number(value.toFixed(digits)) + 0);

function tableOf(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, k) => Math.max(...rows.map((row) => (row[k] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((cell, k) => cell.padEnd(widths[k] ?? 0))
        .join('   ')
        .trimEnd(),
    )
    .join('\n');
}
