// POST /locate from the browser: with the upload's progress, which fetch does not tell, and patience with a busy server.
import { authorization } from './key.js';
import { fieldsOf } from './question.js';
import { type Answer, PICTURES, type Problem, type Question } from './types.js';

export interface Watcher {
  /** 0 to 1; 1 when the server has everything. */
  readonly onUpload: (share: number) => void;
  /** The server is busy; it is asked again by itself after so many seconds. */
  readonly onWait: (seconds: number) => void;
  readonly signal: AbortSignal;
}

/** What asking came to. */
export type Outcome<T> =
  | { readonly answer: T }
  | { readonly problem: Problem; readonly retryAfterS?: number };

/** A route that takes a form, and how its answer is told from what somebody else may have said. */
export interface Route<T> {
  readonly path: string;
  readonly mediaType: string;
  readonly answerOf: (body: Readonly<Record<string, unknown>>) => T | undefined;
}

const LOCATE: Route<Answer> = {
  path: 'locate',
  mediaType: 'application/json',
  answerOf: (body) => (Array.isArray(body.results) ? (body as unknown as Answer) : undefined),
};

const ATTEMPTS = 6;
const LONGEST_WAIT_S = 20;
const BUSY: readonly number[] = [429, 503];

/** Throws the signal's reason when it is aborted; everything else that can happen is an answer or a problem. */
export function locate(image: File, question: Question, watcher: Watcher): Promise<Outcome<Answer>> {
  const form = new FormData();
  // Fields first: what is wrong with them is known before the image has come.
  for (const [name, value] of fieldsOf(question)) form.append(name, value);
  form.append('include', PICTURES.join(','));
  form.append('image', image);
  return askPatiently(LOCATE, form, watcher);
}

/** Asks again by itself while the server is busy. Throws the signal's reason. */
export async function askPatiently<T>(
  route: Route<T>,
  form: FormData,
  watcher: Watcher,
): Promise<Outcome<T>> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await ask(route, form, watcher);
    if ('answer' in outcome || attempt === ATTEMPTS || outcome.retryAfterS === undefined) return outcome;
    const seconds = Math.min(LONGEST_WAIT_S, Math.max(1, outcome.retryAfterS));
    watcher.onWait(seconds);
    await pause(seconds * 1000, watcher.signal);
  }
}

function ask<T>(route: Route<T>, form: FormData, { onUpload, signal }: Watcher): Promise<Outcome<T>> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', new URL(route.path, document.baseURI));
    request.responseType = 'text';
    request.setRequestHeader('accept', route.mediaType);
    for (const [name, value] of Object.entries(authorization())) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ lengthComputable, loaded, total }) => {
      if (lengthComputable && total > 0) onUpload(loaded / total);
    };
    request.upload.onload = () => onUpload(1);
    request.onload = () => resolve(outcomeOf(request, route));
    request.onerror = () => resolve({ problem: pageProblem('UNREACHABLE') });
    request.onabort = () => reject(signal.reason);
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener('abort', () => request.abort(), { once: true });
    request.send(form);
  });
}

function outcomeOf<T>(request: XMLHttpRequest, { answerOf }: Route<T>): Outcome<T> {
  const body = parse(request.responseText);
  const answer = request.status === 200 && body ? answerOf(body) : undefined;
  if (answer !== undefined) return { answer };
  const problem: Problem =
    body && typeof body.code === 'string' && typeof body.detail === 'string'
      ? (body as unknown as Problem)
      : { ...pageProblem('NO_ANSWER'), detail: `HTTP ${request.status}` };
  if (!BUSY.includes(request.status)) return { problem };
  const retryAfter = Number(request.getResponseHeader('retry-after') ?? 1);
  return { problem, retryAfterS: Number.isFinite(retryAfter) ? retryAfter : 1 };
}

/** Something that the page itself found; its words come from its own table. */
export function pageProblem(code: 'UNREACHABLE' | 'NO_ANSWER'): Problem {
  return { code, title: '', detail: '', advice: '' };
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
