// The door: who asks, how much they have asked already, and whether their key suffices, before anything is read of a body.
import type { FastifyInstance } from 'fastify';
import { SkyfixError } from '../errors/index.js';
import { audit } from './audit.js';
import { countRequests } from './quotas.js';
import { noteOutcome, outcomeOf } from './services/outcome.js';
import type { HttpServices } from './services/services.js';

export async function admitRequests(app: FastifyInstance, services: HttpServices): Promise<void> {
  const { access } = services;
  const count = await countRequests(app, services);
  app.addHook('onRequest', async function admit(request, reply) {
    const { scope = 'locate', limited = false } = request.routeOptions.config;
    const caller = access.identify(request);
    if (caller) noteOutcome(request, { key: caller.name });
    if (limited) await count.call(app, request, reply);
    try {
      access.require(request, scope);
    } catch (error) {
      // Who tries keys is counted as one who asks.
      if (!limited) await count.call(app, request, reply);
      if (error instanceof SkyfixError && error.code === 'KEY_SCOPE_MISSING')
        reply.header(
          'www-authenticate',
          `Bearer realm="skyfix", error="insufficient_scope", scope="${scope}"`,
        );
      throw error;
    }
  });
  // When the answer is made, also where nobody waits for it any more.
  app.addHook('onSend', async (request) => {
    if (request.routeOptions.config?.scope !== 'admin') return;
    const { code, region, indexVersion } = outcomeOf(request);
    audit(request, { outcome: code ?? 'ok', region, indexVersion });
  });
}
