// Threads that die as soon as they run, as those that meet a fault of their own.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Worker } from 'node:worker_threads';

/** Every thread that is started from now on, or only the one of that number, dies before it answers. */
export function crashThreads(only?: number): { readonly count: number; stop(): void } {
  let count = 0;
  const crash = (message: unknown) => {
    if (only === undefined || only === count) {
      const { worker } = message as { worker: Worker };
      // No message that its script knows: reading it throws.
      worker.postMessage(null);
    }
    count++;
  };
  subscribe('worker_threads', crash);
  return {
    get count() {
      return count;
    },
    stop: () => unsubscribe('worker_threads', crash),
  };
}
