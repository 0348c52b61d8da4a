// The thread's side: opens what it needs, then answers what RequestWorker asks.
import { parentPort, type Transferable, workerData } from 'node:worker_threads';
import { carried, type FromThread, type ThreadSetup, type ToThread } from './messages.js';
import type { AnswerOf, ArgumentOf, Requests } from './request-worker.js';

/** An answer with the buffers that are moved to the owner and not copied. */
class Moved<A> {
  readonly answer: A;
  readonly transfer: readonly Transferable[];

  constructor(answer: A, transfer: readonly Transferable[]) {
    this.answer = answer;
    this.transfer = transfer;
  }
}

/** Answers with `answer`, whose buffers `transfer` the thread gives away. */
export function moved<A>(answer: A, transfer: readonly Transferable[]): Moved<A> {
  return new Moved(answer, transfer);
}

/** Reports to the owner's onProgress. */
export type Report = (done: number) => void;
type MaybeMoved<A> = A | Moved<A>;

export type Handlers<T extends Requests<T>> = {
  readonly [K in keyof T]: (
    argument: ArgumentOf<T, K>,
    report: Report,
  ) => MaybeMoved<AnswerOf<T, K>> | Promise<MaybeMoved<AnswerOf<T, K>>>;
};

/** What a thread opened: its answers, and what is to be closed when the owner closes it. */
export interface Served<T extends Requests<T>> {
  readonly answers: Handlers<T>;
  readonly close?: () => void | Promise<void>;
}

/**
 * Makes this thread the other end of a RequestWorker<T>. What `open` throws is why the thread could not open; what a
 * handler throws goes to whoever asked. `atOnce` requests are worked on at a time, in the order in which they came: one,
 * unless told.
 */
export async function serveRequests<T extends Requests<T>, S = unknown>(
  open: (setup: S) => Served<T> | Promise<Served<T>>,
  { atOnce = 1 }: { readonly atOnce?: number } = {},
): Promise<void> {
  const port = parentPort;
  if (!port) throw new Error('This script runs as a worker thread only.');
  const tell = (message: FromThread, transfer: readonly Transferable[] = []) =>
    port.postMessage(message, transfer);
  let served: Served<T>;
  try {
    served = await open((workerData as ThreadSetup).setup as S);
  } catch (error) {
    tell({ tell: 'failed', error: carried(error) });
    port.close();
    return;
  }
  const waiting: Extract<ToThread, { tell: 'ask' }>[] = [];
  let working = 0;
  let closing = false;

  const answer = async ({ id, kind, argument }: Extract<ToThread, { tell: 'ask' }>) => {
    try {
      const handler = served.answers[kind as keyof T];
      const report: Report = (done) => tell({ tell: 'progress', id, done });
      const given = await handler(argument as never, report);
      if (given instanceof Moved) tell({ tell: 'answer', id, answer: given.answer }, given.transfer);
      else tell({ tell: 'answer', id, answer: given });
    } catch (error) {
      tell({ tell: 'error', id, error: carried(error) });
    }
  };
  const goOn = async () => {
    while (working < atOnce) {
      const next = waiting.shift();
      if (!next) break;
      working++;
      void answer(next).finally(() => {
        working--;
        return goOn();
      });
    }
    if (!closing || working > 0) return;
    closing = false;
    await served.close?.();
    port.close();
  };
  port.on('message', (message: ToThread) => {
    if (message.tell === 'close') closing = true;
    else waiting.push(message);
    void goOn();
  });
  tell({ tell: 'opened' });
}
