// Every error becomes an RFC 9457 problem document here, and only here a code meets its HTTP status.
import type { FastifyReply } from 'fastify';
import { ERROR_CODES, type ErrorCode, messageOf, SkyfixError } from '../errors/index.js';
import { publicDetail } from './requests/public-detail.js';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** Seconds a client should wait after a 503 or 429, where nothing better is known. */
export const RETRY_AFTER_SECONDS = 1;

/** RFC 9457, section 3.1, with three members of our own: code, advice, requestId. */
export interface Problem {
  /** urn:skyfix:error:image-missing */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: ErrorCode;
  readonly advice: string;
  readonly requestId: string;
}

/** Anything thrown, as an error of the table. What nobody foresaw is INTERNAL and keeps its message to the log. */
export function asSkyfixError(error: unknown): SkyfixError {
  if (error instanceof SkyfixError) return error;
  const { code = '', statusCode = 500 } = (error ?? {}) as { code?: string; statusCode?: number };
  const multipart = MULTIPART_CODES[code];
  if (multipart) return new SkyfixError(multipart[0], multipart[1], { cause: error });
  if (statusCode < 400 || statusCode >= 500) {
    return new SkyfixError('INTERNAL', 'Something failed that should not have.', { cause: error });
  }
  const text = messageOf(error);
  const detail = /[.!?]$/.test(text) ? text : `${text}.`;
  return new SkyfixError(STATUS_CODES[statusCode] ?? 'REQUEST_MALFORMED', detail, { cause: error });
}

/** Statuses that say "later": they come with Retry-After. */
export function saysLater(status: number): boolean {
  return status === 503 || status === 429;
}

/** The problem document of an error; of the server's own faults it tells the code only. */
export function problemOf(error: SkyfixError, requestId: string, path: string): Problem {
  const { title, status, advice } = ERROR_CODES[error.code];
  return {
    type: `urn:skyfix:error:${error.code.toLowerCase().replaceAll('_', '-')}`,
    title,
    status,
    detail: publicDetail(error),
    instance: path,
    code: error.code,
    advice,
    requestId,
  };
}

/** Answers with the problem document; says when to come back where that helps. */
export function sendProblem(reply: FastifyReply, error: SkyfixError): FastifyReply {
  const problem = problemOf(error, reply.request.id, pathOf(reply.request.url));
  if (saysLater(problem.status) && !reply.hasHeader('retry-after')) {
    reply.header('retry-after', String(RETRY_AFTER_SECONDS));
  }
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="skyfix"');
  return reply.code(problem.status).type(PROBLEM_MEDIA_TYPE).send(JSON.stringify(problem));
}

/** The path without its query, at most 200 characters of it. */
export function pathOf(url: string): string {
  const path = url.split('?', 1)[0] ?? '/';
  return path.length > 200 ? path.slice(0, 200) : path;
}

/** Errors of fastify and its plugins by the status they carry. */
const STATUS_CODES: Readonly<Record<number, ErrorCode>> = {
  404: 'ROUTE_NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  413: 'IMAGE_TOO_LARGE_BYTES',
  415: 'MEDIA_TYPE_UNSUPPORTED',
};

const MULTIPART_CODES: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  FST_FILES_LIMIT: ['IMAGE_DUPLICATED', 'The form holds more than one file.'],
  FST_REQ_FILE_TOO_LARGE: ['IMAGE_TOO_LARGE_BYTES', 'The file is over the byte limit.'],
  FST_PARTS_LIMIT: ['PARAMETER_INVALID', 'The form has too many parts.'],
  FST_FIELDS_LIMIT: ['PARAMETER_INVALID', 'The form has too many fields.'],
  FST_PROTO_VIOLATION: ['PARAMETER_INVALID', 'A form field has a name that is not allowed.'],
  FST_INVALID_JSON_FIELD_ERROR: ['PARAMETER_INVALID', 'A form field announced as JSON is not JSON.'],
};
