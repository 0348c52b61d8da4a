// Pages of other origins may call this server where the operator allows it (Fetch standard, CORS protocol).
import cors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';

const PREFLIGHT_SECONDS = 600;

/** Has to be registered before whatever refuses, so that pages can read refusals too. Nothing without origins. */
export async function allowOrigins(app: FastifyInstance, origins: readonly string[]): Promise<void> {
  if (origins.length === 0) return;
  await app.register(cors, {
    origin: origins.includes('*') ? '*' : [...origins],
    methods: ['GET', 'HEAD', 'POST'],
    allowedHeaders: [
      'Authorization',
      'Content-Type',
      'Accept',
      'X-Request-Id',
      'Range',
      'If-Range',
      'If-None-Match',
      'Traceparent',
    ],
    exposedHeaders: [
      'X-Request-Id',
      'Retry-After',
      'RateLimit',
      'RateLimit-Policy',
      'RateLimit-Limit',
      'RateLimit-Remaining',
      'RateLimit-Reset',
      'ETag',
      'Accept-Ranges',
      'Content-Range',
      'Content-Length',
    ],
    maxAge: PREFLIGHT_SECONDS,
  });
}
