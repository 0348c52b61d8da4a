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

/** A file of a form. */
export interface UploadedImage {
  readonly bytes: Uint8Array;
  /** As the client calls it; its end where it is very long. */
  readonly name?: string;
}

/** What a form may hold. */
export interface FormBounds {
  /** Of each image. */
  readonly imageBytes: number;
  readonly images: number;
  /** One image more than that. */
  readonly tooMany: () => SkyfixError;
  /** A field that may be longer than the others. */
  readonly longField?: { readonly name: string; readonly bytes: number };
}

/** How much a body may be, and what one that is more is told. */
export interface BodyBounds {
  readonly bytes: number;
  readonly tooLarge: (what: string) => SkyfixError;
}

/**
 * Reads the request's body to its end. Throws IMAGE_MISSING, IMAGE_DUPLICATED, IMAGE_EMPTY, IMAGE_TOO_LARGE_BYTES,
 * PARAMETER_INVALID, REQUEST_MALFORMED, what `received` throws, or the signal's reason; then nothing of the body
 * stays in memory.
 */
export async function readUpload(request: FastifyRequest, options: ReadOptions): Promise<Upload> {
  const form = request.isMultipart();
  const { maxBytes } = options;
  const fields = readQuery(request.query);
  const body = {
    bytes: maxBytes + (form ? FORM_OVERHEAD_BYTES : 0),
    tooLarge: (what: string) => tooLarge(maxBytes, what),
  };
  const bounds = {
    imageBytes: maxBytes,
    images: 1,
    tooMany: () => new SkyfixError('IMAGE_DUPLICATED', 'The field "image" was given twice.'),
  };
  const image = await readMetered(request, options, body, async (signal) => {
    if (!form) return readRaw(request, signal);
    return (await readForm(request, fields, bounds, signal))[0].bytes;
  });
  if (image.byteLength === 0) throw new SkyfixError('IMAGE_EMPTY', 'The image has 0 bytes.');
  return { image, fields };
}

/**
 * What `read` makes of the body, whose bytes are counted as they come. Throws what it throws, what `received` throws, the
 * bounds' error, or the signal's reason; `read` is told by its signal, and has to let go of everything.
 */
export async function readMetered<T>(
  request: FastifyRequest,
  { signal: ended, received }: Pick<ReadOptions, 'signal' | 'received'>,
  body: BodyBounds,
  read: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const signal = AbortSignal.any([ended, stop.signal]);
  let bytes = 0;
  const meter = (chunk: Buffer) => {
    bytes += chunk.byteLength;
    try {
      // The whole body: what stands before, between and behind the parts of a form counts too.
      if (bytes > body.bytes) throw body.tooLarge('the body has more');
      received(chunk.byteLength);
    } catch (error) {
      stop.abort(error);
    }
  };
  try {
    const announced = Number(request.headers['content-length'] ?? 0);
    if (announced > body.bytes) throw body.tooLarge(`the body has ${announced}`);
    request.raw.on('data', meter);
    return await raceSignal(read(signal), signal);
  } catch (error) {
    stop.abort(error);
    throw error;
  } finally {
    request.raw.off('data', meter);
  }
}

/** The query's parameters. Throws PARAMETER_INVALID for one that is given twice. */
export function readQuery(query: unknown): Map<string, string> {
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

/** The form's images, at least one, in their order; the other parts go into `fields`. */
export async function readForm(
  request: FastifyRequest,
  fields: Map<string, string>,
  bounds: FormBounds,
  signal: AbortSignal,
): Promise<[UploadedImage, ...UploadedImage[]]> {
  const images: UploadedImage[] = [];
  const limits = {
    fileSize: bounds.imageBytes,
    fieldSize: Math.max(MAX_FIELD_BYTES, bounds.longField?.bytes ?? 0),
    fieldNameSize: 100,
    fields: 32,
    files: bounds.images + 1,
    parts: bounds.images + 39,
    headerPairs: 20,
  };
  try {
    for await (const part of request.parts({ limits })) {
      if (part.type === 'file') images.push(await readFile(part, images.length, bounds, signal));
      else readField(part, fields, bounds);
    }
  } catch (error) {
    throw asFormError(error, bounds.imageBytes);
  }
  const [first, ...rest] = images;
  if (!first) throw new SkyfixError('IMAGE_MISSING', 'The form has no file in the field "image".');
  return [first, ...rest];
}

async function readFile(
  part: Multipart & { type: 'file' },
  before: number,
  bounds: FormBounds,
  signal: AbortSignal,
): Promise<UploadedImage> {
  if (part.fieldname !== 'image') {
    throw new SkyfixError('IMAGE_MISSING', `The file is in the field "${shown(part.fieldname)}".`);
  }
  if (before >= bounds.images) throw bounds.tooMany();
  const bytes = await collect(part.file, signal);
  if (part.file.truncated) throw Object.assign(new Error('truncated'), { code: 'FST_REQ_FILE_TOO_LARGE' });
  const { filename } = part;
  return typeof filename === 'string' && filename !== ''
    ? { bytes, name: filename.slice(-MAX_NAME) }
    : { bytes };
}

const MAX_NAME = 255;

function readField(
  part: Multipart & { type: 'field' },
  fields: Map<string, string>,
  { longField }: FormBounds,
): void {
  const { fieldname: name, value } = part;
  if (name === 'image') throw new SkyfixError('IMAGE_MISSING', 'The field "image" holds text, not a file.');
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const tooLong = name !== longField?.name && Buffer.byteLength(text ?? '') > MAX_FIELD_BYTES;
  if (part.valueTruncated || part.fieldnameTruncated || tooLong) {
    throw new SkyfixError('PARAMETER_INVALID', `The field "${shown(name)}" is too long.`);
  }
  if (fields.has(name)) throw givenTwice(name);
  fields.set(name, text);
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
