// Hands panoramas to worker threads, one at a time to each, and reports as they are done.
import { Worker } from 'node:worker_threads';
import type { PanoramaJob, WorkerInput } from './panorama-worker.js';

/** Renders and writes all jobs; rejects with the first worker's error. */
export async function renderPlaces(
  input: WorkerInput,
  jobs: readonly PanoramaJob[],
  workers: number,
  onDone: (count: number) => void,
): Promise<void> {
  let next = 0;
  let done = 0;
  const run = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL('./panorama-worker.js', import.meta.url), { workerData: input });
      const give = (): void => {
        worker.postMessage(jobs[next++] ?? null);
      };
      worker.on('message', (message: { done?: string; error?: string }) => {
        if (message.error !== undefined) {
          reject(new Error(`Rendering a panorama failed: ${message.error}`));
          void worker.terminate();
          return;
        }
        onDone(++done);
        give();
      });
      worker.on('error', reject);
      worker.on('exit', () => resolve());
      give();
    });
  await Promise.all(Array.from({ length: Math.max(1, Math.min(workers, jobs.length)) }, run));
}
