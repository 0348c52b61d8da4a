// From pixels to the ground: one affine transform from the three tags of GeoTIFF (OGC 19-008r4, 7.4 and annex B.6), so that
// rotated, sheared, transposed and south-up pictures need no case of their own.

/** x = a * column + b * row + c, y = d * column + e * row + f, in edge coordinates (the first pixel's centre is 0.5, 0.5). */
export interface Affine {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly e: number;
  readonly f: number;
}

export interface ModelTags {
  /** ModelPixelScaleTag, 33550: ScaleX, ScaleY, ScaleZ. */
  readonly pixelScale?: readonly number[] | undefined;
  /** ModelTiepointTag, 33922: I, J, K, X, Y, Z of each. */
  readonly tiePoints?: readonly number[] | undefined;
  /** ModelTransformationTag, 34264: 4 x 4, row by row. */
  readonly transformation?: readonly number[] | undefined;
  /** GTRasterTypeGeoKey is RasterPixelIsPoint: raster coordinates count from the centre of the first pixel. */
  readonly pixelIsPoint?: boolean | undefined;
}

/** What is wrong with the tags of a picture that has no such transform. */
export type AffineProblem = 'none' | 'negative-scale' | 'zero-scale' | 'several-tie-points' | 'singular';

/** How far other tie points may lie from the transform of the first one, pixels. */
const TIE_POINT_TOLERANCE_PX = 0.5;

export function affineOfTags(tags: ModelTags): Affine | AffineProblem {
  const raw = rawAffine(tags);
  if (typeof raw === 'string') return raw;
  const area = raw.a * raw.e - raw.b * raw.d;
  if (!Number.isFinite(area + raw.c + raw.f) || area === 0) return 'singular';
  return tags.pixelIsPoint ? movedPx(raw, -0.5, -0.5) : raw;
}

/** Scale and tie point come first where a file has a transformation too, as with GDAL. */
function rawAffine({ pixelScale, tiePoints = [], transformation }: ModelTags): Affine | AffineProblem {
  const at = (values: readonly number[], k: number) => values[k] ?? Number.NaN;
  const hasScale = (pixelScale?.length ?? 0) >= 2 && tiePoints.length >= 6;
  if (!hasScale && transformation && transformation.length >= 8) {
    const m = (k: number) => at(transformation, k);
    return { a: m(0), b: m(1), c: m(3), d: m(4), e: m(5), f: m(7) };
  }
  if (tiePoints.length < 6) return 'none';
  if (!pixelScale || !hasScale) return tiePoints.length === 6 ? 'none' : 'several-tie-points';
  const [scaleX, scaleY] = [at(pixelScale, 0), at(pixelScale, 1)];
  if (scaleX === 0 || scaleY === 0) return 'zero-scale';
  if (scaleX < 0 || scaleY < 0) return 'negative-scale';
  const t = (k: number) => at(tiePoints, k);
  const affine = { a: scaleX, b: 0, c: t(3) - t(0) * scaleX, d: 0, e: -scaleY, f: t(4) + t(1) * scaleY };
  for (let k = 6; k + 6 <= tiePoints.length; k += 6) {
    const [x, y] = applyAffine(affine, t(k), t(k + 1));
    const offPx = Math.max(Math.abs(x - t(k + 3)) / scaleX, Math.abs(y - t(k + 4)) / scaleY);
    if (!(offPx <= TIE_POINT_TOLERANCE_PX)) return 'several-tie-points';
  }
  return affine;
}

export function applyAffine(
  { a, b, c, d, e, f }: Affine,
  column: number,
  row: number,
): readonly [number, number] {
  return [a * column + b * row + c, d * column + e * row + f];
}

/** Columns and rows from ground coordinates. */
export function invertAffine({ a, b, c, d, e, f }: Affine): Affine {
  const area = a * e - b * d;
  return {
    a: e / area,
    b: -b / area,
    c: (b * f - c * e) / area,
    d: -d / area,
    e: a / area,
    f: (c * d - a * f) / area,
  };
}

/** The transform of a picture whose first pixel is `columns`, `rows` further in this one. */
export function movedPx(affine: Affine, columns: number, rows: number): Affine {
  const [c, f] = applyAffine(affine, columns, rows);
  return { ...affine, c, f };
}

/** A world file (.tfw): six lines A, D, B, E, C, F about the centre of the first pixel; undefined where it is none. */
export function affineOfWorldFile(text: string): Affine | undefined {
  const numbers = text
    .trim()
    .split(/\s+/)
    .map((word) => Number(word.replace(',', '.')));
  const [a, d, b, e, c, f] = numbers;
  if (numbers.length !== 6 || numbers.some((value) => !Number.isFinite(value))) return undefined;
  const affine = { a, b, c, d, e, f } as Affine;
  return affine.a * affine.e - affine.b * affine.d === 0 ? undefined : movedPx(affine, -0.5, -0.5);
}
