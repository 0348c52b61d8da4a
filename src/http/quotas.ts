// How much one key, or one address without a key, may ask for: counted a minute, told in headers, refused with 429.
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest, preHandlerAsyncHookHandler } from 'fastify';
import { SkyfixError } from '../errors/index.js';
import type { Caller } from './services/access.js';
import { senderOf } from './services/address.js';
import type { HttpServices } from './services/services.js';

const WINDOW_MS = 60_000;
/** Senders that are counted at once; beyond, the one who came longest ago is forgotten. */
const SENDERS = 50_000;

/** A hook that counts one request; throws RATE_LIMITED. */
export async function countRequests(
  app: FastifyInstance,
  { access, config }: HttpServices,
): Promise<preHandlerAsyncHookHandler> {
  const limitOf = (caller: Caller | undefined) => caller?.requestsPerMinute ?? config.requestsPerMinute;
  await app.register(rateLimit, {
    global: false,
    enableDraftSpec: true,
    timeWindow: WINDOW_MS,
    cache: SENDERS,
    keyGenerator: (request) => {
      const caller = access.identify(request);
      return caller ? `key ${caller.name}` : senderOf(request.ip);
    },
    max: (request) => limitOf(access.identify(request)),
    allowList: (request) => access.isFree(request) || limitOf(access.identify(request)) === 0,
    errorResponseBuilder: (request, { max, ttl }) => {
      const caller = access.identify(request);
      const who = caller ? `the key "${caller.name}"` : 'this address';
      return new SkyfixError(
        'RATE_LIMITED',
        `${max} requests a minute are allowed to ${who}; there will be more in ${Math.ceil(ttl / 1000)} s.`,
      );
    },
  });
  app.addHook('onSend', async (request, reply) => tellInStructuredFields(request, reply, { access, config }));
  const count = app.rateLimit();
  return (request, reply) => count.call(app, request, reply) as Promise<unknown>;
}

/**
 * The plugin writes RateLimit-Limit, -Remaining and -Reset, as the drafts up to 7 of draft-ietf-httpapi-ratelimit-headers
 * have them; these are the fields of the drafts since 8.
 */
function tellInStructuredFields(
  request: FastifyRequest,
  reply: FastifyReply,
  { access, config }: Pick<HttpServices, 'access' | 'config'>,
): void {
  const limit = reply.getHeader('ratelimit-limit');
  if (limit === undefined) return;
  const caller = access.identify(request);
  const uploads = caller ? (caller.uploads ?? config.uploadsPerKey) : config.uploadsPerAddress;
  const [left, seconds] = [reply.getHeader('ratelimit-remaining'), reply.getHeader('ratelimit-reset')];
  reply.header(
    'ratelimit-policy',
    `"minute";q=${limit};w=${WINDOW_MS / 1000}, "uploads";q=${uploads};qu="concurrent-requests"`,
  );
  reply.header('ratelimit', `"minute";r=${left};t=${seconds}`);
}
