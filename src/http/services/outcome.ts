// What a request's one log line tells beside status and time. Never where a panorama was taken, never what it shows.
import type { FastifyRequest } from 'fastify';
import type { ErrorCode } from '../../errors/index.js';

export interface RequestOutcome {
  code?: ErrorCode;
  /** Of the upload. */
  bytes?: number;
  region?: string;
  /** Waiting for work. */
  waitMs?: number;
  /** Milliseconds by step, as far as it came. */
  steps?: Readonly<Record<string, number>>;
}

const outcomes = new WeakMap<FastifyRequest, RequestOutcome>();

/** Adds to what the log line of this request will say. */
export function noteOutcome(request: FastifyRequest, facts: RequestOutcome): void {
  outcomes.set(request, { ...outcomes.get(request), ...facts });
}

export function outcomeOf(request: FastifyRequest): RequestOutcome {
  return outcomes.get(request) ?? {};
}
