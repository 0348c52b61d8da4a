// Errors for people: what was wrong, with which value, what to do. Every error a caller can meet has a code
// from the table in codes.ts; `detail` carries the value.
import { ERROR_CODES, type ErrorCode, type ErrorEntry } from './codes.js';

export { ERROR_CODES, type ErrorCode } from './codes.js';
export { type SchemaCheck, schemaCheck } from './schema-check.js';
export { explainSchemaErrors } from './schema-errors.js';

/**
 * An error with a stable code; `detail` says what was wrong and with which value. The message is for people at a terminal;
 * `http/` makes its own of title, detail and advice.
 */
export class SkyfixError extends Error {
  override readonly name = 'SkyfixError';
  readonly code: ErrorCode;
  readonly detail: string;

  constructor(code: ErrorCode, detail: string, options?: ErrorOptions) {
    const { title, advice, commandLine = advice }: ErrorEntry = ERROR_CODES[code];
    super(`${title}: ${detail} ${commandLine}`, options);
    this.code = code;
    this.detail = detail;
  }
}

/** An error of a server that has enough to do: thousands a second may be thrown, and nobody reads their stacks. */
export function refusal(code: ErrorCode, detail: string): SkyfixError {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return new SkyfixError(code, detail);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Turns a node file-system error into DISK_FULL where the disk is full and into NOT_WRITABLE where this process may not
 * write there; passes everything else on.
 */
export function asDiskError(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code ?? '';
  const detail = `Writing ${path} failed (${code}).`;
  if (['ENOSPC', 'EDQUOT'].includes(code)) return new SkyfixError('DISK_FULL', detail, { cause: error });
  if (['EROFS', 'EACCES', 'EPERM'].includes(code))
    return new SkyfixError('NOT_WRITABLE', detail, { cause: error });
  return error;
}
