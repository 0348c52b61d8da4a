// GET /regions/{region}/basemap.pmtiles: the region's own imagery as a map, in ranges, as map libraries ask for it.
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { SkyfixError } from '../../errors/index.js';
import { type ByteRange, hasAlready, rangeOf } from '../requests/byte-range.js';
import type { HttpServices, Regions } from '../services/services.js';

/** As the PMTiles specification registers it. */
const PMTILES_MEDIA_TYPE = 'application/vnd.pmtiles';

export function basemapRoute(app: FastifyInstance, { regions }: HttpServices): void {
  app.get<{ Params: { region: string } }>(
    '/regions/:region/basemap.pmtiles',
    { config: { scope: 'read' } },
    async (request, reply) => {
      const { headers } = request;
      const { path, bytes, etag } = fileOf(regions, request.params.region);
      // A new version has another tag: a map that reads on notices, and begins anew.
      reply.headers({ etag, 'accept-ranges': 'bytes', 'cache-control': 'no-cache' });
      if (hasAlready(headers, etag)) return reply.code(304).send();
      let range: ByteRange | undefined;
      try {
        range = rangeOf(headers, bytes, etag);
      } catch (error) {
        reply.header('content-range', `bytes */${bytes}`);
        throw error;
      }
      reply.type(PMTILES_MEDIA_TYPE);
      if (range) reply.code(206).header('content-range', `bytes ${range.first}-${range.last}/${bytes}`);
      return sendBytes(reply, path, range ?? { first: 0, last: bytes - 1 }, request.method === 'HEAD');
    },
  );
}

interface ServedFile {
  readonly path: string;
  readonly bytes: number;
  readonly etag: string;
}

function fileOf(regions: Regions, name: string): ServedFile {
  const { basemap } = regions.mapOf(name);
  if (!basemap)
    throw new SkyfixError('BASEMAP_MISSING', `The version that region "${name}" serves has no basemap.`);
  const { path, bytes, sha256 } = basemap;
  return { path, bytes, etag: `"${sha256.slice(0, 32)}"` };
}

/** Once it is open the file may be removed: what is left of it is still sent. */
async function sendBytes(
  reply: FastifyReply,
  path: string,
  { first, last }: ByteRange,
  headOnly: boolean,
): Promise<FastifyReply> {
  reply.header('content-length', last - first + 1);
  // Nothing is sent, and the length stays that of what would be.
  if (headOnly) return reply.send(Readable.from([]));
  const file = await open(path, 'r');
  return reply.send(file.createReadStream({ start: first, end: last }));
}
