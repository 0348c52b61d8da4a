// Paths and methods that nobody serves: 404, or 405 with the methods that are served there.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { SkyfixError } from '../errors/index.js';
import { pathOf } from './problem.js';

interface ServedPath {
  readonly pattern: RegExp;
  readonly methods: Set<string>;
}

/** Longest value of a path parameter; longer ones match no route. */
export const MAX_PARAM_LENGTH = 100;

/** Has to be called before the routes are added. */
export function answerUnmatched(app: FastifyInstance): void {
  const served = new Map<string, ServedPath>();
  app.addHook('onRoute', ({ url, method }) => {
    const known = served.get(url) ?? { pattern: patternOf(url), methods: new Set() };
    for (const name of [method].flat()) known.methods.add(name);
    served.set(url, known);
  });
  const refuse = (request: FastifyRequest, reply: FastifyReply): never => {
    const path = pathOf(request.url);
    const allowed = [...served.values()].find(({ pattern }) => pattern.test(path))?.methods;
    if (!allowed || allowed.has(request.method))
      throw new SkyfixError('ROUTE_NOT_FOUND', `There is no ${path}.`);
    reply.header('allow', [...allowed].sort().join(', '));
    throw new SkyfixError('METHOD_NOT_ALLOWED', `${path} does not take ${request.method}.`);
  };
  // Before the body is looked at: a wrong path with a wrong body is a wrong path.
  app.addHook('onRequest', async (request, reply) => {
    if (request.is404) refuse(request, reply);
  });
  app.setNotFoundHandler(refuse);
}

/** /a/:b/c as an expression. */
function patternOf(url: string): RegExp {
  const parts = url.split('/').map((part) => {
    if (part.startsWith(':')) return `[^/]{1,${MAX_PARAM_LENGTH}}`;
    return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('/')}$`);
}
