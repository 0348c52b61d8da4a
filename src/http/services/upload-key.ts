// Whose uploads are counted instead of the address's.
import type { FastifyRequest } from 'fastify';
import type { HttpServices } from './services.js';
import type { UploadKey } from './upload-gate.js';

/** Undefined where the request carries no key of its own. */
export function uploadKeyOf(
  request: FastifyRequest,
  { access, config }: HttpServices,
): UploadKey | undefined {
  const caller = access.identify(request);
  return caller && { name: caller.name, uploads: caller.uploads ?? config.uploadsPerKey };
}
