// Worker threads that the code under test starts, so that a test can end one at a bad moment.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Worker } from 'node:worker_threads';
import { stayingUntil } from './event-loop.js';

export interface ThreadWatch {
  /** Those started since the watch began and not ended, oldest first. */
  readonly alive: readonly Worker[];
  /** Stops the youngest wherever it is; resolves when it is gone. Inside a native library this would end the process. */
  terminateYoungest(): Promise<void>;
  /** Has the youngest end by an error that nobody catches, before what it is asked later; resolves when it is gone. */
  crashYoungest(): Promise<void>;
  /** The same for any of `alive`. */
  crash(worker: Worker | undefined): Promise<void>;
  stop(): void;
}

/** Ends a thread and waits for it. An answer that comes meanwhile lets the process go, though the thread has not ended yet. */
function ended(worker: Worker | undefined, end: (worker: Worker) => void): Promise<void> {
  if (!worker) return Promise.reject(new Error('there is no such thread'));
  const gone = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  end(worker);
  return stayingUntil(gone);
}

/** No message that its script knows: reading it throws. */
function crash(worker: Worker | undefined): Promise<void> {
  return ended(worker, (living) => living.postMessage(null));
}

export function watchThreads(): ThreadWatch {
  const alive: Worker[] = [];
  const note = (message: unknown) => {
    const { worker } = message as { worker: Worker };
    alive.push(worker);
    worker.once('exit', () => alive.splice(alive.indexOf(worker), 1));
  };
  subscribe('worker_threads', note);
  const youngest = (): Worker => {
    const worker = alive.at(-1);
    if (!worker) throw new Error('no thread is alive');
    return worker;
  };
  return {
    alive,
    terminateYoungest: () => ended(youngest(), (living) => void living.terminate()),
    crashYoungest: () => crash(youngest()),
    crash,
    stop: () => unsubscribe('worker_threads', note),
  };
}

/** Resolves when `met` is true; looks every few milliseconds. Rejects after ten seconds, unless told. */
export async function until(met: () => boolean, what: string, withinMs = 10_000): Promise<void> {
  const started = performance.now();
  while (!met()) {
    if (performance.now() - started > withinMs) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
