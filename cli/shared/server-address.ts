// Talking to a running server: its address from the command line, and its refusals for people.
import { InvalidArgumentError } from 'commander';
import { messageOf } from '../../src/errors/index.js';

/** Argument parser of commander for --url. */
export function parseUrl(text: string): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text;
  throw new InvalidArgumentError('It must be an http or https address.');
}

/** A route below the server's address, which may itself have a path. */
export function endpointOf(url: string, route: string): URL {
  return new URL(route, url.endsWith('/') ? url : `${url}/`);
}

/** A server that cannot be reached at all: asking again for the next file is of no use. */
export class ServerUnreachable extends Error {
  constructor(endpoint: URL, error: unknown) {
    // fetch hides what happened in its cause.
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    super(`${endpoint} cannot be reached (${messageOf(cause)}).`, { cause: error });
  }
}

/** A server's refusal, in its own words. */
export class ServerRefusal extends Error {
  readonly status: number;
  /** Of the error table, where the answer is a problem document. */
  readonly code: string | undefined;

  constructor(status: number, body: string) {
    super(problemText(status, body));
    this.status = status;
    const { code } = problemIn(body);
    this.code = typeof code === 'string' ? code : undefined;
  }
}

/** Title and detail of an RFC 9457 problem document; the status alone where the body is something else. */
export function problemText(status: number, body: string): string {
  const { title, detail } = problemIn(body);
  if (typeof title !== 'string') return `The server answered with status ${status}.`;
  return typeof detail === 'string' ? `${title}: ${detail}` : title;
}

function problemIn(body: string): { title?: unknown; detail?: unknown; code?: unknown } {
  try {
    const json: unknown = JSON.parse(body);
    return typeof json === 'object' && json !== null ? json : {};
  } catch {
    return {};
  }
}
