// Talking to a running server: its address from the command line, and its refusals for people.
import { InvalidArgumentError } from 'commander';

/** Argument parser of commander for --url. */
export function parseUrl(text: string): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text;
  throw new InvalidArgumentError('It must be an http or https address.');
}

/** A route below the server's address, which may itself have a path. */
export function endpointOf(url: string, route: string): URL {
  return new URL(route, url.endsWith('/') ? url : `${url}/`);
}

/** Title and detail of an RFC 9457 problem document; the status alone where the body is something else. */
export function problemText(status: number, body: string): string {
  try {
    const { title, detail } = JSON.parse(body) as { title?: string; detail?: string };
    if (title) return detail ? `${title}: ${detail}` : title;
  } catch {}
  return `The server answered with status ${status}.`;
}
