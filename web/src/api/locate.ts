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

/** What an attempt came to. */
type Outcome = { readonly answer: Answer } | { readonly problem: Problem; readonly retryAfterS?: number };

const ATTEMPTS = 6;
const LONGEST_WAIT_S = 20;
const BUSY: readonly number[] = [429, 503];

/** Throws the signal's reason when it is aborted; everything else that can happen is an answer or a problem. */
export async function locate(
  image: File,
  question: Question,
  watcher: Watcher,
): Promise<{ readonly answer: Answer } | { readonly problem: Problem }> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await ask(image, question, watcher);
    if ('answer' in outcome || attempt === ATTEMPTS || outcome.retryAfterS === undefined) return outcome;
    const seconds = Math.min(LONGEST_WAIT_S, Math.max(1, outcome.retryAfterS));
    watcher.onWait(seconds);
    await pause(seconds * 1000, watcher.signal);
  }
}

function ask(image: File, question: Question, { onUpload, signal }: Watcher): Promise<Outcome> {
  const form = new FormData();
  // Fields first: what is wrong with them is known before the image has come.
  for (const [name, value] of fieldsOf(question)) form.append(name, value);
  form.append('include', PICTURES.join(','));
  form.append('image', image);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', new URL('locate', document.baseURI));
    request.responseType = 'text';
    request.setRequestHeader('accept', 'application/json');
    for (const [name, value] of Object.entries(authorization())) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ lengthComputable, loaded, total }) => {
      if (lengthComputable && total > 0) onUpload(loaded / total);
    };
    request.upload.onload = () => onUpload(1);
    request.onload = () => resolve(outcomeOf(request));
    request.onerror = () => resolve({ problem: pageProblem('UNREACHABLE') });
    request.onabort = () => reject(signal.reason);
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener('abort', () => request.abort(), { once: true });
    request.send(form);
  });
}

function outcomeOf(request: XMLHttpRequest): Outcome {
  const body = parse(request.responseText);
  if (request.status === 200 && body && Array.isArray(body.results)) {
    return { answer: body as unknown as Answer };
  }
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
