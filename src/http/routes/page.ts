// GET /: the page with the map, and its files. Nothing that it loads comes from elsewhere, except what the operator names.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { SkyfixError } from '../../errors/index.js';
import { type PageFile, readPageFiles } from '../services/page-files.js';
import type { HttpConfig, HttpServices } from '../services/services.js';

/** Without a key: whoever has one types it into the page. */
const OPEN = { config: { scope: 'open' } } as const;
const A_YEAR_SECONDS = 31_536_000;

/** No route at all where SKYFIX_UI is off, or the page was not built ("npm run build:page"). */
export function pageRoute(app: FastifyInstance, { config, pageFolder }: HttpServices): void {
  if (config.ui === 'off') return;
  const page = readPageFiles(config.uiStyle, pageFolder);
  if (!page) {
    app.log.info('the page is not built ("npm run build:page" does it): GET / answers 404');
    return;
  }
  const headers = documentHeaders(config);
  app.get('/', OPEN, async (request, reply) =>
    sendFile(request, reply.headers(headers).header('cache-control', 'no-cache'), page.document),
  );
  app.get<{ Params: { file: string } }>('/assets/:file', OPEN, async (request, reply) => {
    const file = page.assets.get(request.params.file);
    if (!file) throw new SkyfixError('ROUTE_NOT_FOUND', `The page has no file "${request.params.file}".`);
    reply.header('cache-control', `public, max-age=${A_YEAR_SECONDS}, immutable`);
    return sendFile(request, reply.header('x-content-type-options', 'nosniff'), file);
  });
}

function sendFile(request: FastifyRequest, reply: FastifyReply, file: PageFile): FastifyReply {
  reply.type(file.mediaType).header('etag', file.etag).header('vary', 'Accept-Encoding');
  const known = (request.headers['if-none-match'] ?? '')
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''));
  if (known.includes(file.etag)) return reply.code(304).send();
  // Browsers name gzip first and take br, which is smaller.
  const coding = (['br', 'gzip'] as const).find((name) => file[name] && request.encoding([name]) === name);
  if (coding) reply.header('content-encoding', coding);
  return reply.send(coding ? file[coding] : file.plain);
}

/** Content Security Policy 3: everything from here, pictures also from the page's own memory. */
function documentHeaders({ uiStyle, uiOrigins }: HttpConfig): Record<string, string> {
  const origins = [...new Set([...(uiStyle ? [new URL(uiStyle).origin] : []), ...uiOrigins])];
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    ["img-src 'self' data: blob:", ...origins].join(' '),
    ["connect-src 'self' data: blob:", ...origins].join(' '),
    "worker-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    'content-security-policy': policy.join('; '),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': 'camera=(), microphone=(), geolocation=()',
  };
}
