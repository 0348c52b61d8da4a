// One line in the log for every administrative act, done or refused: who, what, with which outcome.
import type { FastifyBaseLogger, FastifyRequest } from 'fastify';
import { pathOf } from './problem.js';
import { outcomeOf } from './services/outcome.js';

export interface Act {
  /** "ok", or the code of the error. */
  readonly outcome: string;
  readonly region?: string | undefined;
  readonly indexVersion?: string | undefined;
}

/** For acts of requests. */
export function audit(request: FastifyRequest, act: Act): void {
  const { key: by = null } = outcomeOf(request);
  const what = `${request.method} ${pathOf(request.url)}`;
  auditLine(request.log, { by, from: request.ip, act: what, ...act });
}

/** For acts that come otherwise, such as by signals. Written whatever LOG_LEVEL leaves out, but for "silent". */
export function auditLine(log: FastifyBaseLogger, line: Readonly<Record<string, unknown>>): void {
  log.child({}, { level: 'info' }).info({ audit: line }, 'audit');
}
