// GET /openapi.yaml: the contract, as the file in the repository's root.
import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';

/** RFC 9512. */
const YAML_MEDIA_TYPE = 'application/yaml';

/** Seen from dist/src/http/routes/. */
export const OPENAPI_FILE = new URL('../../../../openapi.yaml', import.meta.url);

export function openapiRoute(app: FastifyInstance): void {
  const text = readFileSync(OPENAPI_FILE, 'utf8');
  app.get('/openapi.yaml', { config: { scope: 'open' } }, async (_request, reply) =>
    reply.type(YAML_MEDIA_TYPE).send(text),
  );
}
