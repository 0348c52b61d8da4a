// The upload: one image, and the options beside it as text, from a multipart form or from a raw image body.
import type { Readable } from 'node:stream';
import type { Multipart } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { FORM_OVERHEAD_BYTES } from '../../config/index.js';
import { messageOf, SkyfixError } from '../../errors/index.js';
import { collect } from './body.js';
import { raceSignal } from './deadline.js';

export interface Upload {
  readonly image: Uint8Array;
  /** Form fields and query parameters, each given once, still as text. */
  readonly fields: ReadonlyMap<string, string>;
}

export interface ReadOptions {
  /** Of the image. */
  readonly maxBytes: number;
  /** Ends the reading. */
  readonly signal: AbortSignal;
  /** Told of every chunk of the body; what it throws ends the reading. */
  readonly received: (bytes: number) => void;
}

const MAX_FIELD_BYTES = 1024;

/**
 * Reads the request's body to its end. Throws IMAGE_MISSING, IMAGE_DUPLICATED, IMAGE_EMPTY, IMAGE_TOO_LARGE_BYTES,
 * PARAMETER_INVALID, REQUEST_MALFORMED, what `received` throws, or the signal's reason; then nothing of the body
 * stays in memory.
 */
export async function readUpload(request: FastifyRequest, options: ReadOptions): Promise<Upload> {
  const form = request.isMultipart();
  const maxBodyBytes = options.maxBytes + (form ? FORM_OVERHEAD_BYTES : 0);
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  let bytes = 0;
  const meter = (chunk: Buffer) => {
    bytes += chunk.byteLength;
    try {
      // The whole body: what stands before, between and behind the parts of a form counts too.
      if (bytes > maxBodyBytes) throw tooLarge(options.maxBytes, 'the body has more');
      options.received(chunk.byteLength);
    } catch (error) {
      stop.abort(error);
    }
  };
  try {
    const fields = readQuery(request.query);
    const announced = Number(request.headers['content-length'] ?? 0);
    if (announced > maxBodyBytes) throw tooLarge(options.maxBytes, `the body has ${announced}`);
    request.raw.on('data', meter);
    const read = form ? readForm(request, fields, options.maxBytes, signal) : readRaw(request, signal);
    const image = await raceSignal(read, signal);
    if (image.byteLength === 0) throw new SkyfixError('IMAGE_EMPTY', 'The image has 0 bytes.');
    return { image, fields };
  } catch (error) {
    stop.abort(error);
    throw error;
  } finally {
    request.raw.off('data', meter);
  }
}

function readQuery(query: unknown): Map<string, string> {
  const fields = new Map<string, string>();
  for (const [name, value] of Object.entries(query as Record<string, unknown>)) {
    if (typeof value !== 'string') throw givenTwice(name);
    fields.set(name, value);
  }
  return fields;
}

async function readRaw(request: FastifyRequest, signal: AbortSignal): Promise<Uint8Array> {
  const body = request.body as Readable | undefined;
  if (body) return collect(body, signal);
  // Fastify hands no stream on where Content-Length is 0.
  if (request.headers['content-type']) return new Uint8Array();
  throw new SkyfixError('IMAGE_MISSING', 'The request has no body.');
}

async function readForm(
  request: FastifyRequest,
  fields: Map<string, string>,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const images: Uint8Array[] = [];
  const limits = {
    fileSize: maxBytes,
    fieldSize: MAX_FIELD_BYTES,
    fieldNameSize: 100,
    fields: 32,
    files: 2,
    parts: 40,
    headerPairs: 20,
  };
  try {
    for await (const part of request.parts({ limits })) {
      if (part.type === 'file') images.push(await readFile(part, images.length, signal));
      else readField(part, fields);
    }
  } catch (error) {
    throw asFormError(error, maxBytes);
  }
  const [image] = images;
  if (!image) throw new SkyfixError('IMAGE_MISSING', 'The form has no file in the field "image".');
  return image;
}

async function readFile(
  part: Multipart & { type: 'file' },
  before: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (part.fieldname !== 'image') {
    throw new SkyfixError('IMAGE_MISSING', `The file is in the field "${shown(part.fieldname)}".`);
  }
  if (before > 0) throw new SkyfixError('IMAGE_DUPLICATED', 'The field "image" was given twice.');
  const bytes = await collect(part.file, signal);
  if (part.file.truncated) throw Object.assign(new Error('truncated'), { code: 'FST_REQ_FILE_TOO_LARGE' });
  return bytes;
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

function tooLarge(maxBytes: number, what: string): SkyfixError {
  return new SkyfixError('IMAGE_TOO_LARGE_BYTES', `At most ${maxBytes} bytes are accepted; ${what}.`);
}

function givenTwice(name: string): SkyfixError {
  return new SkyfixError('PARAMETER_INVALID', `"${shown(name)}" is given more than once.`);
}

function shown(name: string): string {
  return name.length > 60 ? `${name.slice(0, 60)}...` : name;
}
