// The upload: one image, and the options beside it as text, from a multipart form or from a raw image body.
import type { Readable } from 'node:stream';
import type { Multipart } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { messageOf, SkyfixError } from '../../errors/index.js';

export interface Upload {
  readonly image: Uint8Array;
  /** Form fields and query parameters, each given once, still as text. */
  readonly fields: ReadonlyMap<string, string>;
}

export interface UploadLimits {
  /** Of the image. */
  readonly maxBytes: number;
  /** Ends the reading. */
  readonly signal: AbortSignal;
}

/** A form may be this much larger than the image in it. */
const FORM_OVERHEAD_BYTES = 64 * 1024;
const MAX_FIELD_BYTES = 1024;

/**
 * Reads the request's body to its end. Throws IMAGE_MISSING, IMAGE_DUPLICATED, IMAGE_EMPTY, IMAGE_TOO_LARGE_BYTES,
 * PARAMETER_INVALID, REQUEST_MALFORMED, or the signal's reason.
 */
export async function readUpload(request: FastifyRequest, limits: UploadLimits): Promise<Upload> {
  const fields = new Map<string, string>();
  const form = request.isMultipart();
  try {
    readQuery(request.query, fields);
    const announced = Number(request.headers['content-length'] ?? 0);
    if (announced > limits.maxBytes + (form ? FORM_OVERHEAD_BYTES : 0)) {
      throw tooLarge(limits.maxBytes, `the body has ${announced}`);
    }
    const read = form ? readForm(request, fields, limits.maxBytes) : readRaw(request, limits.maxBytes);
    const image = await untilAborted(limits.signal, read);
    if (image.byteLength === 0) throw new SkyfixError('IMAGE_EMPTY', 'The image has 0 bytes.');
    return { image, fields };
  } catch (error) {
    discardRest(request);
    throw error;
  }
}

function readQuery(query: unknown, fields: Map<string, string>): void {
  for (const [name, value] of Object.entries(query as Record<string, unknown>)) {
    if (typeof value !== 'string') throw givenTwice(name);
    fields.set(name, value);
  }
}

async function readRaw(request: FastifyRequest, maxBytes: number): Promise<Uint8Array> {
  const body = request.body as Readable | undefined;
  if (!body) {
    // Fastify hands no stream on where Content-Length is 0.
    if (request.headers['content-type']) return new Uint8Array();
    throw new SkyfixError('IMAGE_MISSING', 'The request has no body.');
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw tooLarge(maxBytes, 'the body has more');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function readForm(
  request: FastifyRequest,
  fields: Map<string, string>,
  maxBytes: number,
): Promise<Uint8Array> {
  const images: Uint8Array[] = [];
  const limits = {
    fileSize: maxBytes,
    fieldSize: MAX_FIELD_BYTES,
    fieldNameSize: 100,
    fields: 32,
    files: 2,
    parts: 40,
  };
  try {
    for await (const part of request.parts({ limits })) {
      if (part.type === 'file') images.push(await readFile(part, images.length));
      else readField(part, fields);
    }
  } catch (error) {
    throw asFormError(error, maxBytes);
  }
  const [image] = images;
  if (!image) throw new SkyfixError('IMAGE_MISSING', 'The form has no file in the field "image".');
  return image;
}

async function readFile(part: Multipart & { type: 'file' }, before: number): Promise<Uint8Array> {
  if (part.fieldname !== 'image') {
    throw new SkyfixError('IMAGE_MISSING', `The file is in the field "${shown(part.fieldname)}".`);
  }
  if (before > 0) throw new SkyfixError('IMAGE_DUPLICATED', 'The field "image" was given twice.');
  return part.toBuffer();
}

function readField(part: Multipart & { type: 'field' }, fields: Map<string, string>): void {
  const { fieldname: name, value } = part;
  if (name === 'image') throw new SkyfixError('IMAGE_MISSING', 'The field "image" holds text, not a file.');
  if (part.valueTruncated || part.fieldnameTruncated) {
    throw new SkyfixError('PARAMETER_INVALID', `The field "${shown(name)}" is too long.`);
  }
  if (fields.has(name)) throw givenTwice(name);
  fields.set(name, typeof value === 'string' ? value : JSON.stringify(value));
}

/** What the form parser throws without a code of its own is a malformed form. */
function asFormError(error: unknown, maxBytes: number): unknown {
  const { code } = error as { code?: string };
  if (error instanceof SkyfixError) return error;
  if (code === 'FST_REQ_FILE_TOO_LARGE') return tooLarge(maxBytes, 'the file has more');
  if (code?.startsWith('FST_')) return error;
  return new SkyfixError('REQUEST_MALFORMED', `The multipart form cannot be read (${messageOf(error)}).`, {
    cause: error,
  });
}

/** Lets node read and forget what is left, so that the connection can carry the answer and the next request. */
function discardRest(request: FastifyRequest): void {
  request.raw.unpipe();
  request.raw.resume();
}

/** What was read, or the signal's reason where that comes first. */
function untilAborted<T>(signal: AbortSignal, reading: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    reading
      .then(resolve, (error: unknown) => reject(signal.aborted ? signal.reason : error))
      .finally(() => signal.removeEventListener('abort', onAbort));
  });
}

function tooLarge(maxBytes: number, what: string): SkyfixError {
  return new SkyfixError('IMAGE_TOO_LARGE_BYTES', `At most ${maxBytes} bytes are accepted; ${what}.`);
}

function givenTwice(name: string): SkyfixError {
  return new SkyfixError('PARAMETER_INVALID', `"${shown(name)}" is given more than once.`);
}

function shown(name: string): string {
  return name.length > 60 ? `${name.slice(0, 60)}...` : name;
}
