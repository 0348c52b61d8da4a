// What an owner and its thread tell each other, and how an error gets across.
import { type ErrorCode, messageOf, SkyfixError } from '../errors/index.js';

/** The one thing in workerData. */
export interface ThreadSetup {
  readonly setup: unknown;
}

export type ToThread =
  | { readonly tell: 'ask'; readonly id: number; readonly kind: string; readonly argument: unknown }
  | { readonly tell: 'close' };

export type FromThread =
  | { readonly tell: 'opened' }
  | { readonly tell: 'failed'; readonly error: CarriedError }
  | { readonly tell: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly tell: 'error'; readonly id: number; readonly error: CarriedError }
  | { readonly tell: 'progress'; readonly id: number; readonly done: number };

/** What a message keeps of an error. */
export interface CarriedError {
  readonly message: string;
  readonly code?: ErrorCode;
  /** A mistake of the caller's, thrown again as a RangeError. */
  readonly range?: boolean;
}

export function carried(error: unknown): CarriedError {
  if (error instanceof SkyfixError) return { message: error.detail, code: error.code };
  return { message: messageOf(error), range: error instanceof RangeError };
}

/** The error that the thread threw, with the same code and message. */
export function uncarried({ message, code, range }: CarriedError): Error {
  if (code) return new SkyfixError(code, message);
  return range ? new RangeError(message) : new Error(message);
}
