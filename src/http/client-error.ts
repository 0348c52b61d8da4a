// What node's HTTP parser refuses before there is a request: a cut-off upload, a bad header, a slow client.
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { SkyfixError } from '../errors/index.js';
import { PROBLEM_MEDIA_TYPE, problemOf, RETRY_AFTER_SECONDS } from './problem.js';

/** Answers on the bare socket, as far as anybody still listens, and closes it. */
export function answerClientError(error: Error & { code?: string }, socket: Socket, requestId: string): void {
  // ECONNRESET: the other side has gone. A response already begun must not be mixed with this one.
  if (error.code === 'ECONNRESET' || !socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const problem = problemOf(asProblem(error), requestId, '/');
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    `Content-Type: ${PROBLEM_MEDIA_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    ...(problem.status === 503 ? [`Retry-After: ${RETRY_AFTER_SECONDS}`] : []),
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function asProblem(error: Error & { code?: string }): SkyfixError {
  switch (error.code) {
    case 'HPE_INVALID_EOF_STATE':
      return new SkyfixError('REQUEST_ABORTED', 'The connection ended in the middle of the request.');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new SkyfixError('REQUEST_TIMEOUT', 'The request did not arrive in time.');
    case 'HPE_HEADER_OVERFLOW':
      return new SkyfixError('REQUEST_MALFORMED', 'The request header is too large.');
    default:
      return new SkyfixError(
        'REQUEST_MALFORMED',
        `The request is not HTTP (${error.code ?? error.message}).`,
      );
  }
}
