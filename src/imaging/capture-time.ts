// When a photo was taken, as its EXIF says (CIPA DC-008: DateTimeOriginal, SubSecTimeOriginal, OffsetTimeOriginal).
import { type Directory, type TiffBlock, textOf } from './tiff-directory.js';

const [TAKEN, OFFSET, FRACTION] = [0x9003, 0x9011, 0x9291] as const;
export const CAPTURE_TAGS: readonly number[] = [TAKEN, OFFSET, FRACTION];
const MAX_BYTES = 64;

/**
 * ISO 8601: "2026-05-01T10:11:12.5+02:00"; without an offset, the camera's own clock, where the file has none. Undefined where
 * the file says no time, or one that is in no calendar (cameras write blanks or zeros where their clock was never set).
 */
export function captureTimeOf(block: TiffBlock, { entries }: Directory): string | undefined {
  const text = (tag: number) => textOf(block, entries.get(tag), MAX_BYTES).trim();
  const [, year, month, day, clock] =
    /^(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d:\d\d:\d\d)$/.exec(text(TAKEN)) ?? [];
  if (clock === undefined) return undefined;
  const plain = `${year}-${month}-${day}T${clock}`;
  // A date that does not exist becomes another one, or none.
  const time = new Date(`${plain}Z`);
  if (Number.isNaN(time.getTime()) || !time.toISOString().startsWith(plain)) return undefined;
  const [fraction] = /^\d{1,9}$/.exec(text(FRACTION)) ?? [];
  const [offset] = /^[+-]\d\d:\d\d$/.exec(text(OFFSET)) ?? [];
  return `${plain}${fraction ? `.${fraction}` : ''}${offset ?? ''}`;
}
