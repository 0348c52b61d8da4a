// What is refused on the bare socket, before there is a request: what node's HTTP parser does not take, a slow header,
// a connection too many.
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { SkyfixError } from '../errors/index.js';
import { PROBLEM_MEDIA_TYPE, problemOf, RETRY_AFTER_SECONDS, saysLater } from './problem.js';

/** How long a client that was answered and does not close keeps its connection. */
const LINGER_MS = 1_000;

/** The error of the table for one of node's HTTP parser; undefined where the other side has gone. */
export function parserProblem(error: Error & { code?: string }): SkyfixError | undefined {
  switch (error.code) {
    case 'ECONNRESET':
    case 'EPIPE':
      return undefined;
    case 'HPE_INVALID_EOF_STATE':
      return new SkyfixError('REQUEST_ABORTED', 'The connection ended in the middle of the request.');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new SkyfixError('REQUEST_TOO_SLOW', 'The request did not arrive in time.');
    case 'HPE_HEADER_OVERFLOW':
      return new SkyfixError('REQUEST_MALFORMED', 'The request header is too large.');
    default:
      return new SkyfixError('REQUEST_MALFORMED', `The request is not HTTP (${error.code ?? 'no code'}).`);
  }
}

/** Answers on the socket, as far as anybody still listens, and closes it. */
export function answerOnSocket(error: SkyfixError, socket: Socket, requestId: string): void {
  // A response already begun must not be mixed with this one.
  if (!socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const problem = problemOf(error, requestId, '/');
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    `Content-Type: ${PROBLEM_MEDIA_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    ...(saysLater(problem.status) ? [`Retry-After: ${RETRY_AFTER_SECONDS}`] : []),
    'Connection: close',
  ];
  socket.once('error', () => socket.destroy());
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  // A moment to read it; closing at once, with bytes of theirs unread, would reset the connection.
  const cut = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.once('close', () => clearTimeout(cut));
}
