// What an error may say to a client. Faults of the server, and what came of files on it, go to the log; clients get
// no paths, no stacks, no messages of libraries.
import { homedir, tmpdir } from 'node:os';
import { basename } from 'node:path';
import { ERROR_CODES, type ErrorCode, type SkyfixError } from '../../errors/index.js';

/** Their details repeat what the client itself sent, URL paths included. */
const OF_THE_REQUEST: readonly ErrorCode[] = [
  'ROUTE_NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'PARAMETER_INVALID',
  'REGION_UNKNOWN',
];

/** An absolute path, POSIX or Windows, or a file URL; no other URL and no fraction ("a/b"). */
const ABSOLUTE_PATH = /(?:file:\/\/\/|(?<![\w.:/])\/|\b[A-Za-z]:\\)[^\s"'`,;:()<>[\]{}]+/g;

/** A text without any holds no path. */
const SLASH = /[/\\]/;

/** True where a status means that the server is at fault: then a client gets the code and nothing else. */
export function isServerFault(status: number): boolean {
  return status >= 500 && status !== 503;
}

/** The detail of a problem document. */
export function publicDetail({ code, detail }: SkyfixError): string {
  if (isServerFault(ERROR_CODES[code].status)) return 'The cause is in the server log under the request id.';
  if (OF_THE_REQUEST.includes(code)) return detail;
  return withoutPaths(detail.split(/\r?\n/, 1)[0] ?? '');
}

/** Absolute paths become the name at their end; the folders of this process go first (there may be spaces in them). */
export function withoutPaths(text: string): string {
  if (!SLASH.test(text)) return text;
  const roots = [process.cwd(), tmpdir(), homedir()].filter((root) => root.length > 1);
  const short = roots.reduce((left, root) => left.replaceAll(`${root}/`, '/'), text);
  return short.replace(ABSOLUTE_PATH, lastNameOf);
}

/** With the sentence's end that may stand behind it. */
function lastNameOf(path: string): string {
  const name = basename(path.replaceAll('\\', '/'));
  return name === '' ? '…' : name;
}
