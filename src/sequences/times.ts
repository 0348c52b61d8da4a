// When panoramas were taken: given by whoever asks, or by the files.

/** ISO 8601 date and time as RFC 3339 writes it, seconds and offset not required; as a pattern for schemas. */
export const TIME_PATTERN = String.raw`^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)?$`;
const TIME = new RegExp(TIME_PATTERN);

/** A moment on one clock; two with different clocks cannot be compared. */
export interface Moment {
  readonly seconds: number;
  /** False: the camera's own clock. */
  readonly zoned: boolean;
}

/** Undefined where the text is no date and time, or one that is in no calendar. */
export function momentOf(text: string): Moment | undefined {
  if (!TIME.test(text)) return undefined;
  const [day, hour] = [text.slice(0, 10), text.slice(11).toUpperCase()];
  const zoned = /(Z|[+-]\d\d:\d\d)$/.test(hour);
  const ms = Date.parse(`${day}T${hour}${zoned ? '' : 'Z'}`);
  // The 30th of February becomes another day, or none.
  const midnight = new Date(`${day}T00:00Z`);
  if (Number.isNaN(midnight.getTime()) || !midnight.toISOString().startsWith(day)) return undefined;
  return Number.isFinite(ms) ? { seconds: ms / 1000, zoned } : undefined;
}

/** From one moment to a later one; undefined where one is unknown, they are of two clocks, or it goes back in time. */
export function secondsBetween(from: Moment | undefined, to: Moment | undefined): number | undefined {
  if (from === undefined || to === undefined || from.zoned !== to.zoned) return undefined;
  const seconds = to.seconds - from.seconds;
  return seconds >= 0 ? seconds : undefined;
}
