// Errors on their way from a worker thread: what a message keeps of them.
import { type ErrorCode, messageOf, SkyfixError } from 'skyfix/errors';

export interface ErrorMessage {
  readonly message: string;
  readonly code?: ErrorCode;
  /** A mistake of the caller's, thrown again as a RangeError. */
  readonly range?: boolean;
}

export function toErrorMessage(error: unknown): ErrorMessage {
  if (error instanceof SkyfixError) return { message: error.detail, code: error.code };
  return { message: messageOf(error), range: error instanceof RangeError };
}

/** The error that the thread threw, with the same code and message. */
export function asCodedError({ message, code, range }: ErrorMessage): Error {
  if (code) return new SkyfixError(code, message);
  return range ? new RangeError(message) : new Error(message);
}
