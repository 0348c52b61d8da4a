// Bearer keys of the admin routes (RFC 6750, section 2.1), compared in constant time.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { SkyfixError } from '../../errors/index.js';

/** Throws ADMIN_DISABLED where no key is configured, UNAUTHORIZED where the request carries none of them. */
export function requireApiKey(request: FastifyRequest, keys: readonly string[]): void {
  if (keys.length === 0) throw new SkyfixError('ADMIN_DISABLED', 'No API key is configured.');
  const given = /^Bearer +([\x21-\x7e]+) *$/i.exec(request.headers.authorization ?? '')?.[1];
  if (given === undefined) throw new SkyfixError('UNAUTHORIZED', 'The request carries no bearer key.');
  const digest = digestOf(given);
  // Every key is compared, whichever matches; digests make all lengths equal.
  const matches = keys.map((key) => timingSafeEqual(digest, digestOf(key)));
  if (!matches.includes(true))
    throw new SkyfixError('UNAUTHORIZED', 'The bearer key is not a configured one.');
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
