// Rows as the names of objects: a UUID of a kind of its own (RFC 9562, version 8) with the row in its last 48 bits. The same
// row is the same object however often it is sent.
const PREFIX = '5b9f1c00-0000-8000-8000-';

export const uuidOfRow = (row: number): string => `${PREFIX}${row.toString(16).padStart(12, '0')}`;

/** NaN for the name of something else. */
export function rowOfUuid(uuid: string): number {
  return uuid.startsWith(PREFIX) ? Number.parseInt(uuid.slice(PREFIX.length), 16) : Number.NaN;
}
