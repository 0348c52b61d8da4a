// How wide a photo is, as its EXIF says (CIPA DC-008, tags of the Exif directory).
import { type Directory, numbersOf, type TiffBlock } from './tiff-directory.js';

const [FOCAL_LENGTH, PIXEL_X, PIXEL_Y, PLANE_X, PLANE_UNIT, FOCAL_LENGTH_35] = [
  0x920a, 0xa002, 0xa003, 0xa20e, 0xa210, 0xa405,
] as const;
export const FOCAL_TAGS: readonly number[] = [
  FOCAL_LENGTH,
  PIXEL_X,
  PIXEL_Y,
  PLANE_X,
  PLANE_UNIT,
  FOCAL_LENGTH_35,
];

/** Millimetres of FocalPlaneResolutionUnit's values: inch (also where absent), centimetre, millimetre, micrometre. */
const UNIT_MM: Readonly<Record<number, number>> = { 2: 25.4, 3: 10, 4: 1, 5: 0.001 };
/** Of 36 x 24 mm film. */
const FILM_DIAGONAL_MM = Math.hypot(36, 24);

/** A focal length as a share of the image's diagonal, so that it holds however the image was scaled or turned. */
export interface FocalLength {
  readonly perDiagonal: number;
  /** Which tags say it, for people. */
  readonly name: string;
}

/** FocalLengthIn35mmFilm (by the diagonal, as CIPA means it), else FocalLength and FocalPlaneXResolution; undefined without. */
export function focalLengthOf(block: TiffBlock, { entries }: Directory): FocalLength | undefined {
  const numberOf = (tag: number) => numbersOf(block, entries.get(tag), 1)[0] ?? Number.NaN;
  const film = numberOf(FOCAL_LENGTH_35);
  // 0 is "unknown" there.
  if (film > 0 && film < Number.POSITIVE_INFINITY) {
    return { perDiagonal: film / FILM_DIAGONAL_MM, name: `FocalLengthIn35mmFilm ${film} mm` };
  }
  const [focalMm, perUnit] = [numberOf(FOCAL_LENGTH), numberOf(PLANE_X)];
  const unitMm = UNIT_MM[entries.has(PLANE_UNIT) ? numberOf(PLANE_UNIT) : 2];
  const diagonalPx = Math.hypot(numberOf(PIXEL_X), numberOf(PIXEL_Y));
  if (unitMm === undefined) return undefined;
  const perDiagonal = (focalMm * perUnit) / unitMm / diagonalPx;
  if (!(perDiagonal > 0 && perDiagonal < Number.POSITIVE_INFINITY)) return undefined;
  return { perDiagonal, name: `FocalLength ${Number(focalMm.toFixed(2))} mm and FocalPlaneXResolution` };
}
