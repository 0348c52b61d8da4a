// What a request's one log line tells beside status and time. Never what a panorama shows; where it was taken only where the
// operator has switched that on.
import type { FastifyRequest } from 'fastify';
import type { Verdict } from '../../confidence/index.js';
import type { ErrorCode } from '../../errors/index.js';

export interface RequestOutcome {
  /** Name of the key it was made with. */
  key?: string;
  code?: ErrorCode;
  /** Of the upload. */
  bytes?: number;
  region?: string;
  indexVersion?: string;
  /** name@version */
  bundle?: string;
  verdict?: Verdict;
  /** The best place, with SKYFIX_LOG_POSITIONS=on. */
  position?: { readonly lon: number; readonly lat: number };
  /** Panoramas of a sequence. */
  frames?: number;
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
