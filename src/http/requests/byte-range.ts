// Which bytes of a file a request wants (RFC 9110, sections 13 and 14): one range, or all of it.
import { SkyfixError } from '../../errors/index.js';

export interface ByteRange {
  /** First and last, both included. */
  readonly first: number;
  readonly last: number;
}

export interface RangeHeaders {
  readonly range?: string | undefined;
  readonly 'if-range'?: string | undefined;
  readonly 'if-none-match'?: string | undefined;
}

const ONE_RANGE = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i;

/**
 * The range of a file of `bytes` bytes, cut at its end; undefined where all of it is wanted: no range, several, another unit, or
 * one of a file that was another (If-Range). Throws RANGE_NOT_SATISFIABLE for one that lies behind the end.
 */
export function rangeOf(headers: RangeHeaders, bytes: number, etag: string): ByteRange | undefined {
  const [, from = '', to = ''] = ONE_RANGE.exec(headers.range ?? '') ?? [];
  if (from === '' && to === '') return undefined;
  const condition = headers['if-range']?.trim();
  if (condition !== undefined && condition !== etag) return undefined;
  const last = from === '' || to === '' ? bytes - 1 : Math.min(Number(to), bytes - 1);
  const first = from === '' ? Math.max(0, bytes - Number(to)) : Number(from);
  // An end before the beginning is no range, and what is no range is left alone.
  if (from !== '' && to !== '' && Number(to) < Number(from)) return undefined;
  if (first < bytes && first <= last) return { first, last };
  throw new SkyfixError(
    'RANGE_NOT_SATISFIABLE',
    `The range ${headers.range?.slice(0, 60)} lies outside of the file, which has ${bytes} bytes.`,
  );
}

/** True where the client says that it has this very file. */
export function hasAlready(headers: RangeHeaders, etag: string): boolean {
  const tags = headers['if-none-match']?.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags !== undefined && (tags.includes(etag) || tags.includes('*'));
}
